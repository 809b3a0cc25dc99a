/** SUBSCRIBE and SUBACK: the answers, the granted QoS, and the effect of a second subscription. */
import type { QoS, Subscription } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import { hexByte } from "../probe/packet_text.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";

const allQos: readonly QoS[] = [0, 1, 2];

/** SUBSCRIBE with several filters in one packet; returns the codes. */
async function subscribeAll(probe: Probe, subscriptions: readonly Subscription[]): Promise<readonly number[]> {
  const packetId = probe.nextPacketId();
  probe.send({ type: "subscribe", packetId, subscriptions });
  return (await probe.expect("suback", (suback) => suback.packetId === packetId)).reasonCodes;
}

/** The case is not testable where the broker refuses one of the subscriptions, as it may. [MQTT5 3.8.4-7] */
export function requiresGranted(context: CaseContext, codes: readonly number[]): void {
  const refused = codes.find((code) => code >= 0x80);
  context.requires(refused === undefined, `the broker refused the subscription with ${hexByte(refused ?? 0)}`);
}

/** Publishes, and knows that the broker has dealt with it. */
export async function publishFrom(context: CaseContext, message: Parameters<Probe["publish"]>[0]): Promise<Probe> {
  const publisher = await context.connect({ name: "publisher" });
  await publisher.publish(message);
  await publisher.ping();
  return publisher;
}

