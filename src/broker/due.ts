/**
 * Things that wait for a deadline in the broker's one heap: connections, sessions, delayed wills, queued and retained
 * messages, slices of retained messages, `$SYS`, the store's sign of life and logs. `tick.ts` has one line for each class.
 */

/** A thing that waits for its deadline; one of a class that `tick.ts` does not know is an internal error. */
export type Due = object;
