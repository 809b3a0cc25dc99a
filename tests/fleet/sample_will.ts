/** Wills as a watcher receives them. */
import { type Life, willOf } from "../../src/fleet/life/life.ts";
import type { FleetPlan } from "../../src/fleet/plan/plan.ts";
import type { SeenWill } from "../../src/fleet/oracle/will_compare.ts";
import type { PublishPacket } from "../../src/mqtt/packet.ts";

/** A 5.0 watcher with every requested QoS and option granted, and a 3.1.1 watcher. */
export const watcher5: SeenWill = { version: 5, grantedQos: 2 };
export const watcher311: SeenWill = { version: 4, grantedQos: 2 };

/** The correct delivery of the life's will; a 3.1.1 watcher sees neither properties nor the retain flag. */
export function aWill(plan: FleetPlan, life: Life, over: Partial<PublishPacket> = {}, seen = watcher5): PublishPacket {
  const { topic, payload, properties } = willOf(plan, life);
  const { qos, retain } = life;
  return {
    type: "publish",
    dup: false,
    qos,
    retain: seen.version === 5 && retain,
    topic,
    payload,
    ...qos > 0 && { packetId: 1 },
    ...seen.version === 5 && properties && { properties },
    ...over,
  };
}
