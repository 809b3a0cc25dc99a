/** Wills on their way to subscribers: like any other message. */
import type { QoS } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import { holdsExpiry } from "./expiry.ts";
import { acknowledgesNext, oneByOne } from "./limits.ts";
import { nothingComes } from "./nothing_comes.ts";

const levels: readonly QoS[] = [0, 1, 2];

/** A will of one QoS, a subscription of another. */
function matrix(will: QoS, granted: QoS): ConformanceCase {
  const needs = Math.max(will, granted) === 2
    ? ["qos2" as const]
    : Math.max(will, granted) === 1
    ? ["qos1" as const]
    : [];
  const least = Math.min(will, granted);
  return {
    id: `will/qos-${will}-to-${granted}`,
    title: `a will of QoS ${will} comes once to a subscription of QoS ${granted}, at QoS ${least}`,
    does: `subscribes at QoS ${granted}, resets a client with a will of QoS ${will}, and checks the message`,
    rules: { "3.1.1": ["3.8.4-6", "3.1.2-14"], "5.0": ["3.8.4-8", "3.1.2-12"] },
    needs,
    deviations: ["qos-2-as-1"],
    async run(context) {
      const sent = context.will({ qos: will });
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(sent.topic, { qos: granted });
      (await context.connect({ will: sent })).reset();
      await watcher.receives(sent);
      await watcher.receivesNothing();
    },
  };
}

