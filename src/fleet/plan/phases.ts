import type { KillMode, KillShare } from "./kill_mode.ts";
import type { FleetPlan, NodeLossPhase, PhasePlan } from "./plan.ts";

/** The parts of a plan that define its duration. */
type Timed = Pick<FleetPlan, "phases" | "durationMs" | "nodes">;

/** The phases of a plan; one without phases has one, with kills at the plan's rate. */
export function phasesOf(plan: Pick<FleetPlan, "phases">): readonly PhasePlan[] {
  return plan.phases ?? [{ kind: "kill" }];
}

/** How long one phase lasts, in milliseconds. */
export function phaseDurationMs(plan: Timed, phase: PhasePlan): number {
  if (phase.kind === "restart") return 0;
  if (phase.kind === "node-loss") {
    return lostNodes(plan, phase).length * ((phase.drainMs ?? 0) + phase.downMs + phase.durationMs);
  }
  if (phase.kind !== "kill" || phase.durationMs !== undefined) return phase.durationMs!;
  return phase.rate === "once" ? 0 : plan.durationMs;
}

/** How long all phases last, in milliseconds. */
export function phasesDurationMs(plan: Timed): number {
  return phasesOf(plan).reduce((sum, phase) => sum + phaseDurationMs(plan, phase), 0);
}

/** The nodes that a phase stops, by their places in the plan. */
export function lostNodes({ nodes = [] }: Pick<FleetPlan, "nodes">, { nodes: lost }: NodeLossPhase): number[] {
  if (lost === "each") return nodes.map((_, node) => node);
  if (lost === "last") return nodes.length === 0 ? [] : [nodes.length - 1];
  return lost.map((name) => nodes.findIndex((node) => node.name === name)).filter((node) => node >= 0);
}

/** Whether a run restarts the broker, or stops nodes of the cluster. */
export function hasOutage(plan: Pick<FleetPlan, "phases">): boolean {
  return restartsBroker(plan) || losesNodes(plan);
}

/** Whether a run stops nodes of the cluster. */
export function losesNodes(plan: Pick<FleetPlan, "phases">): boolean {
  return phasesOf(plan).some(({ kind }) => kind === "node-loss");
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
