/** Publishing at each QoS: the acknowledgements, and how often a message arrives. */
import type { PublishPacket, QoS } from "../../mqtt/packet.ts";
import type { ConformanceCase, Need } from "../case/case.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import type { CaseContext } from "../context/case_context.ts";

function packetOf(message: SentMessage, packetId: number, dup = false): PublishPacket {
  return { type: "publish", dup, ...message, packetId };
}

/** Many messages from one client to one other: all must come once, in their order. */
async function inOrder(context: CaseContext, qos: QoS, count: number): Promise<void> {
  const watcher = await context.watcher();
  const publisher = await context.connect({ name: "publisher" });
  const messages = Array.from({ length: count }, () => context.message({ qos }));
  for (const message of messages) await publisher.publish(message);
  for (const message of messages) {
    const { payload } = await watcher.expect("publish");
    const decoder = new TextDecoder();
    const [came, due] = [decoder.decode(payload), decoder.decode(message.payload)];
    context.holds(came === due, `"${came}" came where "${due}" was due`);
  }
  await watcher.receivesNothing();
}

function orderCase(qos: QoS, needs: readonly Need[]): ConformanceCase {
  return {
    id: `publish/order-qos-${qos}`,
    title: `messages at QoS ${qos} come once each, in the order in which they were published`,
    does: "publishes 20 messages to one topic, and checks their order",
    rules: { "3.1.1": ["4.6.0-6"], "5.0": ["4.6.0-5", "4.6.0-6"] },
    needs,
    run: (context) => inOrder(context, qos, 20),
  };
}

interface Content {
  readonly name: string;
  readonly what: string;
  readonly rules: ConformanceCase["rules"];
  readonly payload: Uint8Array;
  /** Below a topic of the case's own. */
  readonly topic: string;
}

const anyBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const contents: readonly Content[] = [
  {
    name: "bytes",
    what: "a payload of all 256 byte values",
    rules: { "3.1.1": ["3.3.3"], "5.0": ["3.3.3"] },
    payload: anyBytes,
    topic: "a",
  },
  {
    name: "empty",
    what: "no payload",
    rules: { "3.1.1": ["3.3.3"], "5.0": ["3.3.3"] },
    payload: new Uint8Array(),
    topic: "a",
  },
  {
    name: "100-kb",
    what: "a payload of 100,000 bytes",
    rules: { "3.1.1": ["3.3.3"], "5.0": ["3.3.3"] },
    payload: new Uint8Array(100_000).fill(0x5a),
    topic: "a",
  },
  {
    name: "topic-feff",
    what: "U+FEFF in its topic",
    rules: { "3.1.1": ["1.5.3"], "5.0": ["1.5.4-3"] },
    payload: anyBytes,
    topic: "\ufeffa\ufeff",
  },
  {
    name: "topic-spaces",
    what: "spaces, empty levels and characters of all Unicode planes in its topic",
    rules: { "3.1.1": ["4.7.3-4"], "5.0": ["4.7.3-4"] },
    payload: anyBytes,
    topic: "/ a //é/\u{1f4a5}/",
  },
];

function contentCase({ name, what, rules, payload, topic }: Content): ConformanceCase {
  return {
    id: `publish/content-${name}`,
    title: `a message with ${what} arrives unaltered`,
    does: "publishes it, and compares topic and payload",
    rules,
    async run(context) {
      const maximum = context.announced.maximumPacketSize ?? Infinity;
      context.requires(payload.length + 200 <= maximum, `the broker announces Maximum Packet Size ${maximum}`);
      const message = { ...context.message({ topic: context.topic(topic), qos: 0 }), payload };
      const watcher = await context.watcher(message.topic);
      await (await context.connect({ name: "publisher" })).publish(message);
      await watcher.receives(message);
    },
  };
}

