/**
 * When a CONNECT that a limit of the broker refused is tried again.
 */

const firstMs = 500;
const longestMs = 8_000;
/** In so many steps the next tries of those that were refused together are spread. */
const spreadOver = 16;

/**
 * How long to wait before the next try, in milliseconds: twice as long after each, up to a limit.
 *
 * @param place sets the tries of several clients apart
 */
export function retryAfterMs(tries: number, place = 0): number {
  return Math.min(longestMs, firstMs * 2 ** (tries - 1)) * (1 + (place % spreadOver) / spreadOver);
}

/** The CONNECTs of one client that came to nothing since the last one that did not. */
export class Failures {
  /** Those for another reason than a limit of the broker. */
  count = 0;
  /** Since when a limit of the broker has refused them; undefined where it does not. */
  refusedSinceMs: number | undefined;
  #refusals = 0;

  /** One more. @param isLimit whether a limit of the broker is the reason, so that a later CONNECT may succeed */
  add(isLimit: boolean, nowMs: number): void {
    this.#refusals = isLimit ? this.#refusals + 1 : 0;
    if (isLimit) this.refusedSinceMs ??= nowMs;
    else this.count++;
  }

  /** A CONNECT succeeded. */
  clear(): void {
    this.count = this.#refusals = 0;
    this.refusedSinceMs = undefined;
  }

  /** How long to wait before the next try, where a limit refused the last one; undefined where it did not. */
  retryAfterMs(place: number): number | undefined {
    return this.#refusals === 0 ? undefined : retryAfterMs(this.#refusals, place);
  }
}
