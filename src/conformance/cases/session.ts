/** Sessions: what is kept for a client that is away, and for how long. */
import type { ConformanceCase } from "../case.ts";

export const sessionCases: readonly ConformanceCase[] = [
  {
    id: "session/waiting-message",
    title: "a message that was published while a client was away waits for it",
    does: "subscribes in a session that lasts, leaves, publishes at QoS 1, comes back, and waits for the message",
    rules: { "3.1.1": ["3.1.2-5"], "5.0": ["3.1.2-5"] },
    needs: ["qos1"],
    async run(stage) {
      const asked = { clientId: stage.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const message = stage.message();
      const subscriber = await stage.watcher(message.topic, asked);
      subscriber.disconnect();
      await subscriber.expectClose();
      const publisher = await stage.connect({ name: "publisher" });
      await publisher.publish(message);
      const back = await stage.connect({ name: "back", ...asked });
      await back.receives(message);
    },
  },
];
