/** The work that an epoll loop does at its instants, besides the events of its descriptors. */

/** Work of a thread at instants that it knows in advance, such as the kills of a fleet. */
export interface ScheduledWork {
  /** The next instant, in milliseconds of the clock; Infinity if there is none. */
  dueMs(): number;
  /** The next instant at which it must be exact: this thread itself waits for it. */
  preciseMs(): number;
  /** Does what is due. */
  act(): void;
  /** Does what is due at a precise instant, and nothing else: between two events of one round. */
  actPrecisely(): void;
  /** The last link is gone: the loop calls {@link act} no more, until there is another. */
  rest(): void;
  /** The monotonic clock. */
  nowMs(): number;
}
