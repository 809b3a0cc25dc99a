/** Retained messages: what a later subscriber finds. */
import type { ConformanceCase } from "../case.ts";

export const retainedCases: readonly ConformanceCase[] = [
  {
    id: "retained/late-subscriber",
    title: "a later subscriber gets the retained message, with the flag set",
    does: "publishes with retain 1, subscribes afterwards, and looks at what comes",
    rules: { "3.1.1": ["3.3.1-5", "3.3.1-6", "3.3.1-8"], "5.0": ["3.3.1-5"] },
    needs: ["retain"],
    async run(stage) {
      const message = stage.message({ retain: true });
      const publisher = await stage.connect({ name: "publisher" });
      await publisher.publish(message);
      await publisher.ping();
      const watcher = await stage.watcher(message.topic);
      await watcher.finds(message);
    },
  },
];
