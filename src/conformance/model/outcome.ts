/**
 * The errors by which a case ends other than well. Any other thrown error is a fault of mqtt-sim.
 */
import type { CaseFaultKind } from "../../profiles/profile.ts";

/**
 * The fault, for programs: its kind, and its extent. A profile's deviation names the kinds and the bounds that it
 * covers, so that a profile that describes an early will does not excuse a late one.
 */
export interface CaseFault {
  /** The kind of the fault. */
  readonly kind: CaseFaultKind;
  /** `late`, `early`: by so many milliseconds. */
  readonly byMs?: number;
  /** `missing`, `not closed`: for so many milliseconds after its due instant the case looked for it. */
  readonly lookedMs?: number;
  /** Where the keep alive decides the due instant: its seconds. */
  readonly keepAliveS?: number;
  /** `altered`: the parts that differ. */
  readonly parts?: readonly string[];
  /** `refused`, `wrong code`: the reason code that came. */
  readonly code?: number;
}

/** The broker did something that the standard forbids. One sentence, without the rule. */
export class CaseFailure extends Error {
  /** The name of the error class. */
  override readonly name = "CaseFailure";

  /** @param fault `other` where only the sentence describes it */
  /**
   * Makes the failure of a case.
   *
   * @param message what the broker did
   * @param fault the kind of the fault, for profiles
   */
  constructor(message: string, readonly fault: CaseFault = { kind: "other" }) {
    super(message);
  }
}

/** The broker refused a subscription, as it may: a case that is not about that is not testable. */
export class SubscriptionRefused extends CaseFailure {}

/** The case is not testable on this broker. One sentence. */
export class NotTestable extends Error {
  /** The name of the error class. */
  override readonly name = "NotTestable";
}

/** The case was called off from outside: its time is up. */
export class CaseOver extends Error {
  override readonly name = "CaseOver";
}
