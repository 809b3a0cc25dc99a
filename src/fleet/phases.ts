/**
 * What a run does once its fleet is connected: one phase after the other, as plain data.
 */
import type { KillShare } from "./kill_mode.ts";
import type { FleetPlan, KillRate } from "./plan.ts";

/** Clients are killed. */
export interface KillPhase {
  readonly kind: "kill";
  /** Names of the groups it is about; all when absent. */
  readonly groups?: readonly string[];
  /** `once` kills all of them at the phase's first instant; a rate spreads kills evenly. The plan's when absent. */
  readonly rate?: KillRate | "once";
  /** How long the phase lasts; when absent, the plan's duration, and no time where all are killed at once. */
  readonly durationMs?: number;
  /** The plan's, or the group's, when absent. */
  readonly killShares?: readonly KillShare[];
  /** The plan's, or the group's, when absent. */
  readonly reconnectAfterMs?: number | "never";
  /** Clients come back up to so much later than they would, each as drawn. */
  readonly jitterMs?: number;
}

/** Nobody is killed for a while. */
export interface HoldPhase {
  readonly kind: "hold";
  readonly durationMs: number;
}

/** Clients that were to stay away come back. */
export interface ReturnPhase {
  readonly kind: "return";
  readonly groups?: readonly string[];
  /** They come back evenly spread over this time; 0 brings all back at once. The phase lasts as long. */
  readonly durationMs: number;
}

/** The broker is restarted. By the schedule that takes no time: all stands still until it is back. */
export interface RestartPhase {
  readonly kind: "restart";
  /** How long a broker of our own stays down; a user's command takes what it takes. */
  readonly downMs: number;
  /** From the broker's return to the next CONNECT of those who lived; the plan's, or the group's, when absent. */
  readonly reconnectAfterMs?: number | "never";
  /** Clients come back up to so much later than they would, each as drawn. */
  readonly jitterMs?: number;
}

/** One phase of a run. */
export type PhasePlan = KillPhase | HoldPhase | ReturnPhase | RestartPhase;

/** What of a plan says how long it lasts. */
type Timed = Pick<FleetPlan, "phases" | "durationMs">;

/** The phases of a plan; one that says nothing of phases has one, in which clients are killed at its rate. */
export function phasesOf(plan: Pick<FleetPlan, "phases">): readonly PhasePlan[] {
  return plan.phases ?? [{ kind: "kill" }];
}

/** How long one phase lasts, in milliseconds. */
export function phaseDurationMs(plan: Timed, phase: PhasePlan): number {
  if (phase.kind === "restart") return 0;
  if (phase.kind !== "kill" || phase.durationMs !== undefined) return phase.durationMs!;
  return phase.rate === "once" ? 0 : plan.durationMs;
}

/** How long all phases last, in milliseconds. */
export function phasesDurationMs(plan: Timed): number {
  return phasesOf(plan).reduce((sum, phase) => sum + phaseDurationMs(plan, phase), 0);
}

/** Whether the broker is restarted in a run. */
export function restartsBroker(plan: Pick<FleetPlan, "phases">): boolean {
  return phasesOf(plan).some(({ kind }) => kind === "restart");
}
