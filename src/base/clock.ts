/**
 * The one place that reads a clock. Every other part is handed `nowMs`, or a Clock.
 *
 * `nowMs` is monotonic milliseconds (fractions included) from an arbitrary origin, for instants and intervals inside
 * one process. All threads of one process share the origin, so instants can be compared between them.
 */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
}

const originMs = performance.timeOrigin;

/** The real, monotonic clock. Threads agree on it: each adds its own thread's start to its own reading. */
export const monotonicClock: Clock = {
  nowMs: () => originMs + performance.now(),
};

/** The date and time of day, for people and files; never for intervals. */
export function wallTime(): Date {
  return new Date();
}

/** A clock that stands still until it is moved; for tests and the simulation. */
export class ManualClock implements Clock {
  #nowMs: number;

  /** @param startMs the first reading, in milliseconds */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Moves the clock forward by `byMs` milliseconds and answers the new reading. */
  advance(byMs: number): number {
    this.#nowMs += byMs;
    return this.#nowMs;
  }
}
