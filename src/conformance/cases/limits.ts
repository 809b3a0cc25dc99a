/** Limits that the two sides announce to each other (5.0), and the effect of exceeding them. */
import { formatCount } from "../../base/units.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";
import { publishFrom } from "./subscribe.ts";

function large(context: CaseContext, sizeBytes: number, qos: 0 | 1 = 1): SentMessage {
  return { ...context.message({ qos }), payload: new Uint8Array(sizeBytes).fill(0x61) };
}

/** The largest Remaining Length that so many bytes hold, by their number. */
const longestRemaining = [127, 16_383, 2_097_151, 268_435_455] as const;

/**
 * The payload of the smallest 5.0 PUBLISH at QoS 0 on a topic that is larger than so many bytes; below 0 where one
 * without a payload is larger already. Where Remaining Length needs one more byte, no packet has that size.
 */
export function payloadBytesBeyond(maximumPacketSize: number, topic: string): number {
  const withoutPayload = 2 + new TextEncoder().encode(topic).length + 1; // topic, and a property length of 0
  for (const [index, longest] of longestRemaining.entries()) {
    const header = 1 + index + 1;
    const shortest = index === 0 ? 0 : longestRemaining[index - 1]! + 1;
    const remaining = Math.max(shortest, maximumPacketSize + 1 - header);
    if (remaining <= longest) return remaining - withoutPayload;
  }
  throw new RangeError(`no packet is larger than ${maximumPacketSize} bytes`);
}

