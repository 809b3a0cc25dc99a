/**
 * When a CONNECT that a limit of the broker refused is tried again.
 */

const firstMs = 500;
const longestMs = 8_000;

/** How long to wait before the next try, in milliseconds: twice as long after each, up to a limit. */
export function retryAfterMs(tries: number): number {
  return Math.min(longestMs, firstMs * 2 ** (tries - 1));
}
