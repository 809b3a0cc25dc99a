/**
 * The task and the result of a squad: plain data, which can cross a thread.
 */
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineName } from "../../net/engine.ts";
import type { ClientCounters } from "./client_counters.ts";
import type { CanaryCounts } from "./canary_counts.ts";
import type { RetainedCounts } from "./retained_counts.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { PresenceData } from "./presence_result.ts";
import type { SparkplugResult } from "./sparkplug/sparkplug_result.ts";
import type { SquadRestartCounts } from "./restart_result.ts";
import type { Instants } from "./run_phase.ts";
import type { SeriesData } from "./series_data.ts";
import type { StartInstants } from "../plan/start_at.ts";
import type { TallyData } from "./tally_data.ts";
import type { TelemetryByGroup } from "./telemetry_result.ts";

/** The memory of this process before and after its clients connected, in bytes. */
interface MemoryMarks {
  readonly before: number;
  readonly after: number;
}

/** The task of one squad: plain data. */
export interface SquadTask extends WatchScope {
  readonly target: Endpoint;
  /** The addresses of the plan's nodes; absent without nodes. */
  readonly nodes?: readonly Endpoint[] | undefined;
  /** The engine of the links; `deno` by default. */
  readonly engine?: EngineName | undefined;
  /** Which squad of this process it is, from 0. */
  readonly number: number;
  /** Draws the kills of the whole run: the same for each squad. */
  readonly seed: number;
  /** When the fleet has to be connected, and when killing may begin at the earliest; at once when absent. */
  readonly startMs?: StartInstants;
  /** When the run began, by the monotonic clock that all threads share. */
  readonly originMs: number;
  /** True where the squad has to report every life. */
  readonly lives?: boolean;
  /** True where its progress has the counts for metrics. */
  readonly detail?: boolean;
  /** True where the squad has to report every fault. */
  readonly faults?: boolean;
  /** True where the squad has to record its events. */
  readonly record?: boolean;
}

/** The connects of the clients. A recording does not contain them. */
export interface RampFacts {
  /** How long CONNECTs took, from the dial to CONNACK: an encoded histogram. */
  readonly connects: string;
  /** The most unanswered CONNECTs at once while the fleet connected. */
  readonly mostUnderWay: number;
  /** How long after the instant of `--start-at` it was ready. */
  readonly lateMs: number;
}

/** The findings of a squad: plain data. */
export interface SquadResult extends Partial<RampFacts> {
  readonly tally: TallyData;
  readonly counters: ClientCounters;
  readonly slip: string;
  /** The duration of the kills; absent in the result of an older program. */
  readonly killTimes?: string;
  readonly series: readonly SeriesData[];
  /** When the parts of the run began. */
  readonly instants: Instants;
  /** The longest time between two turns, which is the longest delay of this thread, in milliseconds. */
  readonly longestStallMs: number;
  readonly controls: CanaryCounts;
  /** Messages that clients published beside their wills. */
  readonly telemetrySent: number;
  readonly telemetry?: TelemetryByGroup;
  /** Kills that the schedule requested, and the duration of the kills. */
  readonly killsAsked: number;
  readonly killMs: number;
  /** CONNECTs a second from the first to the last client of the ramp. */
  readonly rampMs: number;
  readonly retained?: RetainedCounts;
  /** The findings of a late subscriber on the clients with presence, where there are any. */
  readonly presence?: PresenceData;
  /** The findings on Sparkplug, where the clients are edge nodes. */
  readonly sparkplug?: SparkplugResult;
  /** The findings on each restart of the broker, in their order; absent where there was none. */
  readonly restarts?: readonly SquadRestartCounts[];
  /** Why the run is void, in a sentence. */
  readonly voidReason?: string;
  readonly interrupted: boolean;
  /** Events that the squad passed to the writer, and events for which there was no room. */
  readonly recorded?: { readonly events: number; readonly lost: number };
  readonly memory?: MemoryMarks;
}

/** The scope of a squad's watchers. */
export interface WatchScope {
  readonly plan: FleetPlan;
  /** The version of the clients whose group sets none. */
  readonly protocol: "3.1.1" | "5" | "mix";
  readonly firstClient: number;
  readonly clients: number;
  readonly firstBucket: number;
  readonly buckets: number;
}
