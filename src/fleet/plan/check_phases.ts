import { formatCount } from "../../base/units.ts";
import { Groups } from "./groups.ts";
import { phasesOf } from "./phases.ts";
import type { FleetPlan, KillPhase, NodeLossPhase, PhasePlan, RestartPhase } from "./plan.ts";
import { planOptions } from "./plan_options.ts";
import { checkTogether, type PlanFault, type Refuse } from "./plan_rules.ts";

const mostPhases = 1_000;

/** Bounds of the times in phases. */
export const phaseLimits = {
  shortestKillMs: planOptions.durationMs.value.min,
  longestMs: planOptions.durationMs.value.max,
  longestDownMs: planOptions.restartTimeoutMs.value.max,
} as const;

const { shortestKillMs, longestMs, longestDownMs } = phaseLimits;

/** All that does not go in a plan's phases; its groups are sound. */
export function phaseFaults(plan: FleetPlan): PlanFault[] {
  if (plan.phases === undefined) return [];
  const { phases } = plan;
  const whole = (sentence: string): PlanFault[] => [{ path: ["phases"], sentence }];
  if (phases.length > mostPhases) {
    return whole(`Cannot use ${phases.length} phases: expected at most ${formatCount(mostPhases)}`);
  }
  if (!phases.some(({ kind }) => kind === "kill" || kind === "restart" || kind === "node-loss")) {
    return whole(
      "Cannot use phases without kills: expected at least one that kills clients, stops a node or restarts the broker",
    );
  }
  return phasesOf(plan).flatMap((phase, place) => faultsOf(plan, phase, place));
}

function faultsOf(plan: FleetPlan, phase: PhasePlan, place: number): PlanFault[] {
  const faults: PlanFault[] = [];
  const refuse: Refuse = (field, what, allowed) => {
    const path = ["phases", place, ...field in phase ? [field] : []];
    faults.push({ path, sentence: `Cannot use ${what} in phase ${place + 1}: expected ${allowed}` });
  };
  if (phase.kind === "restart") checkRestart(phase, refuse);
  if (phase.kind === "node-loss") checkNodeLoss(plan, phase, refuse);
  if (phase.kind === "restart" || phase.kind === "node-loss") return faults;
  const shortestMs = phase.kind === "kill" && phase.rate !== "once" ? shortestKillMs : 0;
  const { durationMs } = phase;
  if (durationMs !== undefined && !(durationMs >= shortestMs && durationMs <= longestMs)) {
    refuse("durationMs", `${durationMs} ms`, `${shortestMs} to ${formatCount(longestMs)} ms`);
  }
  if (phase.kind === "hold") return faults;
  checkGroups(plan, phase.groups, refuse);
  if (faults.length === 0 && phase.kind === "kill") checkKill(plan, phase, refuse);
  return faults;
}

function checkGroups({ groups = [] }: FleetPlan, named: readonly string[] | undefined, refuse: Refuse): void {
  if (named === undefined) return;
  if (named.length === 0) refuse("groups", "no groups", "at least one; without the entry: all groups");
  const unknown = named.find((name) => !groups.some((group) => group.name === name));
  if (unknown === undefined) return;
  const known = groups.map(({ name }) => name).join(", ");
  refuse(
    "groups",
    `group ${JSON.stringify(unknown)}`,
    known === "" ? "no groups, because the plan has none" : `one of ${known}`,
  );
}

function checkKill(plan: FleetPlan, phase: KillPhase, refuse: Refuse): void {
  const { rate, killShares } = phase;
  if (rate !== undefined && rate !== "once") {
    if (!(rate.perSecond >= 0)) refuse("rate", "this rate", "0 or more kills a second");
    if (rate.kind === "fraction" && rate.perSecond > 1) refuse("rate", "this rate", "at most 100% each second");
  }
  checkReturn(phase, refuse);
  if (killShares === undefined) return;
  const groups = new Groups(plan, "mix");
  const refused = new Set<string>();
  for (const group of groups.named(phase.groups)) {
    checkTogether({ ...groups.plans[group]!, killShares }, (_, what, allowed) => {
      if (!refused.has(what)) refuse("killShares", what, allowed);
      refused.add(what);
    });
  }
}

/** When the clients that a phase has ended reconnect. */
function checkReturn(
  { jitterMs, reconnectAfterMs }: KillPhase | RestartPhase | NodeLossPhase,
  refuse: Refuse,
): void {
  if (jitterMs !== undefined && !(jitterMs >= 0 && jitterMs <= longestMs)) {
    refuse("jitterMs", "this jitter", "0 or more");
  }
  if (typeof reconnectAfterMs === "number" && !(reconnectAfterMs >= 0)) {
    refuse("reconnectAfterMs", "this time to reconnect", "0 or more, or never");
  }
}

function checkRestart(phase: RestartPhase, refuse: Refuse): void {
  if (!(phase.downMs >= 0 && phase.downMs <= longestDownMs)) {
    refuse("downMs", `${phase.downMs} ms`, `0 to ${formatCount(longestDownMs)} ms without a broker`);
  }
  checkReturn(phase, refuse);
}

function checkNodeLoss({ nodes }: FleetPlan, phase: NodeLossPhase, refuse: Refuse): void {
  if (nodes === undefined) return refuse("kind", "a node loss without nodes", "--node for each node of a cluster");
  const named = typeof phase.nodes === "string" ? [] : phase.nodes;
  if (typeof phase.nodes !== "string" && named.length === 0) refuse("nodes", "no nodes", "at least one");
  const unknown = named.find((name) => !nodes.some((node) => node.name === name));
  if (unknown !== undefined) {
    const known = nodes.map(({ name }) => name).join(", ");
    refuse("nodes", `node ${JSON.stringify(unknown)}`, `one of ${known}, each or last`);
  }
  for (const field of ["downMs", "durationMs", "drainMs"] as const) {
    const ms = phase[field] ?? 0;
    if (!(ms >= 0 && ms <= longestMs)) refuse(field, `${ms} ms`, `0 to ${formatCount(longestMs)} ms`);
  }
  checkReturn(phase, refuse);
}
