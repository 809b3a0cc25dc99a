/** Packets as a client may write them and few do: properties in any order, several in one write, one in two. */
import type { MessageProperties } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import type { Probe } from "../probe/probe.ts";
import { field, frame } from "../probe/raw_packet.ts";
import type { CaseContext } from "../context/case_context.ts";
import { connectOfUser } from "./connect_malformed.ts";
import { publishFrom, requiresGranted } from "./subscribe.ts";

const user = (name: string, value: string) => [0x26, ...field(name), ...field(value)];

/** Every property of a message, and the same as bytes: from the highest number down, user properties between. */
function everyProperty(
  context: CaseContext,
): { readonly properties: MessageProperties; readonly bytes: readonly number[] } {
  const responseTopic = context.topic("answer");
  const properties: MessageProperties = {
    payloadFormatIndicator: 1,
    messageExpiryIntervalS: 3_600,
    contentType: "text/plain",
    responseTopic,
    correlationData: Uint8Array.of(0, 255),
    userProperties: [["b", "1"], ["a", "2"], ["b", "1"]],
  };
  const bytes = [
    ...user("b", "1"),
    ...[0x09, ...field([0, 255])],
    ...[0x08, ...field(responseTopic)],
    ...user("a", "2"),
    ...[0x03, ...field("text/plain")],
    ...[0x02, 0, 0, 0x0e, 0x10],
    ...[0x01, 1],
    ...user("b", "1"),
  ];
  return { properties, bytes };
}

/** PUBLISH of 5.0 at QoS 0, its properties as they are given. */
function publishBytes({ topic, payload }: SentMessage, properties: readonly number[]): number[] {
  return frame(0x30, [...field(topic), properties.length, ...properties, ...payload]);
}

/** SUBSCRIBE or UNSUBSCRIBE of 5.0, its properties as they are given. */
function listing(first: number, properties: readonly number[], payload: readonly number[]): number[] {
  return frame(first, [0, 78, properties.length, ...properties, ...payload]);
}

/** Sends bytes, where the broker has not announced that they are too many. */
function sends(context: CaseContext, probe: Probe, bytes: readonly number[], what: string): Probe {
  const { maximumPacketSize = Infinity } = context.announced;
  context.requires(bytes.length <= maximumPacketSize, `the broker announces Maximum Packet Size ${maximumPacketSize}`);
  return probe.sendBytes(bytes, what);
}

const connects: readonly ConformanceCase[] = [
  {
    id: "connect/properties-any-order",
    title: "a CONNECT with every property, in any order and with user properties between, is accepted",
    does: "connects with seven properties from the highest number down and three user properties, and pings",
    rules: { "5.0": ["2.2.2.2", "3.1.2.11"] },
    async run(context) {
      const properties = [
        ...user("b", "1"),
        ...[0x27, 0, 1, 0, 0], // Maximum Packet Size 65,536
        ...user("a", "2"),
        ...[0x22, 0, 10], // Topic Alias Maximum 10
        ...[0x21, 0, 20], // Receive Maximum 20
        ...[0x19, 0], // Request Response Information 0
        ...[0x17, 1], // Request Problem Information 1
        ...[0x11, 0, 0, 0, 0], // Session Expiry Interval 0
        ...user("b", "1"),
      ];
      const client = sends(
        context,
        context.dial(),
        connectOfUser(context, { properties }),
        "CONNECT with every property",
      );
      const { reasonCode } = await client.expect("connack");
      context.requires(reasonCode !== packetTooLarge, "the broker accepts no CONNECT of that size: CONNACK 0x95");
      context.holds(reasonCode === 0, `the CONNECT was refused with ${reasonCode}`);
      await client.ping();
    },
  },
  {
    id: "will/properties-any-order",
    title: "a will with every property, in any order and with user properties between, arrives with them",
    does: "connects with a will whose properties come from the highest number down, sends RST, and compares",
    rules: { "5.0": ["2.2.2.2", "3.1.3.2", "3.1.3-10"] },
    deviations: ["properties"],
    async run(context) {
      const { properties, bytes } = everyProperty(context);
      const will = context.will({ properties, qos: 0 });
      const watcher = await context.watcher(will.topic);
      const own = [0x18, 0, 0, 0, 0, ...bytes]; // Will Delay Interval 0
      const payload = [
        ...field(context.clientId()),
        ...[own.length, ...own],
        ...field(will.topic),
        ...field([...will.payload]),
      ];
      const client = sends(
        context,
        context.dial(),
        connectOfUser(context, { flags: 0x06, payload }),
        "CONNECT with a will",
      );
      const { reasonCode } = await client.expect("connack");
      context.requires(reasonCode !== packetTooLarge, "the broker accepts no CONNECT of that size: CONNACK 0x95");
      context.holds(reasonCode === 0, `the CONNECT was refused with ${reasonCode}`);
      client.reset();
      await watcher.receives(will);
    },
  },
];

