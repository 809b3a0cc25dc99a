/**
 * The fleet as an instrument, beside a generator in C on the same broker: from the scheduled instant of a kill to the
 * will, and CPU time for each life. Fleet and generator alternate in each round.
 *
 *   deno task bench:instrument [--rounds 5] [--broker mosquitto|mqtt-sim]
 */
import { parseArgs } from "node:util";
import { UsageError } from "../../src/base/failure.ts";
import { type BrokerPeer, startMosquitto, startOurBroker } from "../support/brokers/peers.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { type Measured, measureFleet, measureGenerator } from "./instrument/contest.ts";
import { compileGenerator, findCompiler } from "./instrument/generator.ts";
import { type Load, loads, loadText } from "./instrument/load.ts";
import { instrumentTable, type Rounds } from "./instrument/table.ts";

const starts: Readonly<Record<string, () => Promise<BrokerPeer>>> = {
  mosquitto: () => startMosquitto(["max_queued_messages 0", "max_connections -1", "set_tcp_nodelay true"]),
  "mqtt-sim": () => startOurBroker(),
};
const options = {
  rounds: { type: "string", default: "5" },
  broker: { type: "string", default: "mosquitto" },
} as const;

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function asked(args: readonly string[]) {
  const { rounds, broker } = parseArgs({ args: [...args], options }).values;
  const start = starts[broker];
  if (start === undefined) {
    throw new UsageError(`Cannot use --broker ${broker}: expected one of ${Object.keys(starts).join(", ")}`);
  }
  const count = Number(rounds);
  if (!Number.isInteger(count) || count < 1 || count > 50) {
    throw new UsageError(`Cannot use --rounds ${rounds}: expected a whole number from 1 to 50`);
  }
  return { rounds: count, start };
}

async function roundsOf(load: Load, rounds: number, start: () => Promise<BrokerPeer>, folder: string): Promise<Rounds> {
  const fleet: Measured[] = [];
  const generator: Measured[] = [];
  for (let round = 1; round <= rounds; round++) {
    await using broker = await start();
    fleet.push(await measureFleet(folder, broker, load));
    generator.push(await measureGenerator(`${folder}/generator`, broker, load));
    const [ours, theirs] = [fleet.at(-1)!, generator.at(-1)!];
    print(
      `${loadText(load)}, round ${round}: p50 ${ours.p50Ms.toFixed(2)} / ${theirs.p50Ms.toFixed(2)} ms, ` +
        `p99 ${ours.p99Ms.toFixed(2)} / ${theirs.p99Ms.toFixed(2)} ms (fleet / C)`,
    );
  }
  return { load, fleet, generator };
}

async function run(): Promise<void> {
  const { rounds, start } = asked(Deno.args);
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-instrument" });
  try {
    const compiler = await findCompiler();
    if (compiler === undefined) {
      throw new UsageError("Cannot compile the generator in C: expected a C compiler, such as Debian's package gcc");
    }
    await compileGenerator(compiler, `${folder}/generator`);
    const all = [];
    for (const load of loads) all.push(await roundsOf(load, rounds, start, folder));
    print(`\n${instrumentTable(all)}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => void ChildProcess.endAll().then(() => Deno.exit(130)));
}
try {
  await run();
} catch (error) {
  await ChildProcess.endAll();
  print(`bench:instrument: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = error instanceof UsageError ? 2 : 1;
}
Deno.exit();
