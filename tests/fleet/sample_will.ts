/** Wills as a watcher receives them. */
import { type Life, willOf } from "../../src/fleet/life/life.ts";
import type { FleetPlan } from "../../src/fleet/plan/plan.ts";
import type { SeenWill } from "../../src/fleet/oracle/will_compare.ts";
import type { PublishPacket } from "../../src/mqtt/packet.ts";

/** A 5.0 watcher that was granted all it asked for, and a 3.1.1 one. */
export const watcher5: SeenWill = { version: 5, grantedQos: 2 };
export const watcher311: SeenWill = { version: 4, grantedQos: 2 };

/** The life's will, delivered as it must be; a watcher of 3.1.1 sees neither properties nor retain flag. */
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