export const publishCases: readonly ConformanceCase[] = [
  {
    id: "publish/qos-0",
    title: "a message at QoS 0 is not acknowledged, and arrives at QoS 0",
    does: "publishes at QoS 0, watches both sides",
    rules: { "3.1.1": ["4.3.1-1"], "5.0": ["3.3.4-1", "4.3.1-1"] },
    async run(context) {
      const message = context.message({ qos: 0 });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      await publisher.publish(message);
      await watcher.receives(message);
      await publisher.silence();
    },
  },
  {
    id: "publish/qos-1",
    title: "a message at QoS 1 is answered by PUBACK with its packet identifier, and arrives",
    does: "publishes at QoS 1 with packet identifier 0x1234, and looks at the answer and at what arrives",
    rules: { "3.1.1": ["4.3.2-2", "2.3.1-6"], "5.0": ["4.3.2-4", "2.2.1-5"] },
    needs: ["qos1"],
    async run(context) {
      const message = context.message({ qos: 1 });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      publisher.send(packetOf(message, 0x1234));
      const { packetId } = await publisher.expect("puback");
      context.holds(packetId === 0x1234, `PUBACK has packet identifier ${packetId}, not ${0x1234}`);
      await watcher.receives(message);
    },
  },
  {
    id: "publish/qos-2",
    title: "a message at QoS 2 is answered by PUBREC and PUBCOMP, and arrives once",
    does: "publishes at QoS 2, completes the handshake, and watches",
    rules: { "3.1.1": ["4.3.3-2"], "5.0": ["4.3.3-8", "4.3.3-11"] },
    needs: ["qos2"],
    async run(context) {
      const message = context.message({ qos: 2 });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      await publisher.publish(message);
      await watcher.receives(message);
      await watcher.receivesNothing();
    },
  },
  {
    id: "publish/qos-2-repeated",
    title: "a repeated QoS 2 PUBLISH before PUBREL: the broker answers it again and delivers one message",
    does: "publishes at QoS 2, sends the same once more with DUP, completes it, and watches",
    rules: { "3.1.1": ["4.3.3-2"], "5.0": ["4.3.3-10"] },
    needs: ["qos2"],
    async run(context) {
      const message = context.message({ qos: 2 });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      publisher.acknowledges = false;
      publisher.send(packetOf(message, 7));
      await publisher.expect("pubrec");
      publisher.send(packetOf(message, 7, true));
      await publisher.expect("pubrec");
      publisher.send({ type: "pubrel", packetId: 7 });
      await publisher.expect("pubcomp");
      await watcher.receives(message);
      await watcher.receivesNothing();
    },
  },
  {
    id: "publish/qos-2-again",
    title: "after PUBCOMP the packet identifier can be used for another message",
    does: "publishes two messages at QoS 2 with one packet identifier, one after the other, and waits for both",
    rules: { "3.1.1": ["4.3.3-2"], "5.0": ["4.3.3-12"] },
    needs: ["qos2"],
    async run(context) {
      const messages = [context.message({ qos: 2 }), context.message({ qos: 2 })];
      const watcher = await context.watcher(messages[0]!.topic);
      const publisher = await context.connect({ name: "publisher" });
      for (const message of messages) {
        publisher.send(packetOf(message, 7));
        await publisher.expect("pubcomp");
        await watcher.receives(message);
      }
    },
  },
  {
    id: "publish/qos-1-again",
    title: "after PUBACK the packet identifier can be used for another message",
    does: "publishes two messages at QoS 1 with one packet identifier, one after the other, and waits for both",
    rules: { "3.1.1": ["4.3.2-2"], "5.0": ["4.3.2-5"] },
    needs: ["qos1"],
    async run(context) {
      const messages = [context.message({ qos: 1 }), context.message({ qos: 1 })];
      const watcher = await context.watcher(messages[0]!.topic);
      const publisher = await context.connect({ name: "publisher" });
      for (const message of messages) {
        publisher.send(packetOf(message, 7));
        await publisher.expect("puback");
        await watcher.receives(message);
      }
    },
  },
  {
    id: "publish/pubrel-unknown",
    title: "an unknown PUBREL gets a PUBCOMP with its packet identifier",
    does: "sends PUBREL with packet identifier 0x2345, and waits for the PUBCOMP",
    rules: { "3.1.1": ["4.3.3-2"], "5.0": ["4.3.3-11"] },
    needs: ["qos2"],
    async run(context) {
      const client = await context.connect();
      client.send({ type: "pubrel", packetId: 0x2345 });
      const { packetId } = await client.expect("pubcomp");
      context.holds(packetId === 0x2345, `PUBCOMP has packet identifier ${packetId}, not ${0x2345}`);
    },
  },
  {
    id: "publish/dup-own",
    title: "the broker does not forward the DUP flag of a message",
    does: "publishes at QoS 1 with DUP set, and checks the flag of the message",
    rules: { "3.1.1": ["3.3.1-3"], "5.0": ["3.3.1-3"] },
    needs: ["qos1"],
    async run(context) {
      const message = context.message({ qos: 1 });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      publisher.send(packetOf(message, 9, true));
      const { dup } = await watcher.expect("publish");
      context.holds(!dup, "the message came with DUP set, although it was sent for the first time");
    },
  },
  {
    id: "publish/packet-ids-differ",
    title: "the server gives each unacknowledged message a unique packet identifier, never 0",
    does: "gets ten messages at QoS 1 without answering, and compares their packet identifiers",
    rules: { "3.1.1": ["2.3.1-4", "2.3.1-1"], "5.0": ["2.2.1-4"] },
    needs: ["qos1"],
    async run(context) {
      const watcher = await context.watcher();
      watcher.acknowledges = false;
      const publisher = await context.connect({ name: "publisher" });
      for (let count = 0; count < 10; count++) await publisher.publish(context.message({ qos: 1 }));
      await context.pause(context.bounds.silenceMs);
      watcher.requiresGranted(1, context.topic());
      // In 3.1.1 a server may send a message again while the connection lives. [MQTT311 4.4.0-1]
      const ids = watcher.take("publish").filter(({ dup }) => !dup).map(({ packetId }) => packetId);
      context.holds(ids.length > 0, "no message came");
      context.requires(
        ids.length > 1,
        "the broker sends one message at a time, which the standard permits: there is nothing to compare",
      );
      context.holds(new Set(ids).size === ids.length, `packet identifiers are used twice: ${ids.join(", ")}`);
    },
  },
  orderCase(0, []),
  orderCase(1, ["qos1"]),
  orderCase(2, ["qos2"]),
  ...contents.map(contentCase),
];
