/** Sessions: the state that the broker keeps for an offline client, and for how long. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext, ConnectAsked } from "../context/case_context.ts";
import { holdsExpiry } from "./expiry.ts";
import { publishFrom } from "./subscribe.ts";

function lasting(context: CaseContext, sessionExpiryS = 60): ConnectAsked {
  return { clientId: context.clientId(), cleanStart: false, sessionExpiryS };
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
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const message = context.message();
      const subscriber = (await context.watcher(message.topic, asked)).requiresGranted(1, message.topic);
      subscriber.disconnect();
      await subscriber.expectClose();
      const publisher = await context.connect({ name: "publisher" });
      await publisher.publish(message);
      const back = await context.connect({ name: "back", ...asked });
      await back.receives(message);
    },
  },
  {
    id: "session/waiting-in-order",
    title: "messages that have waited come once each, in the order in which they were published",
    does: "keeps a subscription, disconnects, publishes 10 messages at QoS 1, reconnects, and checks their order",
    rules: { "3.1.1": ["3.1.2-5", "4.6.0-6"], "5.0": ["4.5.0-1", "4.6.0-5"] },
    needs: ["qos1"],
    async run(context) {
      const asked = lasting(context);
      await leaves((await context.watcher(context.topic(), asked)).requiresGranted(1, context.topic()));
      const messages = Array.from({ length: 10 }, () => context.message({ qos: 1 }));
      const publisher = await context.connect({ name: "publisher" });
      for (const message of messages) await publisher.publish(message);
      const back = await context.connect({ name: "back", ...asked });
      const decoder = new TextDecoder();
      for (const message of messages) {
        const [came, due] = [(await back.expect("publish")).payload, message.payload].map((each) =>
          decoder.decode(each)
        );
        context.holds(came === due, `"${came}" came where "${due}" was due`);
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
    async run(context) {
      const asked = lasting(context);
      const message = context.message({ qos: 2 });
      await leaves((await context.watcher(message.topic, asked)).requiresGranted(1, message.topic));
      await publishFrom(context, message);
      const back = await context.connect({ name: "back", ...asked });
      await back.receives(message);
      await back.receivesNothing();
    },
  },
  {
    id: "session/subscriptions-stay",
    title: "a resumed session has its subscriptions",
    does: "subscribes, disconnects, reconnects without subscribing, publishes, and waits for the message",
    rules: { "3.1.1": ["3.1.2-4"], "5.0": ["3.1.2-5"] },
    async run(context) {
      const asked = lasting(context);
      const message = context.message({ qos: 0 });
      await leaves(await context.watcher(message.topic, asked));
      const back = await context.connect({ name: "back", ...asked });
      await publishFrom(context, message);
      await back.receives(message);
    },
  },
  {
    id: "session/after-reset",
    title: "a session outlives a connection that is reset",
    does: "subscribes, sends RST, publishes, reconnects, and waits for the message",
    rules: { "3.1.1": ["3.1.2-4", "3.1.2-5"], "5.0": ["3.1.2-23", "3.1.2-5"] },
    needs: ["qos1"],
    async run(context) {
      const asked = lasting(context);
      const message = context.message({ qos: 1 });
      const first = (await context.watcher(message.topic, asked)).requiresGranted(1, message.topic);
      first.reset();
      await publishFrom(context, message);
      const back = await context.connect({ name: "back", ...asked });
      context.holds(back.connack!.sessionPresent, "Session Present is 0: the session was lost");
      await back.receives(message);
    },
  },
  {
    id: "session/taken-over",
    title: "a takeover hands the session to the new connection",
    does: "subscribes, connects again with the same identifier, publishes, and waits for the message",
    rules: { "3.1.1": ["3.1.2-4", "3.1.4-2"], "5.0": ["3.1.2-5", "3.1.4-3"] },
    async run(context) {
      const asked = lasting(context);
      const message = context.message({ qos: 0 });
      const first = await context.watcher(message.topic, asked);
      const second = await context.connect({ name: "second", ...asked });
      await first.expectClose();
      context.holds(second.connack!.sessionPresent, "Session Present is 0: the session was lost");
      await publishFrom(context, message);
      await second.receives(message);
    },
  },
  {
    id: "session/clean-discards",
    title: "a clean start discards the existing session, with its subscriptions and queued messages",
    does: "keeps a subscription and a queued message, reconnects with clean start, publishes again, and watches",
    rules: { "3.1.1": ["3.1.2-6"], "5.0": ["3.1.2-4"] },
    needs: ["qos1"],
    async run(context) {
      const asked = lasting(context);
      await leaves(await context.watcher(context.topic(), asked));
      await publishFrom(context, context.message({ qos: 1 }));
      const clean = await context.connect({ ...asked, name: "clean", cleanStart: true });
      await publishFrom(context, context.message({ qos: 1 }));
      await clean.receivesNothing();
    },
  },
  {
    id: "session/clean-is-not-kept",
    title: "a session that ends with its connection does not exist afterwards",
    does: "connects with a non-persistent session, disconnects, reconnects with Clean Start 0, and checks",
    rules: { "3.1.1": ["3.1.2-6"], "5.0": ["4.1.0-2"] },
    async run(context) {
      const clientId = context.clientId();
      await leaves(await context.watcher(context.topic(), { clientId, cleanStart: true }));
      const back = await context.connect({ ...lasting(context), clientId, name: "back" });
      context.holds(!back.connack!.sessionPresent, "Session Present is 1: the session was kept");
      await publishFrom(context, context.message({ qos: 0 }));
      await back.receivesNothing();
    },
  },
  {
    id: "session/expires",
    title: "a session ends after its expiry interval",
    does: "disconnects with a Session Expiry Interval of 1 s, reconnects well after it, and checks Session Present",
    rules: { "5.0": ["4.1.0-2"] },
    time: "clock",
    async run(context) {
      const asked = lasting(context, 1);
      const client = await context.connect(asked);
      await leaves(client);
      await context.pauseUntil(client.endedMs, 1_000 + context.bounds.lateMs);
      const { connack } = await context.connect({ ...asked, name: "back" });
      context.holds(!connack!.sessionPresent, "Session Present is 1: the session has not ended");
    },
  },
  {
    id: "session/expires-not-early",
    title: "a session exists until its expiry interval is over",
    does: "disconnects with a Session Expiry Interval of 4 s, reconnects after 2 s, and checks Session Present",
    rules: { "5.0": ["3.1.2-23"] },
    time: "clock",
    async run(context) {
      const asked = lasting(context, 4);
      const client = await context.connect(asked);
      await leaves(client);
      await context.pauseUntil(client.endedMs, 2_000);
      const { connack } = await context.connect({ ...asked, name: "back" });
      const granted = client.connack?.properties?.sessionExpiryIntervalS ?? 4;
      context.requires(granted >= 4, `the server has set the expiry to ${granted} s`);
      context.holds(connack!.sessionPresent, "Session Present is 0: the session has ended early");
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
    async run(context) {
      const asked = lasting(context);
      await leaves((await context.watcher(context.topic(), asked)).requiresGranted(1, context.topic()));
      const [short, long] = [1, 60].map((messageExpiryIntervalS) =>
        context.message({ qos: 1, properties: { messageExpiryIntervalS } })
      );
      await publishFrom(context, short!);
      const fromMs = context.nowMs;
      await publishFrom(context, long!);
      const publishedMs = context.nowMs;
      await context.pauseUntil(publishedMs, 1_000 + context.bounds.lateMs);
      const leastMs = context.nowMs - publishedMs;
      const back = await context.connect({ name: "back", ...asked });
      const { packet, atMs } = await back.receives(long!);
      holdsExpiry(context, packet.properties?.messageExpiryIntervalS, 60, { leastMs, mostMs: atMs - fromMs });
      await back.receivesNothing();
    },
  },
];
