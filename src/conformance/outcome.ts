/**
 * How a case ends other than well: what it throws. Anything else that is thrown is a fault of mqtt-sim's own.
 */

/** The broker did what the standard does not let it do. One sentence, without the rule. */
export class CaseFailure extends Error {
  override readonly name = "CaseFailure";
}

/** This broker cannot be asked this. One sentence. */
export class NotTestable extends Error {
  override readonly name = "NotTestable";
}

/** The case was called off from outside: its time is up. */
export class CaseOver extends Error {
  override readonly name = "CaseOver";
}
