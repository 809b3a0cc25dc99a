/**
 * A fault of a run, and a slow life, as the report shows them: plain data.
 */
import type { KillMode } from "../plan/kill_mode.ts";
import type { EndMode } from "../life/life.ts";

/** One kind of fault, and how often it occurred. */
export interface FaultKind {
  /** What went wrong. */
  readonly verdict: FaultSample["verdict"];
  /** The broken rule, such as `MQTT 5.0, 3.1.2-8`. */
  readonly rule: string;
  /** How many wills are of this kind. */
  readonly count: number;
}

/** One life over time: milliseconds since the run began. What did not happen is absent. */
export interface Timeline {
  /** CONNACK, in milliseconds since the run began. */
  readonly connectedMs?: number;
  /** When the schedule wanted the kill, and when it was done. */
  readonly killDueMs?: number;
  /** The kill, in milliseconds since the run began. */
  readonly killedMs?: number;
  /** When the standard made the will due. */
  readonly dueMs?: number;
  /** When the will came, each time. */
  readonly seenMs: readonly number[];
  /** When a late subscriber read the client's retained state. */
  readonly readMs?: number;
}

/** Why a life's will went wrong; a sample of them is kept for people. */
export interface FaultSample {
  /** The client identifier. */
  readonly client: string;
  /** The number of the life of its client, from 1. */
  readonly incarnation: number;
  /** How the life ended. */
  readonly mode: EndMode | "alive";
  /** `presence` is a retained state that is not the truth; its text begins with the kind. `redelivery`: without DUP. */
  readonly verdict: "late" | "early" | "missing" | "duplicate" | "unwanted" | "altered" | "presence" | "redelivery";
  /** The MQTT version. */
  readonly protocol: "3.1.1" | "5";
  /** The quality of service. */
  readonly qos: 0 | 1 | 2;
  /** The rule that was broken, such as `MQTT 5.0, 3.1.2-8`. */
  readonly rule: string;
  /** One sentence: what was due when, and what was seen. */
  readonly text: string;
  /** Absent where a will cannot be told to a life. */
  readonly timeline?: Timeline;
}

/** A life whose will came on time, and took long. */
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

/** What can go wrong with a will. */
export type FaultName = FaultSample["verdict"];
