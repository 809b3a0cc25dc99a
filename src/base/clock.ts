/**
 * The only file that reads a clock. All others get `nowMs`, or a Clock.
 *
 * `nowMs` is monotonic milliseconds (with fractions) from an arbitrary origin, for times and intervals inside one
 * process. All threads of one process share the origin, so times can be compared between them.
 */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
}

const originMs = performance.timeOrigin;

/** The real, monotonic clock. Threads agree on it: each adds its own thread's start to its reading. */
export const monotonicClock: Clock = {
  nowMs: () => originMs + performance.now(),
};

/** The date and time of day, for users and files; never for intervals. */
export function wallTime(): Date {
  return new Date();
}

/** A clock that only moves on request; for tests and the simulation. */
export class ManualClock implements Clock {
  #nowMs: number;

  /** @param startMs the first reading, in milliseconds */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Moves the clock forward by `byMs` milliseconds and returns the new reading. */
  advance(byMs: number): number {
    this.#nowMs += byMs;
    return this.#nowMs;
  }
}
