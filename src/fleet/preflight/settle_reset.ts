/**
 * Kills of mode reset where no RST can be sent: they become closes.
 */
import type { KillShare } from "../plan/kill_mode.ts";
import { planDefaults } from "../plan/make_plan.ts";
import type { FleetPlan, FleetRun } from "../plan/plan.ts";
import type { Notice } from "../result/result.ts";
import { killsByReset } from "./rst_self_test.ts";

/** Why no RST can be sent. */
type NoReset = "unix" | "runtime";

const why: Readonly<Record<NoReset, string>> = {
  unix: "a Unix socket has no TCP reset",
  runtime: "this runtime cannot send a TCP reset (it takes Deno 2.8 or later)",
};

/** The plan for this broker and runtime; a warning where a requested reset becomes a close. */
export async function settleReset(
  { plan, target, nodes = [target], engine = "deno" }: FleetRun,
  notify: (notice: Notice) => void,
): Promise<FleetPlan> {
  const parts = [plan, ...plan.groups ?? [], ...plan.phases ?? []];
  if (!parts.some((part) => "killShares" in part && resets(part.killShares))) return plan;
  const overUnix = nodes.some(({ transport }) => transport === "unix");
  if (!overUnix && await killsByReset(engine)) return plan;
  return withoutReset(plan, overUnix ? "unix" : "runtime", notify);
}

/** The plan with a close in place of each reset. The usual mix adapts to Unix sockets: only a requested reset has a warning. */
export function withoutReset(plan: FleetPlan, reason: NoReset, notify: (notice: Notice) => void): FleetPlan {
  const { groups, phases } = plan;
  if (reason !== "unix" || requestsReset(plan)) {
    notify({ level: "warning", text: `${why[reason]}: kills of mode reset are executed and counted as close` });
  }
  return Object.freeze({
    ...closingFor(plan),
    ...groups && { groups: groups.map(closingFor) },
    ...phases && { phases: phases.map((phase) => phase.kind === "kill" ? closingFor(phase) : phase) },
  });
}

/** Whether the plan, a group or a phase names reset, beyond the usual mix. */
function requestsReset({ killShares, groups = [], phases = [] }: FleetPlan): boolean {
  const named = [...groups, ...phases, ...killShares === planDefaults.killShares ? [] : [{ killShares }]];
  return named.some((part) => "killShares" in part && resets(part.killShares));
}

function resets(shares: readonly KillShare[] | undefined): boolean {
  return shares?.some(({ mode, weight }) => mode === "reset" && weight > 0) ?? false;
}

/** The same with the shares of reset and close as one. */
function closingFor<Part extends { readonly killShares?: readonly KillShare[] }>(part: Part): Part {
  const { killShares } = part;
  if (killShares === undefined || !resets(killShares)) return part;
  const isEnd = ({ mode }: KillShare) => mode === "reset" || mode === "close";
  const weight = killShares.filter(isEnd).reduce((sum, share) => sum + share.weight, 0);
  return { ...part, killShares: [{ mode: "close", weight }, ...killShares.filter((share) => !isEnd(share))] };
}
