/** Limits that the two sides tell each other (5.0), and what happens at them. */
import type { ConformanceCase } from "../case.ts";

export const limitCases: readonly ConformanceCase[] = [
  {
    id: "limits/receive-maximum",
    title: "no more than Receive Maximum messages are sent without an acknowledgement",
    does: "subscribes with Receive Maximum 2, acknowledges nothing of five messages, and counts",
    rules: { "5.0": ["3.3.4-9"] },
    needs: ["qos1"],
    async run(stage) {
      const watcher = await stage.watcher(stage.topic(), { properties: { receiveMaximum: 2 } });
      watcher.acknowledges = false;
      const publisher = await stage.connect({ name: "publisher" });
      for (let count = 0; count < 5; count++) await publisher.publish(stage.message());
      await stage.pause(stage.bounds.silenceMs);
      const came = watcher.take("publish").length;
      stage.holds(came === 2, `${came} messages came without an acknowledgement, not 2`);
    },
  },
];
