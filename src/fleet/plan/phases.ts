import type { KillMode, KillShare } from "./kill_mode.ts";
import type { FleetPlan, PhasePlan } from "./plan.ts";

/** The parts of a plan that define its duration. */
type Timed = Pick<FleetPlan, "phases" | "durationMs">;

/** The phases of a plan; one without phases has one, with kills at the plan's rate. */
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

/** Whether a run restarts the broker. */
export function restartsBroker(plan: Pick<FleetPlan, "phases">): boolean {
  return phasesOf(plan).some(({ kind }) => kind === "restart");
}

/** Whether the fleet, a group or a phase of the plan uses a kill mode. */
export function drawsMode(plan: FleetPlan, wanted: KillMode): boolean {
  const parts: readonly { readonly killShares?: readonly KillShare[] | undefined }[] = [
    plan,
    ...plan.groups ?? [],
    ...phasesOf(plan).filter((phase) => phase.kind === "kill"),
  ];
  return parts.some(({ killShares }) => killShares?.some(({ mode, weight }) => mode === wanted && weight > 0));
}

/** The run waits for no will that falls due later than this after its client's end, unless `--drain` is longer. */
const longestWaitMs = 3_600_000;

/** How long after a client's end its will may fall due for the run to wait for it. */
export function longestWaitOf({ drainMs }: Pick<FleetPlan, "drainMs">): number {
  return Math.max(longestWaitMs, drainMs);
}
