/**
 * How long a client waits for a close that the broker owes, before the fleet ends the connection itself.
 */
import type { Life } from "../life/life.ts";
import type { FleetPlan } from "../plan/plan.ts";

/**
 * The instant until which a client waits for the broker: as long as the plan waits for a will. A will that follows the
 * fleet's own action answers that action, so the fleet must not act while the broker's will may still arrive.
 */
export function closeDeadlineMs(
  life: Life,
  { lateAfterMs, drainMs }: Pick<FleetPlan, "lateAfterMs" | "drainMs">,
  nowMs: number,
): number {
  return Math.max(nowMs, noticedMs(life)) + lateAfterMs + drainMs;
}

/** When the broker must have noticed that a life is over. */
export function noticedMs({ end, lastPacketMs, keepAliveS }: Life): number {
  return end!.silent ? lastPacketMs + keepAliveS * 1_500 : end!.doneMs;
}

/** A client that leaves waits no longer than this until the broker has answered for its last message. */
export const partWithinMs = 2_000;
