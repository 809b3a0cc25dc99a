/**
 * Faults in wills, made on purpose: the seam through which a test, and later a person, makes this broker break its
 * promise, to see whether that is noticed. Nothing here acts unless `willFault` is set in the options.
 */
import type { ConnectWill } from "../../mqtt/packet.ts";
import type { Ending } from "./ending.ts";

/** A will about which something is being decided. */
export interface WillInQuestion {
  /** The client identifier. */
  readonly clientId: string;
  /** The will that is due. */
  readonly will: ConnectWill;
  /** What made the will due. */
  readonly ending: Ending;
}

/** One message to be published in a will's place. */
export interface WillCopy {
  /** The will as the broker publishes it. */
  readonly will: ConnectWill;
  /** Milliseconds from now; 0 is at once. */
  readonly delayMs: number;
}

/** Which wills go wrong, and how. Both are asked in the order of events, so that "one in N" can be counted. */
export interface WillFault {
  /** What it does, in words, for those who watch the broker. */
  readonly description?: string;
  /** How many wills it has struck, by what was done to them; kept up by whoever strikes. */
  readonly counts?: Readonly<Record<string, number>>;
  /**
   * The connection ended, and the will is to be discarded (the client left properly) or delayed.
   * True publishes it at once instead: an unwanted will, or an early one.
   */
  atRelease?(question: WillInQuestion, decision: "discard" | "delay"): boolean;
  /** The will is due now. What is answered goes out in its place: none loses it, two doubles it. Undefined: no fault. */
  atPublication?(question: WillInQuestion, nowMs: number): readonly WillCopy[] | undefined;
}
