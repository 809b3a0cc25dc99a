/** One message to many clients: the bytes of each, their acknowledgements, and what they share. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Delivery } from "../../../src/broker/message/delivery.ts";
import { serve } from "../../../src/broker/serve/serve.ts";
import { InFlight } from "../../../src/broker/session/in_flight.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion, PublishPacket, QoS } from "../../../src/mqtt/packet.ts";
import type { Link } from "../../../src/net/link.ts";
import { publishes } from "../../mqtt/codec/random_packets.ts";
import { type Client, connectPacket, Stage } from "../stage.ts";

/** A link that sends its bytes later, as a socket does: it keeps the arrays of `write`, and copies those of `writeCopy`. */
class KeptLink implements Link {
  receiver!: Link["receiver"];
  readonly peer = "test:1";
  readonly bufferedBytes = 0;
  readonly open = true;
  declare readonly writeCopy?: (bytes: Uint8Array) => boolean;
  readonly #chunks: Uint8Array[] = [];

  /** @param copies false for a link without `writeCopy` */
  constructor(copies: boolean) {
    if (copies) this.writeCopy = (bytes) => this.write(bytes.slice());
  }

  /** All that was written since the last call. */
  take(): number[] {
    return this.#chunks.splice(0).flatMap((bytes) => [...bytes]);
  }

  write(bytes: Uint8Array): boolean {
    this.#chunks.push(bytes);
    return true;
  }

  end(): void {}
  reset(): void {}
  pause(): void {}
  resume(): void {}
}

function watcher(stage: Stage, clientId: string, version: ProtocolVersion, qos: QoS, copies = true): KeptLink {
  const link = new KeptLink(copies);
  serve(stage.core, link, () => {});
  const subscribe = { type: "subscribe", packetId: 1, subscriptions: [{ topicFilter: "#", qos }] } as const;
  link.receiver.onBytes(encode(connectPacket({ clientId, version }), version));
  link.receiver.onBytes(encode(subscribe, version));
  link.take();
  return link;
}

/** The packet that a watcher should receive, written by the general encoder. */
function expected(packet: PublishPacket, version: ProtocolVersion, qos: QoS, packetId: number): number[] {
  const { properties = {}, ...rest } = packet;
  const { topicAlias: _alias, subscriptionIdentifiers: _identifiers, ...kept } = properties;
  const { packetId: _id, ...plain } = rest;
  const head = { ...plain, dup: false, retain: false, qos, ...qos > 0 && { packetId } };
  return [...encode(version === 5 ? { ...head, properties: kept } : head, version)];
}

/** Valid for any client to publish: a topic of its own, and no alias. */
function published(drawn: Packet, qos: QoS): PublishPacket {
  const { packetId: _id, properties, topic, ...rest } = drawn as PublishPacket;
  const { topicAlias: _alias, subscriptionIdentifiers: _identifiers, payloadFormatIndicator: _format, ...kept } =
    (properties ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    topic: topic === "" || topic.startsWith("$") ? `t${topic}` : topic,
    dup: false,
    retain: false,
    qos,
    ...qos > 0 && { packetId: 1 },
    ...properties !== undefined && { properties: kept },
  };
}

