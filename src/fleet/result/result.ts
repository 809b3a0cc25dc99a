/**
 * What a run found: plain data that crosses a thread, a file, and one day a network, without change.
 */
import type { EngineName } from "../../net/engine.ts";
import type { CanaryCounts } from "./canary_counts.ts";
import type { ProfileFindings } from "./deviation_counts.ts";
import type { FaultKind, FaultSample, SlowLife } from "./fault_sample.ts";
import type { GroupResult } from "./group_result.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import type { PresenceResult } from "./presence_result.ts";
import type { Remarks } from "./remarks.ts";
import type { RestartResult } from "./restart_result.ts";
import type { Instants, RunPhase, RunStage } from "./run_phase.ts";
import type { SeriesPoint } from "./series_data.ts";
import type { TelemetryResult } from "./telemetry_result.ts";
import type { LatencyBucketCounts, LatencyRow, ModeCounts, RedeliveryCounts, WillCounts } from "./will_counts.ts";

/** Where a run stands; sent a few times a second. */
export interface Progress {
  /** The current phase. */
  readonly phase: RunPhase;
  /** Since the phase began, and how long it is meant to take; 0 where that is not known. */
  readonly phaseMs: number;
  /** The length of the current phase, where it has one. */
  readonly phaseOfMs: number;
  /** The clients of the fleet. */
  readonly clients: number;
  /** The clients that are connected. */
  readonly alive: number;
  /** The clients that have connected once. */
  readonly connected: number;
  /** Clients killed so far. */
  readonly killed: number;
  /** Wills seen so far. */
  readonly wills: number;
  /** Faults found so far, by verdict; missing here counts what is overdue. */
  readonly faults: WillCounts;
  /** States of presence found to be wrong so far; absent where nobody speaks of presence. */
  readonly statesWrong?: number;
  /** Controls that are over so far; absent before any is. */
  readonly controls?: FleetResult["controls"];
  /** Milliseconds; NaN before the first will. */
  readonly p50: number;
  /** The 99th percentile of the latency so far, in milliseconds. */
  readonly p99: number;
  /** How long the wills took so far, by range. */
  readonly buckets: LatencyBucketCounts;
  /** When the parts of the run began that did. */
  readonly instants: Instants;
}

/** A line for people that a run wants said once, as it happens. */
export interface Notice {
  /** How important the notice is. */
  readonly level: "info" | "warning";
  /** One sentence. */
  readonly text: string;
}

/** The broker's restarts, and what became of the lives that ended with them. */
export interface RestartsResult {
  /** Each restart. */
  readonly each: readonly RestartResult[];
  /** Lives that ended with a restart (as `kills`), and their wills; those are in the run's sums too. */
  readonly lives: ModeCounts;
  /**
   * Wills that were due while the watchers could not see, since the broker had forgotten their sessions (or need not
   * keep QoS 0), and were not seen; counted nowhere else.
   */
  readonly unseeable: number;
}

