/** The cost of a message, a will and a connection in the broker's core; and of the heap of deadlines. */
import { Deadlines } from "../../src/base/deadlines.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import { type EncodedPublish, withPacketId } from "../../src/mqtt/codec/codec.ts";
import type { PublishPacket, QoS } from "../../src/mqtt/packet.ts";
import { BenchStage, empty, send } from "./bench_stage.ts";

const payload = new TextEncoder().encode("twenty-one and a half");

function publish(qos: QoS): PublishPacket {
  return { type: "publish", dup: false, qos, retain: false, topic: "t/1", payload, ...qos > 0 && { packetId: 1 } };
}

for (const qos of [0, 1] as const) {
  const stage = new BenchStage();
  const publisher = stage.connect("publisher");
  const subscriber = stage.connect("subscriber", "t/+");
  const bytes = encode(publish(qos), 5);
  Deno.bench({
    name: `one message at QoS ${qos}, one subscriber, acknowledged`,
    group: "message",
    baseline: qos === 0,
    fn: () => {
      publisher.receiver.onBytes(bytes);
      empty(publisher);
      const got = empty(subscriber)!;
      if (qos === 1) subscriber.receiver.onBytes(Uint8Array.of(0x40, 2, got[7]!, got[8]!));
    },
  });
}

{
  const stage = new BenchStage();
  const publisher = stage.connect("publisher");
  const subscribers = Array.from({ length: 100 }, (_, number) => stage.connect(`s${number}`, "t/#"));
  const bytes = encode(publish(0), 5);
  Deno.bench({
    name: "one message at QoS 0, 100 subscribers",
    group: "message",
    fn: () => {
      publisher.receiver.onBytes(bytes);
      for (const link of subscribers) empty(link);
    },
  });
}

{
  const stage = new BenchStage();
  stage.connect("watcher", "will/#");
  const will = { topic: "will/1", payload, qos: 0 as const, retain: false };
  const connect = {
    type: "connect",
    protocolVersion: 5,
    cleanStart: true,
    keepAliveS: 60,
    clientId: "victim",
    will,
  } as const;
  const watcher = stage.connect("another", "will/#");
  Deno.bench({
    name: "a client that comes, dies and leaves a will",
    group: "life",
    fn: () => {
      const link = stage.dial();
      send(link, connect);
      link.finish("reset");
      empty(watcher);
    },
  });
}

{
  const encoded: EncodedPublish = { bytes: encode(publish(1), 5), packetIdAt: 7 };
  const stage = new BenchStage({ limits: { inflight: 1_000 } });
  const publisher = stage.connect("publisher");
  const subscriber = stage.connect("subscriber", "t/+");
  Deno.bench({
    name: "outbox: 1,000 QoS 1 messages in flight and acknowledged in turn",
    group: "outbox",
    fn: () => {
      for (let packetId = 1; packetId <= 1_000; packetId++) {
        publisher.receiver.onBytes(withPacketId(encoded, packetId, false));
      }
      empty(publisher);
      for (let got = subscriber.take(); got !== undefined; got = subscriber.take()) {
        subscriber.receiver.onBytes(Uint8Array.of(0x40, 2, got.bytes[7]!, got.bytes[8]!));
      }
    },
  });
}

{
  const deadlines = new Deadlines<number>();
  const held = Array.from({ length: 100_000 }, (_, number) => deadlines.add(number, number));
  let turn = 0;
  Deno.bench({
    name: "deadlines: move one of 100,000",
    group: "deadlines",
    fn: () => deadlines.move(held[turn++ * 7_919 % 100_000]!, 100_000 + turn),
  });
  Deno.bench({
    name: "deadlines: add one and take the earliest of 100,000",
    group: "deadlines",
    fn: () => {
      deadlines.add(turn++ + 200_000, turn);
      deadlines.takeDue(Infinity);
    },
  });
}
