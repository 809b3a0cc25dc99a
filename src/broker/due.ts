/**
 * Objects with a deadline in the broker's one heap: connections, sessions, delayed wills, queued and retained messages,
 * slices of retained messages, `$SYS`, the retry of the store, and logs. `tick.ts` has one line for each class.
 */

/** An object with a deadline; a class that `tick.ts` does not know is an internal error. */
export type Due = object;
