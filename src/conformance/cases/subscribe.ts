/** SUBSCRIBE and UNSUBSCRIBE: answers, granted QoS, filters and options. */
import type { ConformanceCase } from "../case.ts";

export const subscribeCases: readonly ConformanceCase[] = [
  {
    id: "subscribe/suback-id",
    title: "SUBACK has the packet identifier of its SUBSCRIBE",
    does: "subscribes with packet identifier 47,802, and looks at the SUBACK",
    rules: { "3.1.1": ["3.8.4-1", "3.8.4-2"], "5.0": ["3.8.4-1", "3.8.4-2"] },
    async run(stage) {
      const client = await stage.connect();
      const packetId = 0xbaba;
      client.send({ type: "subscribe", packetId, subscriptions: [{ topicFilter: stage.topic(), qos: 0 }] });
      const suback = await client.expect("suback");
      stage.holds(suback.packetId === packetId, `SUBACK has packet identifier ${suback.packetId}, not ${packetId}`);
    },
  },
];
