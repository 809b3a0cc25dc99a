/**
 * The actions of a run on the broker as a whole or on its nodes, in the order in which the schedule requests them: a
 * squad names one by its number.
 */
import { lostNodes, phasesOf } from "../plan/phases.ts";
import type { FleetPlan, RestartPhase } from "../plan/plan.ts";

/** One action. */
export type OutageStep =
  | { readonly act: "restart"; readonly phase: RestartPhase }
  /** `node`: its place in the plan. */
  | { readonly act: "stop" | "start"; readonly node: number };

/** The actions of a plan. */
export function outageSteps(plan: Pick<FleetPlan, "phases" | "nodes">): OutageStep[] {
  return phasesOf(plan).flatMap((phase): OutageStep[] => {
    if (phase.kind === "restart") return [{ act: "restart", phase }];
    if (phase.kind !== "node-loss") return [];
    return lostNodes(plan, phase).flatMap((node): OutageStep[] => [{ act: "stop", node }, { act: "start", node }]);
  });
}