export const willDeliveryCases: readonly ConformanceCase[] = [
  ...levels.flatMap((will) => levels.map((granted) => matrix(will, granted))),
  {
    id: "will/qos-as-announced",
    title: "a will of QoS 2 is accepted, or refused if it is above Maximum QoS",
    does: "connects with a will of QoS 2, and compares the response with Maximum QoS in CONNACK",
    rules: { "5.0": ["3.2.2-12"] },
    deviations: ["qos-2-as-1"],
    async run(context) {
      const will = context.will({ qos: 2 });
      if ((context.announced.maximumQoS ?? 2) === 2) return void await context.connect({ will });
      const client = context.dial();
      client.exceeds = true;
      const { connack } = await client.send(context.connectPacket({ will })).expectRefused();
      context.holds(
        (connack?.reasonCode ?? 0x9b) === 0x9b,
        `CONNACK has 0x${connack?.reasonCode.toString(16)}, not 0x9b`,
      );
    },
  },
  {
    id: "will/to-each-subscriber",
    title: "each of several subscribers gets the will once",
    does: "five clients subscribe: resets one with a will, and checks all of them",
    rules: { "3.1.1": ["4.5.0-1"], "5.0": ["3.1.2-8"] },
    async run(context) {
      const will = context.will();
      const watchers = await Promise.all(levels.concat(levels).slice(0, 5).map(() => context.watcher()));
      (await context.connect({ will })).reset();
      await Promise.all(watchers.map((watcher) => watcher.receives(will)));
      await Promise.all(watchers.map((watcher) => watcher.receivesNothing()));
    },
  },
  {
    id: "will/to-nobody-else",
    title: "a subscriber whose filter does not match the will topic does not receive the will",
    does: "one client subscribes to another topic: resets a client with a will, and expects no message",
    rules: { "3.1.1": ["4.7.3-4"], "5.0": ["3.3.2-3"] },
    async run(context) {
      const stranger = await context.watcher(`${context.topic()}/below`);
      (await context.connect({ will: context.will() })).reset();
      await nothingComes(context, stranger, { topic: `${context.topic()}/below` });
    },
  },
  {
    id: "will/to-wildcards",
    title: "a will is delivered to subscriptions with + and #",
    does: "one client subscribes with + and one with #: resets a client with a will, and checks both",
    rules: { "3.1.1": ["4.7.1-2", "4.7.1-3"], "5.0": ["4.7.1-1", "4.7.1-2"] },
    needs: ["wildcard"],
    async run(context) {
      const will = context.will({ topic: context.topic("a/b") });
      const plus = await context.watcher(context.topic("+/b"), { name: "plus" });
      const hash = await context.watcher(context.topic("#"), { name: "hash" });
      (await context.connect({ will })).reset();
      await plus.receives(will);
      await hash.receives(will);
    },
  },
  {
    id: "will/to-one-who-is-away",
    title: "the broker queues a will for a persistent session that is offline",
    does: "subscribes in a persistent session, disconnects, resets a client with a will, reconnects, and waits for it",
    rules: { "3.1.1": ["3.1.2-5"], "5.0": ["3.1.2-23", "3.1.2-5"] },
    needs: ["qos1"],
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will();
      const away = (await context.watcher(will.topic, asked)).requiresGranted(1, will.topic);
      away.disconnect();
      await away.expectClose();
      (await context.connect({ will })).reset();
      await context.pause(context.bounds.silenceMs);
      const back = await context.connect({ name: "back", ...asked });
      await back.receives(will);
    },
  },
  {
    id: "will/to-itself",
    title: "a client with a persistent session receives its own will when it is subscribed to the topic",
    does: "subscribes to its own will's topic, sends RST, resumes the session, and waits for the will",
    rules: { "3.1.1": ["3.1.2-5"], "5.0": ["3.1.2-5"] },
    needs: ["qos1"],
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will();
      const client = await context.connect({ ...asked, will });
      await client.subscribe(will.topic);
      client.requiresGranted(1, will.topic).reset();
      await context.pause(context.bounds.silenceMs);
      const back = await context.connect({ name: "back", ...asked });
      await back.receives(will);
    },
  },
  {
    id: "will/no-local",
    title: "a client that subscribed with No Local does not get its own will",
    does: "subscribes to its own will's topic with No Local, sends RST, resumes the session, and expects no message",
    rules: { "5.0": ["3.8.3-3"] },
    needs: ["qos1"],
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ ...asked, will });
      await client.subscribe(will.topic, { noLocal: true });
      client.reset();
      await watcher.receives(will);
      const back = await context.connect({ name: "back", ...asked });
      await back.receivesNothing();
    },
  },
  {
    id: "will/shared",
    title: "a will is delivered to one of the clients that share a subscription",
    does: "three clients share the will's topic: resets one with a will, and counts",
    rules: { "5.0": ["4.8.2"] },
    needs: ["shared"],
    async run(context) {
      const will = context.will();
      const filter = `$share/group/${will.topic}`;
      const sharing = await Promise.all(levels.map(() => context.watcher(filter)));
      (await context.connect({ will })).reset();
      await context.pause(context.bounds.silenceMs);
      const came = sharing.flatMap((watcher) => watcher.take("publish")).length;
      context.holds(came === 1, `the will came ${came} times, not once`);
    },
  },
  {
    id: "will/subscription-identifier",
    title: "a will carries the Subscription Identifier of the matching subscription",
    does: "subscribes with identifier 4,711, resets a client with a will, and checks the identifier",
    rules: { "5.0": ["3.3.4-3", "3.3.4-4"] },
    needs: ["subscription-identifiers"],
    async run(context) {
      const will = context.will();
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(will.topic, {}, 4_711);
      (await context.connect({ will })).reset();
      const { packet } = await watcher.receives(will);
      const found = packet.properties?.subscriptionIdentifiers ?? [];
      context.holds(found.length === 1 && found[0] === 4_711, `its identifiers are [${found.join(", ")}], not [4711]`);
    },
  },
  {
    id: "will/maximum-packet-size",
    title: "a will that is larger than a subscriber accepts is not sent to it, and it stays connected",
    does: "subscribes with Maximum Packet Size 200 and without, resets a client with a will of 1,000 bytes, and checks",
    rules: { "5.0": ["3.1.2-24", "3.1.2-25"] },
    async run(context) {
      const will = context.will({ payload: new Uint8Array(1_000).fill(0x61) });
      const large = await context.watcher(will.topic, { name: "large" });
      const small = await context.watcher(will.topic, { name: "small", properties: { maximumPacketSize: 200 } });
      (await context.connect({ will })).reset();
      await large.receives(will);
      await small.receivesNothing();
      await small.ping();
    },
  },
  {
    id: "will/receive-maximum",
    title: "wills respect the Receive Maximum of a subscriber, and come as it acknowledges",
    does: "subscribes with Receive Maximum 1, resets clients with wills, and acknowledges three one after another",
    rules: { "5.0": ["3.3.4-9", "4.9.0-2"] },
    needs: ["qos1"],
    async run(context) {
      const watcher = (await context.watcher(context.topic(), { properties: { receiveMaximum: 1 } }))
        .requiresGranted(1, context.topic());
      await oneByOne(
        context,
        watcher,
        3,
        async () => void (await context.connect({ will: context.will({ qos: 1 }) })).reset(),
      );
    },
  },
  {
    id: "will/receive-maximum-loses-nothing",
    title: "a will beyond the Receive Maximum of a subscriber waits for its turn, and is not lost",
    does:
      "subscribes with Receive Maximum 1, resets three clients with wills, acknowledges one after another, and counts",
    rules: { "5.0": ["4.5.0-1", "4.3.2"] },
    needs: ["qos1"],
    async run(context) {
      const watcher = (await context.watcher(context.topic(), { properties: { receiveMaximum: 1 } }))
        .requiresGranted(1, context.topic());
      const wills = levels.map(() => context.will({ qos: 1 }));
      watcher.acknowledges = false;
      for (const will of wills) (await context.connect({ will })).reset();
      await context.pause(context.bounds.silenceMs);
      for (let count = 0; count < wills.length; count++) await acknowledgesNext(watcher);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/expired-for-one-who-is-away",
    title: "the broker does not deliver a will after its Message Expiry Interval",
    does:
      "creates a persistent session, disconnects, resets a client with a will of expiry 1 s, reconnects well after, and checks",
    rules: { "5.0": ["3.3.2-5"] },
    needs: ["qos1"],
    time: "clock",
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will({ properties: { messageExpiryIntervalS: 1 } });
      const away = (await context.watcher(will.topic, asked)).requiresGranted(1, will.topic);
      away.disconnect();
      await away.expectClose();
      (await context.connect({ will })).reset();
      await context.pause(1_000 + context.bounds.lateMs);
      const back = await context.connect({ name: "back", ...asked });
      await back.receivesNothing();
    },
  },
  {
    id: "will/expiry-counts-down",
    title: "a queued will carries the remaining Message Expiry Interval",
    does:
      "creates a persistent session, disconnects, resets a client with a will of expiry 60 s, reconnects after 2 s, and compares",
    rules: { "5.0": ["3.3.2-6"] },
    needs: ["qos1"],
    time: "clock",
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will({ properties: { messageExpiryIntervalS: 60 } });
      const away = (await context.watcher(will.topic, asked)).requiresGranted(1, will.topic);
      away.disconnect();
      await away.expectClose();
      const dead = (await context.connect({ will })).reset();
      const diedMs = dead.endedMs;
      await context.pause(2_100 + context.bounds.lateMs);
      const backMs = context.nowMs;
      const back = await context.connect({ name: "back", ...asked });
      const { packet, atMs } = await back.receives(will);
      // It was published no later than the bound after the end.
      const waited = { leastMs: backMs - diedMs - context.bounds.lateMs, mostMs: atMs - diedMs };
      holdsExpiry(context, packet.properties?.messageExpiryIntervalS, 60, waited);
    },
  },
];