for (const version of [4, 5] as const) {
  Deno.test(`fan-out: each client receives the bytes that the general encoder writes (${version === 4 ? "3.1.1" : "5.0"})`, () => {
    const qos = fc.constantFrom<QoS>(0, 1, 2);
    fc.assert(
      fc.property(fc.array(fc.tuple(publishes(version), qos), { minLength: 1, maxLength: 8 }), (drawn) => {
        const stage = new Stage();
        const publisher = stage.connect({ clientId: "p", version });
        const watchers = [[4, 1], [5, 1], [5, 2], [4, 0], [5, 0], [4, 2], [5, 1], [4, 1]] as const;
        // Each watcher has had one message less than the one before it: their packet identifiers differ.
        const links = watchers.map(([version, qos], at) => {
          const link = watcher(stage, `w${at}`, version, qos, at >= 2);
          publisher.publish("before", "", { qos: 2 });
          return link;
        });
        for (const link of links) link.take();
        const wanted: number[][] = links.map(() => []);
        const lastIds = links.map((_, at) => links.length - at);
        for (const [packet, qos] of drawn) {
          const sent = published(packet, qos);
          publisher.send(sent);
          for (const [at, [version, granted]] of watchers.entries()) {
            const lesser = Math.min(qos, granted) as QoS;
            wanted[at]!.push(...expected(sent, version, lesser, lesser > 0 ? ++lastIds[at]! : 0));
          }
        }
        assert.deepEqual(publisher.end, undefined);
        for (const [at, link] of links.entries()) assert.deepEqual(link.take(), wanted[at], `watcher ${at}`);
      }),
      { numRuns: 150 },
    );
  });
}

Deno.test("fan-out: a burst of PUBACK settles all of its messages before the next ones are sent", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "w", properties: { receiveMaximum: 3 } }, { acknowledges: false });
  client.subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  for (let number = 1; number <= 9; number++) publisher.publish("a", `${number}`, { qos: 1 });
  const inFlight: number[] = [];
  const outbox = [...stage.core.sessions.values()].find(({ clientId }) => clientId === "w")!.outbox;
  const { pump } = outbox;
  outbox.pump = function (nowMs) {
    inFlight.push(this.size);
    pump.call(this, nowMs);
  };
  client.sendBytes([1, 2, 3].flatMap((packetId) => [0x40, 2, 0, packetId]));
  assert.deepEqual(inFlight, [6], "one pass: three of nine are settled at once");
  assert.deepEqual(ids(client), [1, 2, 3, 4, 5, 6]);
});

Deno.test("fan-out: a burst ends at the acknowledgement that does not fit, and ignores unknown identifiers", () => {
  const stage = new Stage();
  const lasting = { clientId: "w", cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };
  const client = stage.connect(lasting, { acknowledges: false }).subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  for (const qos of [1, 1, 2, 1] as const) publisher.publish("a", "x", { qos });
  client.sendBytes([99, 1, 3, 4].flatMap((packetId) => [0x40, 2, 0, packetId]));
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82]);
  assert.deepEqual(ids(stage.connect(lasting, { acknowledges: false })), [2, 3, 4]);
});

Deno.test("fan-out: a trace shows each PUBACK of a burst", () => {
  const traced: string[] = [];
  const trace = { of: () => (direction: string, { type }: Packet) => void traced.push(`${direction} ${type}`) };
  const stage = new Stage({ trace });
  const client = stage.connect({ clientId: "w" }, { acknowledges: false }).subscribe("a");
  stage.connect({ clientId: "p" }).publish("a", "1", { qos: 1 }).publish("a", "2", { qos: 1 });
  client.sendBytes([1, 2].flatMap((packetId) => [0x40, 2, 0, packetId]));
  assert.deepEqual(traced.slice(-2), ["in puback", "in puback"]);
  assert.equal(stage.core.metrics.packetsReceived, 7); // 2 CONNECT, SUBSCRIBE, 2 PUBLISH, 2 PUBACK
});

Deno.test("fan-out: clients that receive a message in one form share its object in flight", () => {
  const added: Delivery[] = [];
  const { add } = InFlight.prototype;
  InFlight.prototype.add = function (delivery) {
    added.push(delivery);
    add.call(this, delivery);
  };
  try {
    const stage = new Stage();
    for (let number = 0; number < 50; number++) watcher(stage, `w${number}`, number % 2 === 0 ? 4 : 5, 1);
    const publisher = stage.connect({ clientId: "p" });
    for (let number = 0; number < 20; number++) publisher.publish("a", "x", { qos: 1 });
  } finally {
    InFlight.prototype.add = add;
  }
  assert.equal(added.length, 1_000);
  assert.equal(new Set(added).size, 20);
});

function ids(client: Client): number[] {
  return client.of("publish").map(({ packetId }) => packetId!);
}
