/**
 * A restart of the broker as plain data: what a plan asks for, what the recorder knows of it, and what the report has
 * of it.
 */
import { mix } from "../../base/random.ts";
import type { FleetPlan, RestartPhase } from "../plan/plan.ts";

/** What tells this draw from others about the same client. */
const jitterDraw = 6;

/**
 * From the broker's return to a client's next CONNECT, or never: drawn by the seed alone, so that the schedule and the
 * client say the same.
 *
 * @param plan as it holds for the client
 * @param restart which restart of the run it is, from 0
 */
export function backAfterRestartMs(
  phase: RestartPhase,
  plan: FleetPlan,
  client: number,
  restart: number,
): number | "never" {
  const afterMs = phase.reconnectAfterMs ?? plan.reconnectAfterMs;
  if (afterMs === "never" || phase.jitterMs === undefined) return afterMs;
  return afterMs + mix(plan.seed, client, restart, jitterDraw) / 0x1_0000_0000 * phase.jitterMs;
}
