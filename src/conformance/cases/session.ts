/** Sessions: the state that the broker keeps for an offline client, and for how long. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { ConnectAsked, Stage } from "../context/case_context.ts";
import { holdsExpiry } from "./expiry.ts";
import { publishFrom } from "./subscribe.ts";

function lasting(stage: Stage, sessionExpiryS = 60): ConnectAsked {
  return { clientId: stage.clientId(), cleanStart: false, sessionExpiryS };
}

/** A client that leaves by DISCONNECT; the broker has taken note. */
async function leaves(client: Probe): Promise<void> {
  client.disconnect();
  await client.expectClose();
}

export const sessionCases: readonly ConformanceCase[] = [
  {
    id: "session/waiting-message",
    title: "a message that was published while a client was offline waits for it",
    does: "subscribes in a persistent session, disconnects, publishes at QoS 1, reconnects, and waits for the message",
    rules: { "3.1.1": ["3.1.2-5"], "5.0": ["3.1.2-5"] },
    needs: ["qos1"],
    async run(stage) {
      const asked = { clientId: stage.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const message = stage.message();
      const subscriber = (await stage.watcher(message.topic, asked)).requiresGranted(1, message.topic);
      subscriber.disconnect();
      await subscriber.expectClose();
      const publisher = await stage.connect({ name: "publisher" });
      await publisher.publish(message);
      const back = await stage.connect({ name: "back", ...asked });
      await back.receives(message);
    },
  },
  {
    id: "session/waiting-in-order",
    title: "messages that have waited come once each, in the order in which they were published",
    does: "keeps a subscription, disconnects, publishes 10 messages at QoS 1, reconnects, and checks their order",
    rules: { "3.1.1": ["3.1.2-5", "4.6.0-6"], "5.0": ["4.5.0-1", "4.6.0-5"] },
    needs: ["qos1"],
    async run(stage) {
      const asked = lasting(stage);
      await leaves((await stage.watcher(stage.topic(), asked)).requiresGranted(1, stage.topic()));
      const messages = Array.from({ length: 10 }, () => stage.message({ qos: 1 }));
      const publisher = await stage.connect({ name: "publisher" });
      for (const message of messages) await publisher.publish(message);
      const back = await stage.connect({ name: "back", ...asked });
      const decoder = new TextDecoder();
      for (const message of messages) {
        const [came, due] = [(await back.expect("publish")).payload, message.payload].map((each) =>
          decoder.decode(each)
        );
        stage.holds(came === due, `"${came}" came where "${due}" was due`);
      }
      await back.receivesNothing();
    },
  },
  {
    id: "session/waiting-qos-2",
    title: "a queued QoS 2 message is delivered once, at QoS 2",
    does: "keeps a subscription, disconnects, publishes at QoS 2, reconnects, and watches",
    rules: { "3.1.1": ["3.1.2-5"], "5.0": ["4.5.0-1"] },
    needs: ["qos2"],
    async run(stage) {
      const asked = lasting(stage);
      const message = stage.message({ qos: 2 });
      await leaves((await stage.watcher(message.topic, asked)).requiresGranted(1, message.topic));
      await publishFrom(stage, message);
      const back = await stage.connect({ name: "back", ...asked });
      await back.receives(message);
      await back.receivesNothing();
    },
  },
  {
    id: "session/subscriptions-stay",
    title: "a resumed session has its subscriptions",
    does: "subscribes, disconnects, reconnects without subscribing, publishes, and waits for the message",
    rules: { "3.1.1": ["3.1.2-4"], "5.0": ["3.1.2-5"] },
    async run(stage) {
      const asked = lasting(stage);
      const message = stage.message({ qos: 0 });
      await leaves(await stage.watcher(message.topic, asked));
      const back = await stage.connect({ name: "back", ...asked });
      await publishFrom(stage, message);
      await back.receives(message);
    },
  },
  {
    id: "session/after-reset",
    title: "a session outlives a connection that is reset",
    does: "subscribes, sends RST, publishes, reconnects, and waits for the message",
    rules: { "3.1.1": ["3.1.2-4", "3.1.2-5"], "5.0": ["3.1.2-23", "3.1.2-5"] },
    needs: ["qos1"],
    async run(stage) {
      const asked = lasting(stage);
      const message = stage.message({ qos: 1 });
      const first = (await stage.watcher(message.topic, asked)).requiresGranted(1, message.topic);
      first.reset();
      await publishFrom(stage, message);
      const back = await stage.connect({ name: "back", ...asked });
      stage.holds(back.connack!.sessionPresent, "Session Present is 0: the session was lost");
      await back.receives(message);
    },
  },
  {
    id: "session/taken-over",
    title: "a takeover hands the session to the new connection",
    does: "subscribes, connects again with the same identifier, publishes, and waits for the message",
    rules: { "3.1.1": ["3.1.2-4", "3.1.4-2"], "5.0": ["3.1.2-5", "3.1.4-3"] },
    async run(stage) {
      const asked = lasting(stage);
      const message = stage.message({ qos: 0 });
      const first = await stage.watcher(message.topic, asked);
      const second = await stage.connect({ name: "second", ...asked });
      await first.expectClose();
      stage.holds(second.connack!.sessionPresent, "Session Present is 0: the session was lost");
      await publishFrom(stage, message);
      await second.receives(message);
    },
  },
  {
    id: "session/clean-discards",
    title: "a clean start discards the existing session, with its subscriptions and queued messages",
    does: "keeps a subscription and a queued message, reconnects with clean start, publishes again, and watches",
    rules: { "3.1.1": ["3.1.2-6"], "5.0": ["3.1.2-4"] },
    needs: ["qos1"],
    async run(stage) {
      const asked = lasting(stage);
      await leaves(await stage.watcher(stage.topic(), asked));
      await publishFrom(stage, stage.message({ qos: 1 }));
      const clean = await stage.connect({ ...asked, name: "clean", cleanStart: true });
      await publishFrom(stage, stage.message({ qos: 1 }));
      await clean.receivesNothing();
    },
  },
  {
    id: "session/clean-is-not-kept",
    title: "a session that ends with its connection does not exist afterwards",
    does: "connects with a non-persistent session, disconnects, reconnects with Clean Start 0, and checks",
    rules: { "3.1.1": ["3.1.2-6"], "5.0": ["4.1.0-2"] },
    async run(stage) {
      const clientId = stage.clientId();
      await leaves(await stage.watcher(stage.topic(), { clientId, cleanStart: true }));
      const back = await stage.connect({ ...lasting(stage), clientId, name: "back" });
      stage.holds(!back.connack!.sessionPresent, "Session Present is 1: the session was kept");
      await publishFrom(stage, stage.message({ qos: 0 }));
      await back.receivesNothing();
    },
  },
  {
    id: "session/expires",
    title: "a session ends after its expiry interval",
    does: "disconnects with a Session Expiry Interval of 1 s, reconnects well after it, and checks Session Present",
    rules: { "5.0": ["4.1.0-2"] },
    time: "clock",
    async run(stage) {
      const asked = lasting(stage, 1);
      const client = await stage.connect(asked);
      await leaves(client);
      await stage.pauseUntil(client.endedMs, 1_000 + stage.bounds.lateMs);
      const { connack } = await stage.connect({ ...asked, name: "back" });
      stage.holds(!connack!.sessionPresent, "Session Present is 1: the session has not ended");
    },
  },
  {
    id: "session/expires-not-early",
    title: "a session exists until its expiry interval is over",
    does: "disconnects with a Session Expiry Interval of 4 s, reconnects after 2 s, and checks Session Present",
    rules: { "5.0": ["3.1.2-23"] },
    time: "clock",
    async run(stage) {
      const asked = lasting(stage, 4);
      const client = await stage.connect(asked);
      await leaves(client);
      await stage.pauseUntil(client.endedMs, 2_000);
      const { connack } = await stage.connect({ ...asked, name: "back" });
      const granted = client.connack?.properties?.sessionExpiryIntervalS ?? 4;
      stage.requires(granted >= 4, `the server has set the expiry to ${granted} s`);
      stage.holds(connack!.sessionPresent, "Session Present is 0: the session has ended early");
    },
  },
  {
    id: "session/waiting-message-expires",
    title: "a message that waited longer than its expiry interval is not sent",
    does:
      "keeps a subscription, disconnects, publishes with an expiry of 1 s and of 60 s, reconnects well after 1 s, and checks",
    rules: { "5.0": ["3.3.2-5", "3.3.2-6"] },
    needs: ["qos1"],
    time: "clock",
    async run(stage) {
      const asked = lasting(stage);
      await leaves((await stage.watcher(stage.topic(), asked)).requiresGranted(1, stage.topic()));
      const [short, long] = [1, 60].map((messageExpiryIntervalS) =>
        stage.message({ qos: 1, properties: { messageExpiryIntervalS } })
      );
      await publishFrom(stage, short!);
      const fromMs = stage.nowMs;
      await publishFrom(stage, long!);
      const publishedMs = stage.nowMs;
      await stage.pauseUntil(publishedMs, 1_000 + stage.bounds.lateMs);
      const leastMs = stage.nowMs - publishedMs;
      const back = await stage.connect({ name: "back", ...asked });
      const { packet, atMs } = await back.receives(long!);
      holdsExpiry(stage, packet.properties?.messageExpiryIntervalS, 60, { leastMs, mostMs: atMs - fromMs });
      await back.receivesNothing();
    },
  },
];
