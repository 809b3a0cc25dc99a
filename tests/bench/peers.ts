/**
 * Our broker, on both engines, beside mosquitto and aedes: the same workloads against each in turn, warmed up,
 * interleaved and repeated; medians, ratios within a round, and CPU time as the operating system counts it.
 *
 *   deno task bench:peers [--rounds 5] [--workload storm] [--broker mosquitto] [--markdown FILE]
 *
 * The brokers are tied to one core and the generator to another. Ratios are what counts: of two figures of one round,
 * minutes apart at most, on one machine.
 */
import { chooseEngine, engines } from "../../src/net/engine.ts";
import type { BrokerPeer } from "../support/peers.ts";
import { brokerCore, type Contestant, contestants, generatorCore } from "./peers/contestants.ts";
import { goalLines, headOf, markdownTable, type Rounds, rowsOf, textTable } from "./peers/peers_table.ts";
import { pin } from "./peers/process_cost.ts";
import { type Figures, Stage, type Workload } from "./peers/workload.ts";
import { workloads } from "./peers/workloads.ts";

function wordsAfter(name: string): string[] {
  return Deno.args.flatMap((arg, at) => arg === name ? [Deno.args[at + 1]!] : []);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const asked = wordsAfter("--workload");
const brokers = wordsAfter("--broker");
const rounds = Number(wordsAfter("--rounds")[0] ?? 5);
const [markdownFile] = wordsAfter("--markdown");
const chosenWorkloads = workloads.filter(({ id }) => asked.length === 0 || asked.some((word) => id.startsWith(word)));
const chosenBrokers = contestants.filter(({ name }) => brokers.length === 0 || brokers.includes(name));
const engine = engines[(await chooseEngine("auto")).name];

class Contest {
  readonly #workload: Workload;
  readonly #peers = new Map<Contestant, BrokerPeer>();
  #runs = 0;

  constructor(workload: Workload) {
    this.#workload = workload;
  }

  /** Every broker in turn, round by round; the first round only warms up. */
  async rounds(): Promise<Rounds[]> {
    const taking = chosenBrokers.filter(({ name }) => name !== "mqtt-sim store" || this.#workload.withStore);
    const figures = new Map(taking.map((contestant) => [contestant, [] as Figures[]]));
    const warming = this.#workload.isFresh ? 0 : 1;
    try {
      for (let number = 0; number < rounds + warming; number++) {
        for (const contestant of taking) {
          const result = await this.#run(contestant);
          if (number >= warming) figures.get(contestant)!.push(result);
        }
      }
    } finally {
      for (const contestant of [...this.#peers.keys()]) await this.#stop(contestant);
    }
    return [...figures].map(([{ name }, all]) => ({ broker: name, figures: all }));
  }

  async #run(contestant: Contestant): Promise<Figures> {
    if (this.#workload.isFresh) await this.#stop(contestant);
    const peer = this.#peers.get(contestant) ?? await contestant.start();
    this.#peers.set(contestant, peer);
    return await this.#workload.run(new Stage(peer, engine, `run${++this.#runs}`));
  }

  async #stop(contestant: Contestant): Promise<void> {
    await this.#peers.get(contestant)?.[Symbol.asyncDispose]();
    this.#peers.delete(contestant);
  }
}

await pin(Deno.pid, generatorCore);
const setups = chosenBrokers.map(({ name, setup }) => `${name}: ${setup}`).join(". ");
print(`generator on the ${engine.name} engine and core ${generatorCore}, brokers on core ${brokerCore}. ${setups}.`);
print(`medians of ${rounds} rounds`);
const sections: string[] = [];
for (const workload of chosenWorkloads) {
  const results = await new Contest(workload).rounds();
  const [head, rows, goals] = [headOf(workload), rowsOf(workload, results), goalLines(workload, results)];
  print(`\n${workload.title}  [${workload.id}]\n${textTable(head, rows)}`);
  for (const goal of goals) print(goal);
  sections.push(
    `## ${workload.title}\n\n${markdownTable(head, rows)}\n${goals.map((goal) => `\n- ${goal}`).join("")}\n`,
  );
}
if (markdownFile !== undefined) await Deno.writeTextFile(markdownFile, sections.join("\n"));
