/**
 * Fault injection for wills: the seam through which a test or a user makes this broker mishandle wills, to check
 * whether an observer notices. It has no effect unless `willFault` is set in the options.
 */
import type { ConnectWill } from "../../mqtt/packet.ts";
import type { Ending } from "./ending.ts";

/** A will that a decision concerns. */
export interface WillInQuestion {
  /** The client identifier. */
  readonly clientId: string;
  /** The will that is due. */
  readonly will: ConnectWill;
  /** What made the will due. */
  readonly ending: Ending;
}

/** A message that is published in place of a will. */
export interface WillCopy {
  /** The will as the broker publishes it. */
  readonly will: ConnectWill;
  /** Milliseconds from now; 0: at once. */
  readonly delayMs: number;
}

/**
 * Selects the wills to mishandle, and how. Both methods are called in the order of events, so that "one in N" can be
 * counted.
 */
export interface WillFault {
  /** A description of the faults, for observers of the broker. */
  readonly description?: string;
  /** Number of affected wills by kind of fault; the implementation updates it. */
  readonly counts?: Readonly<Record<string, number>>;
  /**
   * The connection ended, and the will is to be discarded (the client disconnected normally) or delayed. True publishes
   * it at once instead: an unwanted will, or an early one.
   */
  atRelease?(question: WillInQuestion, decision: "discard" | "delay"): boolean;
  /**
   * The will is due now. The result is published in its place: an empty list loses the will, two copies duplicate it.
   * Undefined: no fault.
   */
  atPublication?(question: WillInQuestion, nowMs: number): readonly WillCopy[] | undefined;
}