export const limitCases: readonly ConformanceCase[] = [
  {
    id: "limits/receive-maximum",
    title: "no more than Receive Maximum messages are sent without an acknowledgement",
    does: "subscribes with Receive Maximum 2, acknowledges nothing of five messages, and counts",
    rules: { "5.0": ["3.3.4-9"] },
    needs: ["qos1"],
    async run(context) {
      const watcher = (await context.watcher(context.topic(), { properties: { receiveMaximum: 2 } }))
        .requiresGranted(1, context.topic());
      watcher.acknowledges = false;
      const publisher = await context.connect({ name: "publisher" });
      for (let count = 0; count < 5; count++) await publisher.publish(context.message());
      await context.pause(context.bounds.silenceMs);
      const came = watcher.take("publish").length;
      // A server may begin with less. [MQTT5 4.9.0-1]
      context.holds(came > 0, "no message came");
      context.holds(came <= 2, `${came} messages came without an acknowledgement, but 2 are allowed`);
    },
  },
  {
    id: "limits/receive-maximum-goes-on",
    title: "each acknowledgement allows one more message",
    does: "subscribes with Receive Maximum 1, gets and acknowledges three messages in turn, and publishes between",
    rules: { "5.0": ["3.3.4-9", "4.9.0-2"] },
    needs: ["qos1"],
    async run(context) {
      const watcher = (await context.watcher(context.topic(), { properties: { receiveMaximum: 1 } }))
        .requiresGranted(1, context.topic());
      const publisher = await context.connect({ name: "publisher" });
      await oneByOne(context, watcher, 3, () => publisher.publish(context.message({ qos: 1 })));
    },
  },
  {
    id: "limits/receive-maximum-loses-nothing",
    title: "a message beyond Receive Maximum waits for its turn, and is not lost",
    does: "subscribes with Receive Maximum 1, publishes three messages, acknowledges one after the other, and counts",
    rules: { "5.0": ["4.5.0-1", "4.3.2"] },
    needs: ["qos1"],
    async run(context) {
      const watcher = (await context.watcher(context.topic(), { properties: { receiveMaximum: 1 } }))
        .requiresGranted(1, context.topic());
      const messages = Array.from({ length: 3 }, () => context.message({ qos: 1 }));
      const publisher = await context.connect({ name: "publisher" });
      watcher.acknowledges = false;
      for (const message of messages) await publisher.publish(message);
      for (let count = 0; count < messages.length; count++) await acknowledgesNext(watcher);
    },
  },
  {
    id: "limits/receive-maximum-others",
    title: "packets other than PUBLISH do not wait for Receive Maximum",
    does: "fills Receive Maximum 1 with a message, queues another, and pings and subscribes",
    rules: { "5.0": ["3.3.4-10", "4.9.0-3"] },
    needs: ["qos1"],
    async run(context) {
      const watcher = (await context.watcher(context.topic(), { properties: { receiveMaximum: 1 } }))
        .requiresGranted(1, context.topic());
      watcher.acknowledges = false;
      for (let count = 0; count < 2; count++) await publishFrom(context, context.message({ qos: 1 }));
      await watcher.expect("publish");
      await watcher.ping();
      await watcher.subscribe(context.topic("other"));
    },
  },
  {
    id: "limits/maximum-packet-size",
    title: "a message that is larger than the client's Maximum Packet Size is not sent, and counts as sent",
    does: "subscribes with Maximum Packet Size 300, publishes 1,000 bytes and then 10, and watches",
    rules: { "5.0": ["3.1.2-24", "3.1.2-25"] },
    needs: ["qos1"],
    async run(context) {
      const asked = { properties: { maximumPacketSize: 300, receiveMaximum: 1 } };
      const watcher = await context.watcher(context.topic(), asked);
      const [tooLarge, small] = [large(context, 1_000), large(context, 10)];
      await publishFrom(context, tooLarge);
      await publishFrom(context, small);
      await watcher.receives(small);
      await watcher.receivesNothing();
    },
  },
  {
    id: "limits/maximum-packet-size-others",
    title: "a message that is too large for one subscriber is delivered to the others",
    does: "subscribes with and without Maximum Packet Size 300, publishes 1,000 bytes, and watches both",
    rules: { "5.0": ["3.1.2-24"] },
    async run(context) {
      const narrow = await context.watcher(context.topic(), { properties: { maximumPacketSize: 300 }, name: "narrow" });
      const wide = await context.watcher(context.topic(), { name: "wide" });
      const message = large(context, 1_000, 0);
      await publishFrom(context, message);
      await wide.receives(message);
      await narrow.receivesNothing();
    },
  },
  {
    id: "limits/own-maximum-packet-size",
    title: "a packet that is larger than the server's Maximum Packet Size closes the connection",
    does: "sends the smallest PUBLISH that is larger than announced, and waits for the close",
    rules: { "5.0": ["3.2.2.3.6", "4.13.1-1"] },
    async run(context) {
      const { maximumPacketSize = Infinity } = context.announced;
      context.requires(
        maximumPacketSize <= 4 * 1_048_576,
        "the broker announces no Maximum Packet Size of 4 MiB or less",
      );
      const message = context.message({ qos: 0 });
      const payloadBytes = payloadBytesBeyond(maximumPacketSize, message.topic);
      context.requires(payloadBytes >= 0, `the broker announces Maximum Packet Size ${maximumPacketSize}`);
      const client = await context.connect();
      const payload = new Uint8Array(payloadBytes).fill(0x61);
      const bytes = context.encoded({ type: "publish", dup: false, ...message, payload });
      client.sendBytes(bytes, `PUBLISH of ${formatCount(bytes.length)} bytes`);
      await client.expectClose();
    },
  },
  {
    id: "limits/no-alias-unasked",
    title: "no Topic Alias is sent to a client that has not allowed any",
    does: "subscribes with no Topic Alias Maximum, gets five messages on one topic, and looks for aliases",
    rules: { "5.0": ["3.1.2-27"] },
    run: (context) => aliasesAtMost(context, 0),
  },
  {
    id: "limits/alias-maximum",
    title: "no Topic Alias above the client's Topic Alias Maximum is sent",
    does: "subscribes with Topic Alias Maximum 1, gets messages on three topics, and looks at their aliases",
    rules: { "5.0": ["3.1.2-26", "3.3.2-11"] },
    run: (context) => aliasesAtMost(context, 1),
  },
  {
    id: "limits/alias",
    title: "a Topic Alias that a client has set replaces its topic",
    does: "publishes with alias and topic, then with the alias alone, and waits for both messages",
    rules: { "5.0": ["3.3.2-12"] },
    async run(context) {
      requiresAliases(context);
      const watcher = await context.watcher();
      const [first, second] = [context.message({ qos: 0 }), context.message({ qos: 0 })];
      const publisher = await context.connect({ name: "publisher" });
      const properties = { topicAlias: context.announced.topicAliasMaximum! };
      publisher.send({ type: "publish", dup: false, ...first, properties });
      publisher.send({ type: "publish", dup: false, ...second, topic: "", properties });
      await watcher.receives(first);
      await watcher.receives(second);
    },
  },
  {
    id: "limits/alias-moved",
    title: "a Topic Alias can be given to another topic",
    does: "sets one alias to two topics in turn, publishes by the alias, and waits at the second topic",
    rules: { "5.0": ["3.3.2-12", "3.3.2.3.4"] },
    async run(context) {
      requiresAliases(context);
      const [one, two] = ["one", "two"].map((name) => context.message({ topic: context.topic(name), qos: 0 }));
      const last = context.message({ topic: two!.topic, qos: 0 });
      const watcher = await context.watcher(two!.topic);
      const publisher = await context.connect({ name: "publisher" });
      const properties = { topicAlias: 1 };
      publisher.send({ type: "publish", dup: false, ...one!, properties });
      publisher.send({ type: "publish", dup: false, ...two!, properties });
      publisher.send({ type: "publish", dup: false, ...last, topic: "", properties });
      await watcher.receives(two!);
      await watcher.receives(last);
    },
  },
  {
    id: "limits/alias-above-maximum",
    title: "a Topic Alias above the server's Topic Alias Maximum closes the connection",
    does: "publishes with an alias one above what was announced, and waits for the close",
    rules: { "5.0": ["3.3.2-9", "4.13.1-1"] },
    async run(context) {
      const { topicAliasMaximum = 0 } = context.announced;
      context.requires(topicAliasMaximum < 65_535, "the broker accepts every alias");
      const client = await context.connect();
      client.exceeds = true;
      const properties = { topicAlias: topicAliasMaximum + 1 };
      client.send({ type: "publish", dup: false, ...context.message({ qos: 0 }), properties });
      await client.expectClose();
    },
  },
  {
    id: "limits/alias-ends",
    title: "a Topic Alias ends with its connection",
    does: "sets an alias, resumes the session, publishes by the alias, and waits for the close",
    rules: { "5.0": ["3.3.2-7"] },
    async run(context) {
      requiresAliases(context);
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const message = context.message({ qos: 0 });
      const watcher = await context.watcher(message.topic);
      const client = await context.connect(asked);
      client.send({ type: "publish", dup: false, ...message, properties: { topicAlias: 1 } });
      await watcher.receives(message);
      client.disconnect();
      await client.expectClose();
      const back = await context.connect({ ...asked, name: "back" });
      back.send({ type: "publish", dup: false, ...message, topic: "", properties: { topicAlias: 1 } });
      await back.expectClose();
      await watcher.receivesNothing();
    },
  },
];

