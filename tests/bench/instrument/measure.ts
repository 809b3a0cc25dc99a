/** All loads of the bench of the instrument on brokers of one kind. */
import type { BrokerPeer } from "../../support/brokers/peers.ts";
import { type Measured, measureFleet, measureGenerator } from "./contest.ts";
import { compileGenerator, findCompiler } from "./generator.ts";
import { type Load, loads, loadText } from "./load.ts";
import type { Rounds } from "./table.ts";

/** The conditions of a measurement. */
export interface InstrumentRequest {
  readonly rounds: number;
  /** Starts the broker of one round. */
  start(): Promise<BrokerPeer>;
  /** Gets a line for each round. */
  print(line: string): void;
}

/** Fleet and generator in turn, for each load and round; undefined where no C compiler is installed. */
export async function measureInstrument(request: InstrumentRequest): Promise<readonly Rounds[] | undefined> {
  const compiler = await findCompiler();
  if (compiler === undefined) return undefined;
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-instrument" });
  try {
    await compileGenerator(compiler, `${folder}/generator`);
    const all = [];
    for (const load of loads) all.push(await roundsOf(load, folder, request));
    return all;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function roundsOf(load: Load, folder: string, { rounds, start, print }: InstrumentRequest): Promise<Rounds> {
  const fleet: Measured[] = [];
  const generator: Measured[] = [];
  for (let round = 1; round <= rounds; round++) {
    await using broker = await start();
    const ours = await measureFleet(folder, broker, load);
    const theirs = await measureGenerator(`${folder}/generator`, broker, load);
    fleet.push(ours);
    generator.push(theirs);
    print(
      `${loadText(load)}, round ${round}: p50 ${ours.p50Ms.toFixed(2)} / ${theirs.p50Ms.toFixed(2)} ms, ` +
        `p99 ${ours.p99Ms.toFixed(2)} / ${theirs.p99Ms.toFixed(2)} ms (fleet / C)`,
    );
  }
  return { load, fleet, generator };
}
