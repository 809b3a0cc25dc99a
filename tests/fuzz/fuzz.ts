/**
 * `deno task fuzz`: a million mutated packets. One thread and one broker for the whole run, so that a leak shows: at
 * intervals all clients disconnect, the runtime collects garbage, and the heap must be at its earlier size.
 *
 *   deno task fuzz [--packets 1000000] [--from 0]
 *   deno task fuzz --seed 1234            one round of the broker and one of the codec
 */
import assert from "node:assert/strict";
import { chooseEngine } from "../../src/net/engine.ts";
import { FuzzedBroker } from "./fuzz_broker.ts";
import { fuzzCodec } from "./fuzz_codec.ts";
import { fuzzSockets } from "./fuzz_sockets.ts";

const streamsPerRound = 60;
const codecPackets = 300;
/** How much larger the heap may be at the end than after the first fifth. */
const growthLimitBytes = 2 * 1024 * 1024;

declare const gc: () => void;

function numberAfter(name: string, fallback: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function heapBytes(): number {
  gc();
  gc();
  return Deno.memoryUsage().heapUsed;
}

function oneSeed(broker: FuzzedBroker, seed: number): number {
  try {
    return broker.round(seed, streamsPerRound) + fuzzCodec(seed, codecPackets);
  } catch (error) {
    throw new Error(`seed ${seed}: replay with deno task fuzz --seed ${seed}`, { cause: error });
  }
}

function sweep(packetsWanted: number, from: number): number {
  const broker = new FuzzedBroker();
  const heaps: number[] = [];
  let [packets, seed] = [0, from];
  while (packets < packetsWanted) {
    packets += oneSeed(broker, seed++);
    if (packets < packetsWanted * (heaps.length + 1) / 10) continue;
    heaps.push(heapBytes());
    print(`${packets} packets, ${seed - from} rounds, heap ${(heaps.at(-1)! / 1e6).toFixed(1)} MB`);
  }
  const growth = heaps.at(-1)! - heaps[1]!;
  assert.ok(growth < growthLimitBytes, `the heap has grown by ${growth} bytes`);
  return packets;
}

async function all(): Promise<number> {
  const packets = numberAfter("--packets", 1_000_000);
  let onSockets = 0;
  for (const engine of new Set(["deno", (await chooseEngine("auto")).name] as const)) {
    // In sequence, because the honest client has a time limit.
    const sent = await fuzzSockets(1, Math.ceil(packets / 500), engine);
    print(`${sent} packets on sockets, engine ${engine}`);
    onSockets += sent;
  }
  return onSockets + sweep(packets, numberAfter("--from", 0));
}

try {
  const seed = numberAfter("--seed", -1);
  const packets = seed >= 0 ? oneSeed(new FuzzedBroker(), seed) : await all();
  print(`ok | 1 passed | 0 failed (${packets} packets)`);
} catch (error) {
  print(error instanceof Error ? `${error.stack}\n${(error.cause as Error | undefined)?.stack ?? ""}` : String(error));
  print("FAILED | 0 passed | 1 failed");
  Deno.exit(1);
}