/** All that a run found. */
export interface FleetResult {
  /** What the fleet did. */
  readonly plan: FleetPlan;
  /** What the clients spoke in the end: never `auto`. */
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
    /** Clients that were connected at least once. */
    readonly connected: number;
    readonly peakAlive: number;
    readonly reconnects: number;
    /** CONNECTs that the broker refused, or connections that could not be opened. */
    readonly refused: number;
    /** Connections that ended though nobody killed them. */
    readonly lost: number;
    /** CONNECTs a second that the ramp reached. */
    readonly rampPerSecond: number;
  };
  /** The kills of the run. */
  readonly kills: {
    readonly total: number;
    readonly askedPerSecond: number;
    readonly reachedPerSecond: number;
    /** Kills that had to wait until their victim was connected again. */
    readonly deferred: number;
    /** Only the modes that were used. */
    readonly byMode: Readonly<Partial<Record<KillMode, ModeCounts>>>;
  };
  /** All lives: those killed, those lost, and the clients that left at the end. */
  readonly wills: WillCounts & {
    /** Missing wills by the will's QoS: a loss at QoS 0 breaks no promise of the transport. */
    readonly missingByQos: readonly [number, number, number];
    /** Lives in which the standard allows a will and none (a client back at the very instant); counted nowhere else. */
    readonly eitherWay: number;
    /** Not decided when the run was interrupted; counted nowhere else. */
    readonly undecided: number;
    /** Due while their watcher could not see, and not seen; counted nowhere else. Absent where there are none. */
    readonly unseeable?: number;
  };
  /** Kill-to-will milliseconds, from the instant at which the kill was due by the schedule. */
  readonly latencyMs: {
    readonly all: LatencyRow;
    readonly byMode: Readonly<Partial<Record<KillMode, LatencyRow>>>;
  };
  /** How clients were connected; absent in what a recording gives. */
  readonly connects?: {
    /** From the dial to CONNACK, handshakes included, reconnects too. */
    readonly latencyMs: LatencyRow;
    /** CONNECTs that were unanswered at once while the fleet was connected: the most there might be, and there were. */
    readonly underWayLimit: number;
    readonly mostUnderWay: number;
    /** SYNs that this machine sent again meanwhile, for whomever; absent where it does not say. */
    readonly synsAgain?: number;
  };
  /** The generator's own lateness: from the instant at which a kill was due to that at which it was done. */
  readonly slipMs: LatencyRow;
  /** Controls: messages and wills of clients of the run's own, by which the watchers' sight was proven all along. */
  readonly controls: Readonly<CanaryCounts>;
  /** Why this machine may have been the bottleneck; absent where it kept up. */
  readonly generatorBound?: string;
  /** Messages that the broker says it has dropped, before and after; absent where it does not say. */
  readonly brokerDropped?: { readonly before: number; readonly after: number };
  /** The broker's restarts; absent where there was none. */
  readonly restarts?: RestartsResult;
  /** Retained wills that a late subscriber found, where `willRetain` asked for them. */
  readonly retained?: {
    readonly expected: number;
    readonly right: number;
    readonly wrong: number;
    readonly missing: number;
  };
  /** What clients published beside their wills, where they were to. */
  readonly telemetry?: TelemetryResult;
  /** States that a late subscriber read of those who speak of their presence, where any do. */
  readonly presence?: PresenceResult;
  /** What the broker did that is no fault of a will; absent where there is nothing of the kind. */
  readonly remarks?: Remarks;
  /** Messages that the broker delivered to watchers once more; absent where there was none. */
  readonly redeliveries?: RedeliveryCounts;
  /** Samples: one of each kind, the most frequent kind first; then the second of each kind, and so on. */
  readonly faults: readonly FaultSample[];
  /** Every kind of fault (verdict and rule) with its count, the most frequent first. */
  readonly faultKinds: readonly FaultKind[];
  /** What the plan's profile says of the broker, and how much of it showed; absent where none was asked for. */
  readonly profile?: ProfileFindings;
  /** How many of the faults each known profile describes, where none was asked for; absent where none does. */
  readonly described?: Readonly<Record<string, number>>;
  /** What the broker calls itself, where it says so under `$SYS/broker/version`. */
  readonly broker?: string;
  /** The slowest of the wills that came on time, slowest first. */
  readonly slowest: readonly SlowLife[];
  /** The run over time. */
  readonly series: readonly SeriesPoint[];
  /** When each part of the run was; absent where there was no run. */
  readonly stages?: readonly RunStage[];
  /** What became of each group; absent where the plan has none. Telemetry is under its own name. */
  readonly byGroup?: readonly GroupResult[];
  /** The verdict of the run. */
  readonly verdict: "pass" | "fail" | "void";
  /** The verdict for people: `PASS`, `PASS with 76 deviations`, `FAIL` or `VOID`. */
  readonly verdictText: string;
  /** Why the run was not carried out as planned; a verdict `fail` stands on what was proven before. Absent else. */
  readonly voidReason?: string;
  /** There where the run is void because the broker does not speak the version that the plan asks for. */
  readonly notSpoken?: true;
  /** One sentence for the verdict. */
  readonly reason: string;
  /** Sentences about the run that a reader must know: a rate that was not reached, a mode that was replaced. */
  readonly warnings: readonly string[];
  /** 0 pass, 1 fail, 3 void, 130 interrupted. */
  readonly exitCode: 0 | 1 | 3 | 130;
  /** Of this process, embedded broker included. */
  readonly resources: {
    readonly cpuMs: number;
    readonly rssBytes: number;
    /** CPU for each life: each CONNECT that was answered, and what became of it. */
    readonly cpuMsPerLife?: number;
    /** What was held more once the clients were connected than before, for each of them. */
    readonly bytesPerClient?: number;
  };
  /** What carried TCP; absent where parts of one run had different ones. */
  readonly engine?: EngineName;
}
