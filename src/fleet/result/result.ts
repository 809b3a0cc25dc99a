/**
 * The findings of a run: plain data that crosses a thread or a file without change.
 */
import type { EngineName } from "../../net/engine.ts";
import type { CanaryCounts } from "./canary_counts.ts";
import type { ProfileFindings } from "./deviation_counts.ts";
import type { FaultKind, FaultSample, SlowLife } from "./fault_sample.ts";
import type { GroupResult, NodeCell } from "./group_result.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import type { PresenceResult } from "./presence_result.ts";
import type { ProgressDetail } from "./progress_detail.ts";
import type { Remarks } from "./remarks.ts";
import type { RestartResult } from "./restart_result.ts";
import type { Instants, RunPhase, RunStage } from "./run_phase.ts";
import type { SeriesPoint } from "./series_data.ts";
import type { SparkplugResult } from "./sparkplug/sparkplug_result.ts";
import type { StormsResult, WillRate } from "./storm_result.ts";
import type { TelemetryResult } from "./telemetry_result.ts";
import type { LatencyRow, ModeCounts, RedeliveryCounts, WillCounts } from "./will_counts.ts";

/** The progress of a run; sent a few times a second. */
export interface Progress {
  /** The current phase. */
  readonly phase: RunPhase;
  /** Since the phase began, and its planned length; 0 without one. */
  readonly phaseMs: number;
  /** The length of the current phase, where it has one. */
  readonly phaseOfMs: number;
  /** The clients of the fleet. */
  readonly clients: number;
  /** The connected clients. */
  readonly alive: number;
  /** The clients that have connected once. */
  readonly connected: number;
  /** Clients killed so far. */
  readonly killed: number;
  /** Wills seen so far. */
  readonly wills: number;
  /** Faults so far, by verdict; missing here counts overdue wills. */
  readonly faults: WillCounts;
  /** Wrong states of presence so far; absent where no client publishes its presence. */
  readonly statesWrong?: number;
  /** Canaries that are over so far; absent before any is. */
  readonly controls?: FleetResult["controls"];
  /** Milliseconds; NaN before the first will. */
  readonly p50: number;
  /** The 99th percentile of the latency so far, in milliseconds. */
  readonly p99: number;
  /** The same from the completed kill; absent before the first will. */
  readonly brokerMs?: { readonly p50: number; readonly p99: number };
  /** The share of this instrument in each latency; absent where the run did not measure it. */
  readonly floorMs?: { readonly p50: number; readonly p99: number };
  /** The counts for metrics; present where the caller of the run requests them. */
  readonly detail?: ProgressDetail;
  /** When the parts of the run began that did. */
  readonly instants: Instants;
}

/** A line for people that a run reports once, at its event. */
export interface Notice {
  /** How important the notice is. */
  readonly level: "info" | "warning";
  /** One sentence. */
  readonly text: string;
}

/** The broker's restarts, and the counts of the lives that ended with them. */
export interface RestartsResult {
  /** Each restart. */
  readonly each: readonly RestartResult[];
  /** Lives that ended with a restart (as `kills`), and their wills; those are in the run's sums too. */
  readonly lives: ModeCounts;
  /**
   * Wills that were due during an absence of the watchers whose sessions the broker had lost (or for which it need not
   * keep QoS 0), and that did not arrive; counted in no other number.
   */
  readonly unseeable: number;
}

