/**
 * That each case can fail: for every case a fault, or several, each of which turns it red, with what it says then. A
 * case that no fault turns red proves nothing.
 */
import type { ConformanceCase } from "../../src/conformance/case/case.ts";
import type { Tamper } from "../support/brokers/tampered_broker.ts";

/** A broker that breaks one rule. */
export type Fault = () => Tamper;

/** A fault, and what the case says of it. */
export interface Proof {
  readonly fault: Fault;
  readonly says: RegExp;
  /** The versions in which it strikes; all those of the case if not given. */
  readonly only?: "3.1.1" | "5.0";
}

/** Proofs by the case's id. */
export type Proofs = Readonly<Record<ConformanceCase["id"], readonly Proof[]>>;
