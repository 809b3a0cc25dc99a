/**
 * Messages that a broker dropped during a run, by its own count: plain data.
 */

/** Messages that the broker dropped, by its own count. */
export interface DropCounts {
  readonly before: number;
  readonly after: number;
}
