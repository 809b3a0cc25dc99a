/**
 * How long one packet blocks the broker's event loop: for each kind of packet the largest one that the default limits
 * accept, in process and without sockets. Times are CPU time of the process, medians and maxima of several packets.
 *
 *   deno task bench:turns [--rounds 9] [--without-limits]
 *
 * `--without-limits` restricts the numbers of user properties and filters only by the size of the packet.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { parseWhole } from "../../src/base/units.ts";
import { type BrokerLimits, defaultLimits } from "../../src/broker/options/options.ts";
import { decode } from "../../src/mqtt/codec/codec.ts";
import { BenchStage } from "./bench_stage.ts";
import { type TurnCase, turnCases, withoutCounts } from "./turns/turn_cases.ts";

/** The time for a packet, in milliseconds. */
interface Took {
  readonly decodeMs: number;
  readonly turnMs: number;
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function measure({ bytes, version, isOnePacket, link }: TurnCase, limits: BrokerLimits): Took {
  const stage = new BenchStage({ limits });
  const from = link(stage);
  const isConnect = bytes[0] === 0x10;
  const decodeMs = isOnePacket ? cpuMs(() => void decode(bytes, isConnect ? undefined : version, limits)) : NaN;
  return { decodeMs, turnMs: cpuMs(() => from.receiver.onBytes(bytes)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}

function msText(ms: number): string {
  return (Number.isNaN(ms) ? "" : ms.toFixed(1)).padStart(7);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const options = { rounds: { type: "string", default: "9" }, "without-limits": { type: "boolean" } } as const;
const { rounds, "without-limits": unlimited } = parseArgs({ args: Deno.args, options }).values;
const count = parseWhole(rounds, "--rounds");
const limits = unlimited === true ? withoutCounts(defaultLimits) : defaultLimits;
print(`${"packet".padEnd(48)}    bytes    items  decode    turn     max   (ms of CPU time)`);
for (const each of turnCases(limits)) {
  const took = Array.from({ length: count }, () => measure(each, limits));
  const turns = took.map(({ turnMs }) => turnMs);
  const figures = [median(took.map(({ decodeMs }) => decodeMs)), median(turns), Math.max(...turns)].map(msText);
  print(
    `${each.name.padEnd(48)} ${String(each.bytes.length).padStart(8)} ${String(each.items).padStart(8)} ${
      figures.join(" ")
    }`,
  );
}
