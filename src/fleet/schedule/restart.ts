/**
 * A restart of the broker as plain data: for the plan, the recorder and the report.
 */
import { mix } from "../../base/random.ts";
import type { FleetPlan, NodeLossPhase, RestartPhase } from "../plan/plan.ts";

/** The number that separates this draw from others about the same client. */
const jitterDraw = 6;

/**
 * From the broker's return, or the loss of a node, to a client's next CONNECT, or never: drawn by the seed alone, so that the schedule and the
 * client agree.
 *
 * @param plan the plan with the settings of the client's group
 * @param restart the number of the outage in the run, from 0
 */
export function backAfterRestartMs(
  phase: RestartPhase | NodeLossPhase,
  plan: FleetPlan,
  client: number,
  restart: number,
): number | "never" {
  const afterMs = phase.reconnectAfterMs ?? plan.reconnectAfterMs;
  if (afterMs === "never" || phase.jitterMs === undefined) return afterMs;
  return afterMs + mix(plan.seed, client, restart, jitterDraw) / 0x1_0000_0000 * phase.jitterMs;
}
