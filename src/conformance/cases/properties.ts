/** Properties of 5.0: what travels with a message, and what does not. */
import type { ConformanceCase } from "../case.ts";

export const propertyCases: readonly ConformanceCase[] = [
  {
    id: "properties/user-properties",
    title: "user properties of a message arrive unaltered and in order, repeated names too",
    does: "publishes with three user properties, one name twice, and compares",
    rules: { "5.0": ["3.3.2-17", "3.3.2-18"] },
    async run(stage) {
      const userProperties = [["b", "1"], ["a", "2"], ["b", "3"]] as const;
      const message = stage.message({ properties: { userProperties } });
      const watcher = await stage.watcher(message.topic);
      const publisher = await stage.connect({ name: "publisher" });
      await publisher.publish(message);
      await watcher.receives(message);
    },
  },
];
