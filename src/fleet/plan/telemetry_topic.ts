/**
 * The topics that clients publish telemetry on.
 */
import type { FleetPlan } from "./plan.ts";

/** The topic of a client's telemetry. */
export function telemetryTopic({ run }: FleetPlan, client: number): string {
  return `mqtt-sim/${run}/telemetry/${client}`;
}
