/**
 * Proof that each case can fail: one or more faults that the case detects, with the reason that it reports. A case that
 * detects no fault proves nothing.
 */
import type { ConformanceCase } from "../../src/conformance/case/case.ts";
import type { Tamper } from "../support/brokers/tampered_broker.ts";

/** A broker that breaks one rule. */
export type Fault = () => Tamper;

/** A fault, and the reason that the case reports. */
export interface Proof {
  readonly fault: Fault;
  readonly says: RegExp;
  /** The versions in which the broker has the fault; by default all versions of the case. */
  readonly only?: "3.1.1" | "5.0";
}

/** Proofs by the id of the case. */
export type Proofs = Readonly<Record<ConformanceCase["id"], readonly Proof[]>>;
