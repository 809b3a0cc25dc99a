/**
 * The topics that clients publish telemetry on.
 */
import type { FleetPlan } from "./plan.ts";

/** Where a client's telemetry goes. */
export function telemetryTopic({ run }: FleetPlan, client: number): string {
  return `mqtt-sim/${run}/telemetry/${client}`;
}
