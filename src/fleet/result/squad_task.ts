/**
 * What a squad is given and what it gives back: plain data, which crosses a thread today and a network tomorrow.
 */
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineName } from "../../net/engine.ts";
import type { ClientCounters } from "./client_counters.ts";
import type { CanaryCounts } from "./canary_counts.ts";
import type { RetainedCounts } from "./retained_counts.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { PresenceData } from "./presence_result.ts";
import type { SquadRestartCounts } from "./restart_result.ts";
import type { Instants } from "./run_phase.ts";
import type { SeriesData } from "./series_data.ts";
import type { StartInstants } from "../plan/start_at.ts";
import type { TallyData } from "./tally_data.ts";
import type { TelemetryByGroup } from "./telemetry_result.ts";

/** What this process held before and after its clients were connected, in bytes. */
export interface MemoryMarks {
  readonly before: number;
  readonly after: number;
}

/** What one squad is to do: plain data. */
export interface SquadTask extends WatchScope {
  readonly target: Endpoint;
  /** What carries TCP; `deno` if not said. */
  readonly engine?: EngineName | undefined;
  /** Which squad of this process it is, from 0. */
  readonly number: number;
  /** Draws the kills of the whole run: the same for each squad. */
  readonly seed: number;
  /** When the fleet is to be connected, and when killing may begin at the earliest; at once when absent. */
  readonly startMs?: StartInstants;
  /** When the run began, by the monotonic clock that all threads share. */
  readonly originMs: number;
  /** True where every life is to be told. */
  readonly lives?: boolean;
  /** True where its events are to be recorded. */
  readonly record?: boolean;
}

/** How connecting went. A recording does not tell of it. */
export interface RampFacts {
  /** How long CONNECTs took, from the dial to CONNACK: an encoded histogram. */
  readonly connects: string;
  /** The most that were unanswered at once while the fleet was connected. */
  readonly mostUnderWay: number;
  /** How long after the instant of `--start-at` it was ready. */
  readonly lateMs: number;
}

/** What a squad found: plain data. */
export interface SquadResult extends Partial<RampFacts> {
  readonly tally: TallyData;
  readonly counters: ClientCounters;
  readonly slip: string;
  readonly series: readonly SeriesData[];
  /** When the parts of the run began. */
  readonly instants: Instants;
  /** The longest time between two turns: so long was this thread held up, in milliseconds. */
  readonly longestStallMs: number;
  readonly controls: CanaryCounts;
  /** Messages that clients published beside their wills. */
  readonly telemetrySent: number;
  readonly telemetry?: TelemetryByGroup;
  /** Kills that the schedule asked for, and how long killing took. */
  readonly killsAsked: number;
  readonly killMs: number;
  /** CONNECTs a second from the first to the last client of the ramp. */
  readonly rampMs: number;
  readonly retained?: RetainedCounts;
  /** What a late subscriber found of those who speak of their presence, where any do. */
  readonly presence?: PresenceData;
  /** What was found of each restart of the broker, in their order; absent where there was none. */
  readonly restarts?: readonly SquadRestartCounts[];
  /** Why the run means nothing, in a sentence. */
  readonly voidReason?: string;
  readonly interrupted: boolean;
  /** Events that were handed out to be written, and events for which there was no room. */
  readonly recorded?: { readonly events: number; readonly lost: number };
  readonly memory?: MemoryMarks;
}

/** Which part of the fleet is watched. */
export interface WatchScope {
  readonly plan: FleetPlan;
  /** What clients speak whose group says nothing of it. */
  readonly protocol: "3.1.1" | "5" | "mix";
  readonly firstClient: number;
  readonly clients: number;
  readonly firstBucket: number;
  readonly buckets: number;
}
