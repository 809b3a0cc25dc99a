/**
 * The errors by which a case ends other than well. Any other thrown error is a fault of mqtt-sim.
 */
import type { CaseFaultKind } from "../../profiles/profile.ts";

/**
 * What went wrong, for programs: which kind, and by how much. A profile's deviation names the kinds and the bounds that
 * it covers, so that a late will is not excused where the profile describes an early one.
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

/** The broker did what the standard does not let it do. One sentence, without the rule. */
export class CaseFailure extends Error {
  /** The name of the error class. */
  override readonly name = "CaseFailure";

  /** @param fault `other` where the sentence alone says what it is */
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

/** This broker cannot be asked this. One sentence. */
export class NotTestable extends Error {
  /** The name of the error class. */
  override readonly name = "NotTestable";
}

/** The case was called off from outside: its time is up. */
export class CaseOver extends Error {
  override readonly name = "CaseOver";
}