export const subscribeCases: readonly ConformanceCase[] = [
  {
    id: "subscribe/suback-id",
    title: "SUBACK has the packet identifier of its SUBSCRIBE",
    does: "subscribes with packet identifier 47,802, and checks the SUBACK",
    rules: { "3.1.1": ["3.8.4-1", "3.8.4-2"], "5.0": ["3.8.4-1", "3.8.4-2"] },
    async run(context) {
      const client = await context.connect();
      const packetId = 0xbaba;
      client.send({ type: "subscribe", packetId, subscriptions: [{ topicFilter: context.topic(), qos: 0 }] });
      const suback = await client.expect("suback");
      context.holds(suback.packetId === packetId, `SUBACK has packet identifier ${suback.packetId}, not ${packetId}`);
    },
  },
  {
    id: "subscribe/granted-qos",
    title: "SUBACK grants at most the requested QoS, by a code of the standard",
    does: "subscribes at QoS 0, 1 and 2 in turn, and checks each code",
    rules: { "3.1.1": ["3.8.4-5", "3.9.3-2"], "5.0": ["3.8.4-7", "3.9.3-2"] },
    async run(context) {
      const client = await context.connect();
      for (const qos of allQos) {
        const [code] = await subscribeAll(client, [{ topicFilter: context.topic(`q${qos}`), qos }]);
        requiresGranted(context, [code!]);
        context.holds(code! <= qos, `a subscription at QoS ${qos} was answered with ${code}`);
      }
    },
  },
  {
    id: "subscribe/several-filters",
    title: "one SUBSCRIBE with several filters gets one SUBACK, with a code for each in their order",
    does: "subscribes to three filters at QoS 2, 0 and 1 in one packet, and checks the codes",
    rules: { "3.1.1": ["3.8.4-4", "3.8.4-5", "3.9.3-1"], "5.0": ["3.8.4-5", "3.8.4-6", "3.9.3-1"] },
    needs: ["qos2"],
    async run(context) {
      const client = await context.connect();
      const asked: readonly QoS[] = [2, 0, 1];
      const codes = await subscribeAll(client, asked.map((qos) => ({ topicFilter: context.topic(`q${qos}`), qos })));
      context.holds(codes.length === asked.length, `${codes.length} codes came for ${asked.length} filters`);
      requiresGranted(context, codes);
      // A server may grant less than requested. [MQTT311 3.8.4-6] [MQTT5 3.8.4-8]
      const isGranted = codes.every((code, at) => code <= asked[at]!);
      context.holds(isGranted, `the codes are ${codes.join(", ")}, but ${asked.join(", ")} were requested`);
      await client.silence(context.bounds.silenceMs, ["suback"]);
    },
  },
  {
    id: "subscribe/several-filters-count",
    title: "each filter of one SUBSCRIBE is a separate subscription",
    does: "subscribes to two topics in one packet, publishes to each, and waits for both messages",
    rules: { "3.1.1": ["3.8.4-4"], "5.0": ["3.8.4-5"] },
    async run(context) {
      const messages = ["one", "two"].map((name) => context.message({ topic: context.topic(name), qos: 0 }));
      const client = await context.connect();
      requiresGranted(
        context,
        await subscribeAll(client, messages.map(({ topic }) => ({ topicFilter: topic, qos: 0 }))),
      );
      for (const message of messages) await publishFrom(context, message);
      for (const { topic } of messages) await client.expect("publish", (publish) => publish.topic === topic);
    },
  },
  {
    id: "subscribe/qos-of-delivery",
    title: "delivery uses the lower of the message's QoS and the granted QoS",
    does: "publishes at each QoS to a subscriber at each QoS, and checks the messages",
    rules: { "3.1.1": ["3.8.4-6"], "5.0": ["3.8.4-8"] },
    needs: ["qos2"],
    async run(context) {
      for (const granted of allQos) {
        const topic = context.topic(`q${granted}`);
        const watcher = await context.connect({ name: "watcher" });
        await watcher.subscribe(topic, { qos: granted });
        const publisher = await context.connect({ name: "publisher" });
        for (const qos of allQos) {
          const message = context.message({ topic, qos });
          await publisher.publish(message);
          await watcher.receives(message);
        }
      }
    },
  },
  {
    id: "subscribe/replaces",
    title: "a subscription to the same filter replaces the first",
    does: "subscribes at QoS 2 and again at QoS 0, publishes at QoS 2, and expects one message at QoS 0",
    rules: { "3.1.1": ["3.8.4-3"], "5.0": ["3.8.4-3"] },
    needs: ["qos2"],
    async run(context) {
      const message = context.message({ qos: 2 });
      const watcher = await context.watcher(message.topic);
      await watcher.subscribe(message.topic, { qos: 0 });
      await publishFrom(context, message);
      await watcher.receives(message);
      await watcher.receivesNothing();
    },
  },
  {
    id: "subscribe/again-finds-retained",
    title: "a subscription that replaces another gets retained messages again",
    does: "subscribes twice to a topic that has a retained message, and waits for it each time",
    rules: { "3.1.1": ["3.8.4-3"], "5.0": ["3.8.4-4"] },
    needs: ["retain"],
    async run(context) {
      const message = context.message({ retain: true });
      await publishFrom(context, message);
      const watcher = await context.watcher(message.topic);
      await watcher.finds(message);
      await watcher.subscribe(message.topic, { qos: 1 });
      await watcher.finds(message);
    },
  },
  {
    id: "subscribe/overlapping",
    title: "overlapping subscriptions of a client: delivery at the highest granted QoS",
    does: "subscribes to one topic by two filters, at QoS 0 and at QoS 2, and expects a copy at QoS 2",
    rules: { "3.1.1": ["3.3.5-1"], "5.0": ["3.3.4-2"] },
    needs: ["qos2", "wildcard"],
    async run(context) {
      const message = context.message({ qos: 2 });
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(context.topic("+"), { qos: 0 });
      await watcher.subscribe(message.topic, { qos: 2 });
      watcher.requiresGranted(2, message.topic);
      await publishFrom(context, message);
      await context.pause(context.bounds.silenceMs);
      const came = watcher.take("publish").map(({ qos }) => qos);
      context.holds(came.includes(2), `no copy came at QoS 2: ${came.length === 0 ? "none came" : came.join(", ")}`);
    },
  },
  {
    id: "subscribe/unsubscribe-stops",
    title: "after UNSUBACK nothing more is sent for the filter",
    does: "subscribes, unsubscribes, publishes, and watches; another subscription stays",
    rules: { "3.1.1": ["3.10.4-1", "3.10.4-2"], "5.0": ["3.10.4-1", "3.10.4-2"] },
    async run(context) {
      const [kept, dropped] = ["kept", "dropped"].map((name) =>
        context.message({ topic: context.topic(name), qos: 0 })
      );
      const watcher = await context.watcher(kept!.topic);
      await watcher.subscribe(dropped!.topic);
      await unsubscribe(watcher, [dropped!.topic]);
      await publishFrom(context, dropped!);
      await publishFrom(context, kept!);
      await watcher.receives(kept!);
      await watcher.receivesNothing();
    },
  },
  {
    id: "subscribe/unsuback-id",
    title: "UNSUBACK has the packet identifier of its UNSUBSCRIBE",
    does: "unsubscribes with packet identifier 47,803, and checks the UNSUBACK",
    rules: { "3.1.1": ["3.10.4-4"], "5.0": ["3.10.4-4", "3.10.4-5"] },
    async run(context) {
      const client = await context.watcher();
      const packetId = 0xbabb;
      client.send({ type: "unsubscribe", packetId, topicFilters: [context.topic()] });
      const unsuback = await client.expect("unsuback");
      const answered = unsuback.packetId;
      context.holds(answered === packetId, `UNSUBACK has packet identifier ${answered}, not ${packetId}`);
    },
  },
  {
    id: "subscribe/unsubscribe-unknown",
    title: "UNSUBSCRIBE of an unknown subscription gets an UNSUBACK",
    does: "unsubscribes from a filter that was never subscribed to, and waits for the UNSUBACK",
    rules: { "3.1.1": ["3.10.4-5"], "5.0": ["3.10.4-5"] },
    async run(context) {
      const client = await context.connect();
      await unsubscribe(client, [context.topic("never")]);
    },
  },
  {
    id: "subscribe/unsubscribe-several",
    title: "one UNSUBSCRIBE with several filters removes each and gets one UNSUBACK, in 5.0 with a code for each",
    does: "subscribes to two topics, unsubscribes from both and from a third in one packet, publishes and watches",
    rules: { "3.1.1": ["3.10.4-6"], "5.0": ["3.10.4-6", "3.11.3-1", "3.11.3-2"] },
    async run(context) {
      const topics = ["one", "two"].map((name) => context.topic(name));
      const watcher = await context.connect({ name: "watcher" });
      for (const topic of topics) await watcher.subscribe(topic);
      const codes = await unsubscribe(watcher, [...topics, context.topic("never")]);
      if (context.is5) {
        context.holds(codes.length === 3, `UNSUBACK has ${codes.length} codes for 3 filters`);
        context.holds(
          codes.slice(0, 2).every((code) => code === 0),
          `UNSUBACK has ${codes.join(", ")} for two existing subscriptions`,
        );
      }
      for (const topic of topics) await publishFrom(context, context.message({ topic, qos: 0 }));
      await watcher.silence(context.bounds.silenceMs, ["publish", "unsuback"]);
    },
  },
  {
    id: "subscribe/unsubscribe-exact",
    title: "UNSUBSCRIBE removes only the identical filter, not filters that it matches",
    does: "subscribes to a topic, unsubscribes from a wildcard over it, publishes, and waits for the message",
    rules: { "3.1.1": ["3.10.4-1"], "5.0": ["3.10.4-1"] },
    needs: ["wildcard"],
    async run(context) {
      const message = context.message({ qos: 0 });
      const watcher = await context.watcher(message.topic);
      await unsubscribe(watcher, [context.topic("+")]);
      await publishFrom(context, message);
      await watcher.receives(message);
    },
  },
];

async function unsubscribe(probe: Probe, topicFilters: readonly string[]): Promise<readonly number[]> {
  const packetId = probe.nextPacketId();
  probe.send({ type: "unsubscribe", packetId, topicFilters });
  return (await probe.expect("unsuback", (unsuback) => unsuback.packetId === packetId)).reasonCodes;
}
