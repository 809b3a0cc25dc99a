/**
 * The fleet as an instrument, beside a generator in C on the same broker: from the scheduled instant of a kill to the
 * will, and CPU time for each life. Fleet and generator alternate in each round. Then the fleet with its own broker in
 * one process: latency, and CPU time when idle.
 *
 *   deno task bench:instrument [--rounds 5] [--broker mosquitto|mqtt-sim] [--only table|own]
 */
import { parseArgs } from "node:util";
import { UsageError } from "../../src/base/failure.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { instrumentBrokers } from "./instrument/brokers.ts";
import { measureInstrument } from "./instrument/measure.ts";
import { measureOwnBroker, ownBrokerText } from "./instrument/own_broker.ts";
import { instrumentTable } from "./instrument/table.ts";

const options = {
  rounds: { type: "string", default: "5" },
  broker: { type: "string", default: "mosquitto" },
  only: { type: "string" },
} as const;

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function asked(args: readonly string[]) {
  const { rounds, broker, only } = parseArgs({ args: [...args], options }).values;
  if (only !== undefined && only !== "table" && only !== "own") {
    throw new UsageError(`Cannot use --only ${only}: expected table, the fleet beside the generator in C, or own`);
  }
  const start = instrumentBrokers[broker];
  if (start === undefined) {
    throw new UsageError(`Cannot use --broker ${broker}: expected one of ${Object.keys(instrumentBrokers).join(", ")}`);
  }
  const count = Number(rounds);
  if (!Number.isInteger(count) || count < 1 || count > 50) {
    throw new UsageError(`Cannot use --rounds ${rounds}: expected a whole number from 1 to 50`);
  }
  return { rounds: count, start, only };
}

async function run(): Promise<void> {
  const { rounds, start, only } = asked(Deno.args);
  const texts = [];
  if (only !== "own") {
    const all = await measureInstrument({ rounds, start, print });
    if (all === undefined) {
      throw new UsageError("Cannot compile the generator in C: expected a C compiler, such as Debian's package gcc");
    }
    texts.push(instrumentTable(all));
  }
  if (only !== "table") texts.push(ownBrokerText(await measureOwnBroker(rounds, print)));
  print(`\n${texts.join("\n\n")}`);
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
