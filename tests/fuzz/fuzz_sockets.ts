/** A broker on real sockets under mutated streams, beside an honest client from another library. */
import assert from "node:assert/strict";
import { Random } from "../../src/base/random.ts";
import { Broker } from "../../src/broker/broker.ts";
import type { EngineName } from "../../src/net/engine.ts";
import { RawSocket } from "../support/clients/raw_mqtt.ts";
import { connectOf, corpus } from "./corpus.ts";
import { mutated } from "./mutate.ts";

const seedlings = corpus();
const atOnce = 8;

/**
 * Sends `streams` streams, a few at a time; after each batch the watcher must receive an honest will. Returns the number
 * of packets.
 */
export async function fuzzSockets(seed: number, streams: number, engine: EngineName): Promise<number> {
  const broker = await Broker.start({ engine, limits: { stopGraceMs: 200 } });
  const random = new Random(seed);
  let packets = 0;
  try {
    const watcher = await RawSocket.open(broker.port);
    await watcher.connect({ version: 5, clientId: "honest-watcher", clean: true, keepAliveS: 0 });
    watcher.send(subscribeTo("honest/#"));
    await watcher.next();
    for (let stream = 0; stream < streams; stream += atOnce) {
      const sent = await Promise.all(Array.from({ length: atOnce }, () => fuzzOne(broker.port, random)));
      packets += sent.reduce((sum, count) => sum + count, 0);
      await seeWill(broker.port, watcher, stream);
    }
    watcher.socket.destroy();
    await untilAlone(broker);
  } finally {
    await broker.stop();
  }
  assert.equal(broker.metrics().connections.open, 0, "links are left open");
  return packets;
}

function subscribeTo(filter: string): Uint8Array {
  const text = new TextEncoder().encode(filter);
  return Uint8Array.of(0x82, 6 + text.length, 0, 1, 0, 0, text.length, ...text, 0);
}

/** One fuzzing client: sends its bytes in pieces of any size, then FIN, RST or nothing until the broker closes. */
async function fuzzOne(port: number, random: Random): Promise<number> {
  const version = random.below(2) === 0 ? 4 : 5;
  const count = 1 + random.below(20);
  const pieces = Array.from({ length: count }, () => mutated(random, seedlings));
  const bytes = [connectOf(version, `fuzz${random.below(4)}`, true, 0), ...pieces].flatMap((piece) => [...piece]);
  const cuts = [random.below(bytes.length), random.below(bytes.length)].sort((one, other) => one - other);
  const reset = random.below(2) === 0;
  const raw = await RawSocket.open(port);
  for (const [from, to] of [[0, cuts[0]!], [cuts[0]!, cuts[1]!], [cuts[1]!, bytes.length]] as const) {
    raw.send(Uint8Array.from(bytes.slice(from, to)));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (reset) raw.socket.resetAndDestroy();
  else raw.socket.end();
  return count;
}

async function seeWill(port: number, watcher: RawSocket, number: number): Promise<void> {
  const victim = await RawSocket.open(port);
  const willTopic = `honest/${number}`;
  await victim.connect({ version: 5, clientId: "honest-victim", clean: true, keepAliveS: 0, willTopic });
  victim.socket.destroy();
  const { first, body } = await watcher.next();
  assert.equal(first >> 4, 3, "the watcher got something else than a message");
  assert.equal(new TextDecoder().decode(body.subarray(2, 2 + body[1]!)), willTopic);
}

/** Waits until the broker has no connection of a fuzzing client. */
async function untilAlone(broker: Broker): Promise<void> {
  for (let look = 0; look < 500 && broker.metrics().connections.open > 0; look++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