const publishes: readonly ConformanceCase[] = [
  {
    id: "properties/any-order",
    title: "the properties of a message may come in any order, with user properties between",
    does: "publishes with every property from the highest number down and three user properties, and compares",
    rules: { "5.0": ["2.2.2.2", "3.3.2.3", "3.3.2-17", "3.3.2-18"] },
    async run(context) {
      const { properties, bytes } = everyProperty(context);
      const message = context.message({ qos: 0, properties });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      sends(context, publisher, publishBytes(message, bytes), "PUBLISH with every property");
      await watcher.receives(message);
    },
  },
  {
    id: "publish/packet-id-65535",
    title: "the largest packet identifier is valid",
    does: "publishes at QoS 1 with packet identifier 65,535, and waits for the PUBACK and the message",
    rules: { "3.1.1": ["2.3.1-6", "4.3.2-2"], "5.0": ["2.2.1-5", "4.3.2-4"] },
    needs: ["qos1"],
    async run(context) {
      const message = context.message({ qos: 1 });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      publisher.send({ type: "publish", dup: false, ...message, packetId: 0xffff });
      await publisher.expect("puback", ({ packetId }) => packetId === 0xffff);
      await watcher.receives(message);
    },
  },
  {
    id: "publish/in-two-writes",
    title: "the broker reads a PUBLISH in two segments as one packet, at every split",
    does: "publishes once for each byte of the packet, split before it, and waits for each message",
    rules: { "3.1.1": ["4.2"], "5.0": ["4.2-1"] },
    async run(context) {
      const watcher = await context.watcher();
      const publisher = await context.connect({ name: "publisher" });
      const encoded = () => {
        const message = context.message({ qos: 0 });
        return { message, bytes: context.encoded({ type: "publish", dup: false, ...message }) };
      };
      for (let at = 1; at < encoded().bytes.length; at++) {
        const { message, bytes } = encoded();
        publisher.sendBytes(bytes.subarray(0, at), `the first ${at} bytes of a PUBLISH`);
        await context.pause(1);
        publisher.sendBytes(bytes.subarray(at), "the rest of the packet");
        await watcher.receives(message);
      }
    },
  },
  {
    id: "publish/several-in-one-write",
    title: "the broker processes several packets that arrive together in order",
    does: "sends SUBSCRIBE, PINGREQ and three PUBLISHes in one write, and waits for every response",
    rules: { "3.1.1": ["4.2"], "5.0": ["4.2-1"] },
    async run(context) {
      const messages = Array.from({ length: 3 }, () => context.message({ qos: 0 }));
      const subscriptions = [{ topicFilter: context.topic(), qos: 0 as const }];
      const client = await context.connect();
      const publishing = messages.map((message) => ({ type: "publish", dup: false, ...message }) as const);
      client.send({ type: "subscribe", packetId: 1, subscriptions }, { type: "pingreq" }, ...publishing);
      requiresGranted(context, (await client.expect("suback")).reasonCodes);
      await client.expect("pingresp");
      for (const message of messages) await client.receives(message);
    },
  },
];

