/** The broker's cost of a refusal: at each limit, for a client that tries and disconnects. */
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { BenchStage, connectOf, empty, send } from "./bench_stage.ts";

const payload = new Uint8Array(100);
const subscription = { topicFilter: "a/b", qos: 0 } as const;

/** A client that connects and exceeds a limit by one. */
function bench(name: string, stage: BenchStage, packet: Packet | Uint8Array): void {
  const bytes = packet instanceof Uint8Array ? packet : encode(packet, 5);
  const connect = encode(connectOf("victim"), 5);
  Deno.bench({
    name,
    group: "refusal",
    fn: () => {
      const link = stage.dial();
      link.receiver.onBytes(connect);
      link.receiver.onBytes(bytes);
      empty(link);
      link.finish("closed");
    },
  });
}

{
  const stage = new BenchStage();
  const connect = encode(connectOf("victim"), 5);
  Deno.bench({
    name: "nothing refused: a client comes and goes",
    group: "refusal",
    baseline: true,
    fn: () => {
      const link = stage.dial();
      link.receiver.onBytes(connect);
      empty(link);
      link.finish("closed");
    },
  });
}

/** A CONNECT that the broker refuses. */
function benchConnect(name: string, stage: BenchStage, packet: Packet): void {
  const connect = encode(packet, 5);
  Deno.bench({
    name,
    group: "refusal",
    fn: () => {
      const link = stage.dial();
      link.receiver.onBytes(connect);
      empty(link);
      link.finish("closed");
    },
  });
}

const full = new BenchStage({ limits: { connections: 1 } });
full.connect("resident");
benchConnect("CONNECT beyond the connections", full, connectOf("victim"));

const crowded = new BenchStage({ limits: { sessions: 1 } });
crowded.connect("resident");
benchConnect("CONNECT beyond the sessions", crowded, connectOf("victim"));

benchConnect(
  "CONNECT with a bad login",
  new BenchStage({ authenticate: () => "bad-credentials" }),
  connectOf("victim"),
);
benchConnect("CONNECT with too long a client identifier", new BenchStage(), connectOf("x".repeat(2_000)));

const tooLarge = Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f);
bench("a packet that is too large", new BenchStage(), tooLarge);
bench("a malformed packet", new BenchStage(), Uint8Array.of(0x36, 5, 0, 1, 0x61, 0, 1));
bench("a topic alias beyond the maximum", new BenchStage(), {
  type: "publish",
  dup: false,
  qos: 0,
  retain: false,
  topic: "a",
  payload,
  properties: { topicAlias: 65_000 },
});
bench("a topic that is too deep, at QoS 0", new BenchStage({ limits: { topicLevels: 4 } }), {
  type: "publish",
  dup: false,
  qos: 0,
  retain: false,
  topic: "a/b/c/d/e",
  payload,
});
bench("a subscription beyond the session's", new BenchStage({ limits: { subscriptionsPerSession: 1 } }), {
  type: "subscribe",
  packetId: 1,
  subscriptions: [subscription, { ...subscription, topicFilter: "c" }],
});

{
  const stage = new BenchStage({ limits: { outboxBytes: 1_000, inflight: 1 } });
  const publisher = stage.connect("publisher");
  stage.connect("slow", "t");
  const message = { type: "publish", dup: false, qos: 1, retain: false, topic: "t", payload, packetId: 1 } as const;
  for (let count = 0; count < 20; count++) send(publisher, message);
  const bytes = encode(message, 5);
  Deno.bench({
    name: "a message for a queue that is full",
    group: "refusal",
    fn: () => {
      publisher.receiver.onBytes(bytes);
      empty(publisher);
    },
  });
}
