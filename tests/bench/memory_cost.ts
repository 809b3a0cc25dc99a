/**
 * The real memory of items, compared with the cost that `src/broker/limits/memory.ts` counts for them: `deno task
 * bench:cost`. A ratio above 1 means that an item costs more than it counts for.
 */
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { Stage } from "../broker/stage.ts";

const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) throw new Error("Cannot measure memory without --v8-flags=--expose-gc");

const count = 20_000;
const bytes = (size: number) => new Uint8Array(size);

function held(): number {
  for (let turn = 0; turn < 4; turn++) collect!();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

type Act = (stage: Stage, at: number) => void;

/** Keeps the objects of earlier measurements alive during later ones. */
const kept: Stage[] = [];

/** Measures the memory and the counted cost of each of many items. */
function measure(name: string, prepare: (stage: Stage) => Act): void {
  const stage = new Stage({ limits: { memoryBytes: Number.MAX_SAFE_INTEGER, sessionExpiryMs: 0 } });
  kept.push(stage);
  const act = prepare(stage);
  for (let at = 0; at < 100; at++) act(stage, at);
  const [realBefore, countedBefore] = [held(), stage.core.memory.usedBytes];
  for (let at = 100; at < 100 + count; at++) act(stage, at);
  const real = (held() - realBefore) / count;
  const counted = (stage.core.memory.usedBytes - countedBefore) / count;
  const line = `${name.padEnd(44)} ${real.toFixed(0).padStart(8)} bytes, counts for ${
    counted.toFixed(0).padStart(8)
  }, ratio ${(real / counted).toFixed(2)}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}

const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 0xffff_fffe } } as const;
const plain = (
  at: number,
) => ({ type: "publish", dup: false, qos: 1, retain: false, topic: `t/${at}`, packetId: 1 } as const);

/** A new copy for each item, because shared memory would cost nothing. */
const sent = (stage: Stage) => {
  const author = stage.connect({ clientId: "author" });
  return (packet: Packet) => {
    author.arrivals.length = 0;
    author.link.write(encode(packet, 5));
    stage.settle();
    author.arrivals.length = 0;
  };
};

measure(
  "a session that is away",
  () => (stage, at) => void stage.connect({ ...lasting, clientId: `client-${at}` }).die(),
);
measure("a delayed will of 20 bytes, and its session", () => (stage, at) => {
  const will = { topic: `will/${at}`, payload: bytes(20), qos: 1, retain: false, delayIntervalS: 1_000_000 } as const;
  stage.connect({ ...lasting, clientId: `client-${at}`, will }).die();
});
for (const size of [20, 1_000]) {
  measure(`a queued message of ${size} bytes`, (stage) => {
    stage.connect({ ...lasting, clientId: "away" }).subscribe("t/+").die();
    const send = sent(stage);
    return (_, at) => send({ ...plain(at), payload: bytes(size) });
  });
  measure(`a retained message of ${size} bytes`, (stage) => {
    const send = sent(stage);
    return (_, at) => send({ ...plain(at), retain: true, payload: bytes(size) });
  });
}
measure("a retained message with 20 user properties", (stage) => {
  const send = sent(stage);
  const userProperties = Array.from({ length: 20 }, (_, at) => [`name${at}`, ""] as const);
  return (_, at) => send({ ...plain(at), retain: true, payload: bytes(20), properties: { userProperties } });
});
measure("a subscription of 3 levels, one of them new", (stage) => {
  const client = stage.connect({ clientId: "reader" });
  return (_, at) => {
    client.subscribe(`site/${at}/#`);
    client.arrivals.length = 0;
  };
});
measure("a subscription of 20 levels, all of them new", (stage) => {
  const client = stage.connect({ clientId: "reader" });
  return (_, at) => {
    client.subscribe(Array.from({ length: 20 }, (_, level) => `${at}.${level}`).join("/"));
    client.arrivals.length = 0;
  };
});
