/** Shared subscriptions (5.0): each message to one of those who share. */
import type { ConformanceCase } from "../case.ts";

export const sharedCases: readonly ConformanceCase[] = [
  {
    id: "shared/one-of-two",
    title: "a message goes to one of the clients that share a subscription",
    does: "lets two clients share a filter, publishes one message, and counts what came to both",
    rules: { "5.0": ["4.8.2"] },
    needs: ["shared"],
    async run(stage) {
      const message = stage.message();
      const filter = `$share/group/${message.topic}`;
      const both = [await stage.watcher(filter), await stage.watcher(filter)];
      const publisher = await stage.connect({ name: "publisher" });
      await publisher.publish(message);
      await stage.pause(stage.bounds.silenceMs);
      const came = both.flatMap((watcher) => watcher.take("publish"));
      stage.holds(came.length === 1, `the message came ${came.length} times, not once`);
    },
  },
];