/**
 * A subscriber with Receive Maximum 1 gets so many messages, and never two at once. The case publishes one more before
 * each acknowledgement and one after: if a broker drops messages beyond the maximum, the later one still shows that the
 * quota is free again.
 */
export async function oneByOne(
  context: CaseContext,
  watcher: Probe,
  count: number,
  send: () => Promise<unknown>,
): Promise<void> {
  watcher.acknowledges = false;
  await send();
  for (let round = 0; round < count; round++) {
    const { packetId } = await watcher.expectNumbered();
    if (round === count - 1) return;
    await send();
    await watcher.receivesNothing(context.bounds.silenceMs / 4);
    watcher.send({ type: "puback", packetId });
    await watcher.ping();
    if (watcher.peek("publish").length === 0) await send();
  }
}

/** Takes the next message at QoS 1, and answers it. */
export async function acknowledgesNext(watcher: Probe): Promise<void> {
  const { packetId } = await watcher.expectNumbered();
  watcher.send({ type: "puback", packetId });
}

function requiresAliases(context: CaseContext): void {
  context.requires((context.announced.topicAliasMaximum ?? 0) > 0, "the broker accepts no Topic Alias");
}

/** Messages come on three topics, twice each: with aliases up to so much, and every message with its topic. */
async function aliasesAtMost(context: CaseContext, maximum: number): Promise<void> {
  const properties = maximum > 0 ? { topicAliasMaximum: maximum } : {};
  const watcher = await context.connect({ name: "watcher", properties });
  const topics = ["one", "two", "three"].map((name) => context.topic(name));
  for (const topic of topics) await watcher.subscribe(topic);
  const known = new Map<number, string>();
  for (const topic of [...topics, ...topics]) {
    await publishFrom(context, context.message({ topic, qos: 0 }));
    const publish = await watcher.expect("publish");
    const alias = publish.properties?.topicAlias;
    context.holds((alias ?? 0) <= maximum, `a message came with Topic Alias ${alias}, above ${maximum}`);
    if (alias !== undefined && publish.topic !== "") known.set(alias, publish.topic);
    const meant = publish.topic === "" ? known.get(alias!) : publish.topic;
    context.holds(meant === topic, `a message came for ${meant ?? "an alias that was not set"}, not for ${topic}`);
  }
}
