/** Publishing at each QoS: what is answered, and what arrives how often. */
import type { ConformanceCase } from "../case.ts";

export const publishCases: readonly ConformanceCase[] = [
  {
    id: "publish/qos-2",
    title: "a message at QoS 2 is answered by PUBREC and PUBCOMP, and arrives once",
    does: "publishes at QoS 2, goes through both answers, and watches",
    rules: { "3.1.1": ["4.3.3-2"], "5.0": ["4.3.3-8", "4.3.3-11"] },
    needs: ["qos2"],
    async run(stage) {
      const message = stage.message({ qos: 2 });
      const watcher = await stage.watcher(message.topic);
      const publisher = await stage.connect({ name: "publisher" });
      await publisher.publish(message);
      await watcher.receives(message);
      await watcher.receivesNothing();
    },
  },
];
