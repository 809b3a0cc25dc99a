/**
 * The topics of messages that are no wills: telemetry, and those that fill the output to a client.
 */
import type { FleetPlan } from "./plan.ts";

/** The topic on which a client that is about to stall publishes to itself. */
export function stallTopic({ run }: FleetPlan, client: number): string {
  return `mqtt-sim/${run}/stall/${client}`;
}

/** The topic of a client's telemetry. */
export function telemetryTopic({ run }: FleetPlan, client: number): string {
  return `mqtt-sim/${run}/telemetry/${client}`;
}
