/**
 * The will that the standard expects of a life, and the decisions of the oracle: plain data.
 */
import type { MessageProperties } from "../../mqtt/packet.ts";
import type { RestartWindow } from "../result/restart_result.ts";

/** The tolerances of instants. */
export interface OracleRules {
  /** Later than this past its due instant is late, in milliseconds. */
  readonly lateAfterMs: number;
  /** Sooner than this before its due instant is early, in milliseconds. */
  readonly earlyBeforeMs: number;
  /** The broker's restarts so far, in their order. */
  readonly restarts?: readonly RestartWindow[];
}

/** Why a will is, or is not, due; `src/fleet/oracle/fault_rule.ts` has the rule of each. */
export type Ground =
  | "connection-ended"
  | "keep-alive-passed"
  | "taken-over"
  | "delay-passed"
  | "session-ended"
  | "session-resumed"
  | "left"
  | "living"
  | "refused"
  | "not-acknowledged"
  | "overslept"
  | "restarted"
  | "unheard"
  | "session-forgotten";

/** The expectation of the standard for one life. */
export type Expectation =
  | { readonly kind: "none"; readonly ground: Ground }
  /** The standard allows a will and none: the deciding events happened at one instant, or unseen. */
  | {
    readonly kind: "either";
    readonly ground: Ground;
    /** The conditions on the will if there is one; absent where it may arrive at any instant after the life's end. */
    readonly one?: One;
  }
  | One;

/** A will that is due. */
export interface One {
  readonly kind: "one";
  readonly ground: Ground;
  /** The instant at which the standard makes the will due. */
  readonly dueMs: number;
  /** A will before this is early. */
  readonly earliestMs: number;
  /** Lateness counts from here where the broker was down meanwhile, and so could not keep `dueMs`. */
  readonly byMs?: number;
  /**
   * The instant from which latency counts: when the will would be due had the kill been complete at its scheduled
   * instant; `dueMs` for silent lives, and for sessions that a later CONNECT ends.
   */
  readonly latencyFromMs: number;
}

/** One will as one watcher saw it. */
export interface Arrival {
  readonly atMs: number;
  /** It may have lain here unread from this instant on, since this machine was busy; absent when it was not. */
  readonly sinceMs?: number;
  /** The differences from the requested will; empty without any. */
  readonly altered: readonly Alteration[];
}

/** A part of a will that can go wrong on its way; recordings of earlier versions have `properties` for all of them. */
export type Alteration =
  | ("topic" | "payload" | "qos" | "retain" | "properties")
  | keyof MessageProperties
  /** A property that no PUBLISH may have. */
  | ("willDelayInterval" | "strayProperty");

/** The outcome of one will. */
export interface Judgement {
  readonly expectation: Expectation;
  /** Undefined where none was due, or where the watch ended before the decision. */
  readonly verdict: "onTime" | "late" | "early" | "missing" | "altered" | "unseeable" | undefined;
  /** One for each time too many. */
  readonly duplicates: number;
  /** One for each that arrived without being due. */
  readonly unwanted: number;
  /** The arrival that meets the expectation. */
  readonly answer: Arrival | undefined;
  /** The first that arrived where no will was due at all; absent without one. */
  readonly stray?: Arrival;
}
