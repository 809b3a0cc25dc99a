/** The fleet with the broker in its own process: latency at the load of the README, and CPU time when idle. */
import { numberText, spreadOf, spreadText } from "../peers/document/figures.ts";
import { CpuClock } from "../peers/process_cost.ts";
import { startOurs } from "../../support/brokers/peers.ts";

/** What one round measured. */
export interface OwnBroker {
  /** From the scheduled instant of a kill to its will. */
  readonly p50Ms: number;
  /** CPU time of the idle process, in percent of one core. */
  readonly idlePercent: number;
}

const goals = { p50Ms: 0.3, idlePercent: 2 } as const;

/** By then the fleet is connected, and the compiler of the runtime has nothing left to do. */
const warmUpMs = 8_000;
const idleMs = 10_000;

const runOf = (killRate: string) => ["fleet", "--clients", "1000", "--kill-rate", killRate];

/** The first command of the README, for its 30 s. */
async function p50Of(folder: string): Promise<number> {
  const path = `${folder}/own_broker.json`;
  await using child = startOurs([...runOf("5%"), "--report", path]);
  const { code } = await child.exit(100_000);
  if (code !== 0) throw new Error(`the fleet ended with exit code ${code}:\n${child.lines.join("\n")}`);
  const { latencyMs } = JSON.parse(await Deno.readTextFile(path)) as { latencyMs: { all: { p50: number } } };
  return latencyMs.all.p50;
}

async function idlePercent(): Promise<number> {
  await using child = startOurs([...runOf("0.1/s"), "--duration", "60s"]);
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await later(warmUpMs);
  const fromMs = performance.now();
  const cpu = new CpuClock(child.pid);
  await later(idleMs);
  return cpu.us / 10 / (performance.now() - fromMs);
}

/** @param print receives a line for each round */
export async function measureOwnBroker(rounds: number, print: (text: string) => void): Promise<OwnBroker[]> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-instrument" });
  const measured: OwnBroker[] = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      const one = { p50Ms: await p50Of(folder), idlePercent: await idlePercent() };
      measured.push(one);
      print(
        `own broker, round ${round}: p50 ${one.p50Ms.toFixed(2)} ms, idle ${one.idlePercent.toFixed(1)} % of a core`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return measured;
}

/** The rows under the table, each with its goal. */
export function ownBrokerText(rounds: readonly OwnBroker[]): string {
  const row = (title: string, figure: keyof OwnBroker, unit: string) => {
    const spread = spreadOf(rounds.map((round) => round[figure]));
    const isReached = spread.median <= goals[figure];
    const goal = `${isReached ? "reached" : "missed"}: at most ${numberText(goals[figure])}${unit}`;
    return `- ${title}: ${spreadText(spread, unit)} (goal ${goal})`;
  };
  return [
    row("1,000 clients, 5 %/s, own broker in one process: kill to will p50", "p50Ms", " ms"),
    row("1,000 idle clients and their broker: CPU of one core", "idlePercent", " %"),
  ].join("\n");
}
