/**
 * How long a client that is dead waits for the broker to notice, before it comes back.
 */
import type { Life } from "./life.ts";
import type { FleetPlan } from "./plan.ts";

/** Past the instant from which its will is late, a silent client waits so long for it before it comes back. */
const patienceMs = 10_000;

/** Until when a client waits for the broker to notice its end, before it comes back all the same. */
export function patientUntilMs(life: Life, { lateAfterMs }: FleetPlan, nowMs: number): number {
  const delayed = Math.min(life.delayS, life.sessionExpiryS) > 0;
  return Math.max(nowMs, noticedMs(life)) + lateAfterMs + (delayed && life.end!.silent ? 0 : patienceMs);
}

/** When the broker must have noticed that a life is over. */
export function noticedMs({ end, lastPacketMs, keepAliveS }: Life): number {
  return end!.silent ? lastPacketMs + keepAliveS * 1_500 : end!.doneMs;
}
