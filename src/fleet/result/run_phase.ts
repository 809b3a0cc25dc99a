/**
 * The phases of a run, and the intervals of a run that charts name: plain data.
 */
import type { PhasePlan } from "../plan/plan.ts";

/** The parts of a squad's run, in their order. */
export const phases = ["watch", "control", "wait", "connect", "kill", "drain", "leave", "look", "done"] as const;

/** Which part of a squad's run is under way. */
export type SquadPhase = (typeof phases)[number];

/** The parts of a run, in their order: the broker is awaited before its squads, and asked for its counters after them. */
export const runPhases = ["await", ...phases.slice(0, -1), "counters", "done"] as readonly (
  | "await"
  | SquadPhase
  | "counters"
)[];

/** Which part of a run is under way. */
export type RunPhase = (typeof runPhases)[number];

/** A part of a run that has a name on charts. Milliseconds since the run began. */
export interface RunStage {
  /** The part of the run. */
  readonly name: "connect" | PhasePlan["kind"] | "drain" | "leave" | "look" | "counters";
  /** The groups it is about, where its phase names any. */
  readonly groups?: readonly string[];
  /** Its start, in milliseconds since the run began. */
  readonly fromMs: number;
  /** Absent while it runs. */
  readonly toMs?: number;
}

/** The notes on a run that define its stages: plain data. Milliseconds since the run began. */
export interface Instants {
  /** When each part began. */
  readonly began: Readonly<Partial<Record<RunPhase, number>>>;
  /** The start and the end of the pause of all squads for a restart of the broker. */
  readonly restarts: readonly { readonly fromMs: number; readonly backMs?: number }[];
  /** The pauses of the schedule until a node of the cluster was back; absent without one. */
  readonly holds?: readonly { readonly atMs: number; readonly ms: number }[];
}
