/**
 * The wills of storms, and the rate at which the wills of a run arrived: plain data. A storm is all the lives that end
 * at one instant of the plan: with the kills of a phase with the rate `once`, or with a restart of the broker.
 */
import type { LatencyRow } from "./will_counts.ts";

/** How a storm ended its lives. */
export type StormKind = "kills" | "restart";

/** The wills of one storm as they cross a thread. */
export interface StormData {
  /** The index of its phase in the plan. */
  readonly phase: number;
  readonly kind: StormKind;
  /** Its instant, in milliseconds since the run began. */
  readonly atMs: number;
  /** Lives that ended with it. */
  readonly lives: number;
  /** Wills of these lives that were due. */
  readonly due: number;
  /** The time from the storm to the arrival of each will, encoded. */
  readonly hdr: string;
}

/** The first and the last arrival of the wills of ended lives. */
export interface WillSpan {
  /** The number of wills that arrived. */
  readonly wills: number;
  /** Milliseconds since the run began. */
  readonly firstMs: number;
  /** Milliseconds since the run began. */
  readonly lastMs: number;
}

/** The storms and the span of a squad. */
export interface StormsData {
  readonly each: readonly StormData[];
  /** Absent where no will arrived. */
  readonly span?: WillSpan;
}

/** How fast the wills of the killed clients, and of those that ended with the broker, arrived. */
export interface WillRate extends WillSpan {
  /** Wills per second from the first to the last; absent for wills of one instant. */
  readonly perSecond?: number;
}

/** The time until a share of the wills that were due had arrived; a share that was not reached is absent. */
export interface UntilMs {
  /** Half of the wills. */
  readonly p50?: number;
  /** 90 % of the wills. */
  readonly p90?: number;
  /** 99 % of the wills. */
  readonly p99?: number;
  /** All wills. */
  readonly p100?: number;
}

/** A point of the curve of a storm. */
export interface StormPoint {
  /** The time since the storm, in milliseconds. */
  readonly atMs: number;
  /** The share of the wills that were due that had arrived by then, from 0 to 1. */
  readonly share: number;
}

/** The findings on one storm. A will has arrived when each of its watchers has received it. */
export interface StormResult {
  /** The index of its phase in the plan, from 0. */
  readonly phase: number;
  /** How the lives ended. */
  readonly kind: StormKind;
  /** The instant of the storm, in milliseconds since the run began. */
  readonly atMs: number;
  /** Lives that ended with it. */
  readonly lives: number;
  /** Wills of these lives that were due. */
  readonly due: number;
  /** Wills that arrived. */
  readonly seen: number;
  /** Wills per second from the first to the last; absent for fewer than two instants. */
  readonly perSecond?: number;
  /** From the storm until a share of the wills had arrived. */
  readonly untilMs: UntilMs;
  /** From the storm to the arrival of a will. */
  readonly arrivalMs: LatencyRow;
  /** The share of the wills against time, in at most 51 points. */
  readonly curve: readonly StormPoint[];
}

/** The findings on all storms of a run. */
export interface StormsResult {
  /** Each storm, in the order of the plan. */
  readonly each: readonly StormResult[];
  /** Wills of all storms that were due. */
  readonly due: number;
  /** Wills of all storms that arrived. */
  readonly seen: number;
  /** The slowest storm for each share; absent where a storm did not reach it. */
  readonly untilMs: UntilMs;
}