const subscribes: readonly ConformanceCase[] = [
  {
    id: "subscribe/user-properties",
    title: "a SUBSCRIBE with user properties, one name twice, is granted",
    does: "subscribes with three user properties, publishes, and waits for the message",
    rules: { "5.0": ["3.8.2.1.3", "3.8.4-1"] },
    async run(context) {
      const message = context.message({ qos: 0 });
      const client = await context.connect();
      const properties = [...user("b", "1"), ...user("a", "2"), ...user("b", "1")];
      const bytes = listing(0x82, properties, [...field(message.topic), 0]);
      client.sendBytes(bytes, "SUBSCRIBE with user properties");
      const { reasonCodes } = await client.expect("suback");
      requiresGranted(context, reasonCodes);
      context.holds(reasonCodes.join() === "0", `SUBACK has ${reasonCodes.join(", ")}, not 0`);
      await publishFrom(context, message);
      await client.receives(message);
    },
  },
  {
    id: "subscribe/identifier-between-properties",
    title: "a Subscription Identifier is valid at any position among user properties",
    does: "subscribes with identifier 128 between two user properties, publishes, and checks the identifier",
    rules: { "5.0": ["2.2.2.2", "3.3.4-3"] },
    needs: ["subscription-identifiers"],
    async run(context) {
      const message = context.message({ qos: 0 });
      const client = await context.connect();
      const properties = [...user("b", "1"), ...[0x0b, 0x80, 0x01], ...user("a", "2")];
      client.sendBytes(listing(0x82, properties, [...field(message.topic), 0]), "SUBSCRIBE with identifier 128");
      requiresGranted(context, (await client.expect("suback")).reasonCodes);
      await publishFrom(context, message);
      const { properties: { subscriptionIdentifiers = [] } = {} } = await client.expect("publish");
      context.holds(
        subscriptionIdentifiers.join() === "128",
        `the identifiers are "${subscriptionIdentifiers}", not 128`,
      );
    },
  },
  {
    id: "subscribe/unsubscribe-user-properties",
    title: "an UNSUBSCRIBE with user properties, one name twice, is acknowledged",
    does: "unsubscribes with three user properties, publishes, and watches",
    rules: { "5.0": ["3.10.2.1.2", "3.10.4-1", "3.10.4-4"] },
    async run(context) {
      const message = context.message({ qos: 0 });
      const watcher = await context.watcher(message.topic);
      const properties = [...user("b", "1"), ...user("a", "2"), ...user("b", "1")];
      watcher.sendBytes(listing(0xa2, properties, field(message.topic)), "UNSUBSCRIBE with user properties");
      const { reasonCodes } = await watcher.expect("unsuback");
      context.holds(reasonCodes.join() === "0", `UNSUBACK has ${reasonCodes.join(", ")}, not 0`);
      await publishFrom(context, message);
      await watcher.receivesNothing();
    },
  },
  {
    id: "subscribe/same-filter-twice",
    title: "a filter that occurs twice in one SUBSCRIBE gets two codes, and its later options apply",
    does: "subscribes to one topic at QoS 1 and then 0 in one packet, publishes at QoS 1, and checks the message",
    rules: { "3.1.1": ["3.8.4-3", "3.8.4-4", "3.8.4-5"], "5.0": ["3.8.4-3", "3.8.4-5", "3.8.4-6"] },
    needs: ["qos1"],
    async run(context) {
      const message = context.message({ qos: 1 });
      const watcher = await context.connect({ name: "watcher" });
      const subscriptions = ([1, 0] as const).map((qos) => ({ topicFilter: message.topic, qos }));
      watcher.send({ type: "subscribe", packetId: 1, subscriptions });
      const { reasonCodes } = await watcher.expect("suback");
      context.holds(reasonCodes.length === 2, `${reasonCodes.length} codes came for 2 filters`);
      requiresGranted(context, reasonCodes);
      await publishFrom(context, message);
      const { qos } = await watcher.expect("publish");
      context.holds(qos === 0, `the message came at QoS ${qos}, not 0`);
      await watcher.receivesNothing();
    },
  },
];

const aliases: readonly ConformanceCase[] = [
  {
    id: "limits/alias-again",
    title: "a Topic Alias may be set to the same topic again, and stays valid",
    does: "publishes with alias and topic twice, then twice with the alias alone, and waits for the messages",
    rules: { "5.0": ["3.3.2-12", "3.3.2.3.4"] },
    async run(context) {
      context.requires((context.announced.topicAliasMaximum ?? 0) > 0, "the broker accepts no Topic Alias");
      const watcher = await context.watcher();
      const publisher = await context.connect({ name: "publisher" });
      for (const isNamed of [true, true, false, false]) {
        const message = context.message({ qos: 0 });
        const topic = isNamed ? message.topic : "";
        publisher.send({ type: "publish", dup: false, ...message, topic, properties: { topicAlias: 1 } });
        await watcher.receives(message);
      }
    },
  },
];

/** The code of a server that accepts only smaller packets. */
const packetTooLarge = 0x95;

export const encodingCases: readonly ConformanceCase[] = [
  ...connects,
  ...publishes,
  ...subscribes,
  ...aliases,
];
