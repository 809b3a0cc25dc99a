/**
 * How long a case waits, and for what. The standard gives few times; this file defines the others, every report shows
 * them, and only `slack` extends them.
 */

/** Time bounds of a run, in milliseconds. */
export interface Bounds {
  /** An answer, a message or a close that is due now must be there within this. */
  readonly answerMs: number;
  /** An event due at a later instant may come this much after it. */
  readonly lateMs: number;
  /** An event due at a later instant may come this much early: for clocks that count alike, not for brokers. */
  readonly earlyMs: number;
  /** How long to wait before concluding that no packet will come. */
  readonly silenceMs: number;
  /** A broker that was restarted accepts connections again within this. */
  readonly restartMs: number;
  /** A case that fails while this process is later than this runs again before it counts. */
  readonly lagMs: number;
  /** The factor of the other bounds, `earlyMs` and `lagMs` excepted. */
  readonly slack: number;
}

/** Bounds by the requested slack: 1 for none. */
export function boundsOf(slack = 1, quick = false): Bounds {
  return {
    answerMs: 3_000 * slack,
    lateMs: 3_000 * slack,
    earlyMs: 20,
    silenceMs: (quick ? 400 : 1_000) * slack,
    restartMs: 30_000 * slack,
    lagMs: 200,
    slack,
  };
}
