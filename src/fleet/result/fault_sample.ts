/**
 * A fault of a run, and a slow life, as the report shows them: plain data.
 */
import type { KillMode } from "../plan/kill_mode.ts";
import type { EndMode } from "../life/life.ts";

/** One kind of fault, and how often it occurred. */
export interface FaultKind {
  /** The fault. */
  readonly verdict: FaultSample["verdict"];
  /** The broken rule, such as `MQTT 5.0, 3.1.2-8`. */
  readonly rule: string;
  /** How many wills are of this kind. */
  readonly count: number;
}

/** One life over time: milliseconds since the run began. An event that did not happen is absent. */
export interface Timeline {
  /** CONNACK, in milliseconds since the run began. */
  readonly connectedMs?: number;
  /** The instants of the kill: in the schedule, and in fact. */
  readonly killDueMs?: number;
  /** The kill, in milliseconds since the run began. */
  readonly killedMs?: number;
  /** When the standard made the will due. */
  readonly dueMs?: number;
  /** The instant of each arrival of the will. */
  readonly seenMs: readonly number[];
  /** When a late subscriber read the client's retained state. */
  readonly readMs?: number;
}

/** The fault of a life's will; the tally keeps a sample of them for the report. */
export interface FaultSample {
  /** The client identifier. */
  readonly client: string;
  /** The number of the life of its client, from 1. */
  readonly incarnation: number;
  /** How the life ended. */
  readonly mode: EndMode | "alive";
  /**
   * `presence` is a retained state that is not the truth; its text begins with the kind. `redelivery`: without DUP.
   * `sparkplug`: a broken assertion of Sparkplug that no count of wills has; its text begins with the kind.
   */
  readonly verdict:
    | ("late" | "early" | "missing" | "duplicate" | "unwanted" | "altered")
    | ("presence" | "redelivery" | "sparkplug");
  /** The MQTT version. */
  readonly protocol: "3.1.1" | "5";
  /** The quality of service. */
  readonly qos: 0 | 1 | 2;
  /** The rule that was broken, such as `MQTT 5.0, 3.1.2-8`. */
  readonly rule: string;
  /** One sentence: the due will and its instant, and the arrivals. */
  readonly text: string;
  /** Absent where no life matches the will. */
  readonly timeline?: Timeline;
}

/** Faults since the last batch. */
export interface FaultBatch {
  /** The faults. */
  readonly faults: readonly FaultSample[];
  /** Faults for which the batch had no room. */
  readonly dropped: number;
}

/** A life whose will arrived on time, but slowly. */
export interface SlowLife {
  /** The client identifier. */
  readonly client: string;
  /** The number of the life of its client, from 1. */
  readonly incarnation: number;
  /** How the life ended. */
  readonly mode: KillMode;
  /** The MQTT version. */
  readonly protocol: "3.1.1" | "5";
  /** The quality of service. */
  readonly qos: 0 | 1 | 2;
  /** The latency of the will. */
  readonly latencyMs: number;
  /** The events of the life. */
  readonly timeline: Timeline;
}

/** The possible faults of a will. */
export type FaultName = FaultSample["verdict"];