/** All that a run found. */
export interface FleetResult {
  /** The plan of the fleet. */
  readonly plan: FleetPlan;
  /** The versions of the clients in the end: never `auto`. */
  readonly protocol: "3.1.1" | "5" | "mix";
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** How long the run took. */
  readonly durationMs: number;
  /** The broker, without secrets. */
  readonly target: string;
  /** The clients of the run. */
  readonly clients: {
    readonly asked: number;
    /** Clients with at least one connection. */
    readonly connected: number;
    readonly peakAlive: number;
    readonly reconnects: number;
    /** CONNECTs that the broker refused, or connections that did not open. */
    readonly refused: number;
    /** Connections that ended without a kill. */
    readonly lost: number;
    /** CONNECTs a second that the ramp reached. */
    readonly rampPerSecond: number;
  };
  /** The kills of the run. */
  readonly kills: {
    readonly total: number;
    readonly askedPerSecond: number;
    readonly reachedPerSecond: number;
    /** Kills that had to wait until their client was connected again. */
    readonly deferred: number;
    /** Only the modes in use. */
    readonly byMode: Readonly<Partial<Record<KillMode, ModeCounts>>>;
  };
  /** All lives: those that the fleet killed, those lost, and those of the clients that left at the end. */
  readonly wills: WillCounts & {
    /** Missing wills by the will's QoS: a loss at QoS 0 breaks no promise of the transport. */
    readonly missingByQos: readonly [number, number, number];
    /** Lives in which the standard allows a will and none (a client back at the very instant); in no other count. */
    readonly eitherWay: number;
    /** Not decided when the run was interrupted; in no other count. */
    readonly undecided: number;
    /** Due during an absence of their watcher, and not received; in no other count. Absent where there are none. */
    readonly unseeable?: number;
  };
  /**
   * Kill-to-will milliseconds, from the scheduled instant of the kill: the latency for a user of the broker, delays of
   * the fleet included.
   */
  readonly latencyMs: {
    readonly all: LatencyRow;
    readonly byMode: Readonly<Partial<Record<KillMode, LatencyRow>>>;
  };
  /**
   * The same from the completed kill: the latency of the broker alone, and of this instrument. Absent in a report of an
   * earlier version.
   */
  readonly brokerLatencyMs?: {
    readonly all: LatencyRow;
    readonly byMode: Readonly<Partial<Record<KillMode, LatencyRow>>>;
  };
  /**
   * The share of this instrument in each latency: round trips of a loopback echo through the engine before the run.
   * Absent where the run did not measure it.
   */
  readonly floorMs?: LatencyRow;
  /** Wills per second from the first to the last will of an ended life; absent where none arrived. */
  readonly willRate?: WillRate;
  /** The wills of lives that ended at one instant; absent without a phase with kills `once` and without a restart. */
  readonly storms?: StormsResult;
  /** The connects of the clients; absent in the result of a recording. */
  readonly connects?: {
    /** From the dial to CONNACK, handshakes included, reconnects too. */
    readonly latencyMs: LatencyRow;
    /** Unanswered CONNECTs at once while the fleet connected: the limit, and the maximum reached. */
    readonly underWayLimit: number;
    readonly mostUnderWay: number;
    /** SYNs that this machine repeated meanwhile, for any process; absent where it does not count them. */
    readonly synsAgain?: number;
  };
  /** The generator's own lateness: from the due instant of a kill to its start. */
  readonly slipMs: LatencyRow;
  /**
   * From the start of a kill to the return of its system call, of kills that end the connection; absent without any, and
   * in the report of an older program.
   */
  readonly killTimeMs?: LatencyRow;
  /** Canaries: messages and wills of clients of the run's own, which prove that the watchers receive messages. */
  readonly controls: Readonly<CanaryCounts>;
  /** Why this machine may have been the bottleneck; absent where it kept up. */
  readonly generatorBound?: string;
  /** Messages that the broker reports as dropped, before and after; absent where it does not report them. */
  readonly brokerDropped?: { readonly before: number; readonly after: number };
  /** The broker's restarts; absent where there was none. */
  readonly restarts?: RestartsResult;
  /** Retained wills that a late subscriber found, where `willRetain` requests them. */
  readonly retained?: {
    readonly expected: number;
    readonly right: number;
    readonly wrong: number;
    readonly missing: number;
  };
  /** The counts of the clients' telemetry, where the plan has any. */
  readonly telemetry?: TelemetryResult;
  /** States that a late subscriber read of the clients with presence, where there are any. */
  readonly presence?: PresenceResult;
  /** The findings on Sparkplug by assertion, where the clients are edge nodes. */
  readonly sparkplug?: SparkplugResult;
  /** Actions of the broker that are no fault of a will; absent where there is none. */
  readonly remarks?: Remarks;
  /** Messages that the broker delivered to watchers once more; absent where there was none. */
  readonly redeliveries?: RedeliveryCounts;
  /** Samples: one of each kind, the most frequent kind first; then the second of each kind, and so on. */
  readonly faults: readonly FaultSample[];
  /** Every kind of fault (verdict and rule) with its count, the most frequent first. */
  readonly faultKinds: readonly FaultKind[];
  /** The deviations of the plan's profile, and how often each appeared; absent without a profile. */
  readonly profile?: ProfileFindings;
  /** How many of the faults each known profile describes, for a plan without one; absent where none does. */
  readonly described?: Readonly<Record<string, number>>;
  /** The broker's name for itself, where it publishes it under `$SYS/broker/version`. */
  readonly broker?: string;
  /** The slowest of the wills that arrived on time, slowest first. */
  readonly slowest: readonly SlowLife[];
  /** The run over time. */
  readonly series: readonly SeriesPoint[];
  /** The instants of each part of the run; absent without a run. */
  readonly stages?: readonly RunStage[];
  /** The result of each group; absent where the plan has none. Telemetry is under its own name. */
  readonly byGroup?: readonly GroupResult[];
  /** Wills by the node on which the client died and the node of the watcher; absent where the plan has no nodes. */
  readonly byNode?: readonly NodeCell[];
  /** The verdict of the run. */
  readonly verdict: "pass" | "fail" | "void";
  /** The verdict for people: `PASS`, `PASS with 76 deviations`, `FAIL` or `VOID`. */
  readonly verdictText: string;
  /** Why the run did not follow its plan; a verdict `fail` relies on earlier proof. Absent else. */
  readonly voidReason?: string;
  /** Why the run ended itself early, at a fault, as its user asked for; absent else. */
  readonly aborted?: string;
  /** Present where the run is void because the broker does not accept the version that the plan requests. */
  readonly notSpoken?: true;
  /** One sentence for the verdict. */
  readonly reason: string;
  /** Remarks on the run for its reader: a rate that it did not reach, a mode that it replaced. */
  readonly warnings: readonly string[];
  /** 0 pass, 1 fail, 3 void, 130 interrupted. */
  readonly exitCode: 0 | 1 | 3 | 130;
  /** Of this process, embedded broker included. */
  readonly resources: {
    readonly cpuMs: number;
    readonly rssBytes: number;
    /** CPU time of each life: of each CONNECT with an answer, and the rest of its life. */
    readonly cpuMsPerLife?: number;
    /** The growth of memory from before the clients connected to after it, for each of them. */
    readonly bytesPerClient?: number;
  };
  /** The engine of the links; absent where parts of one run had different ones. */
  readonly engine?: EngineName;
}
