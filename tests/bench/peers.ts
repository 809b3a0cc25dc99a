/**
 * Our broker, on both engines, compared with mosquitto and aedes: the same workloads on each in turn, warmed up,
 * interleaved and repeated; medians with their spread, ratios within a round, and CPU time as the operating system counts
 * it.
 *
 *   deno task bench:peers [--rounds 5] [--workload storm] [--broker mosquitto]
 *   deno task docs:bench [--rounds 5] [--keep FOLDER]
 *
 * `--workload` takes the beginning of an id; it and `--broker` may be given several times. `--markdown FILE` writes the
 * complete docs/bench.md; `--profile` shows, for each missed goal, where our broker spends its time; `--keep FOLDER`
 * stores the results there, and does not repeat stored ones. The bench takes at most `--minutes` (25), unless one round
 * of all workloads takes longer: each workload has its share, and omits rounds beyond it.
 *
 * The brokers are pinned to one core and the generator to another. The ratios matter: of two figures of the same round,
 * measured shortly after each other on one machine.
 */
import { UsageError } from "../../src/base/failure.ts";
import { chooseEngine, type Engine, engines } from "../../src/net/engine.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { benchMarkdown } from "./peers/document/bench_document.ts";
import { instrumentBrokers } from "./instrument/brokers.ts";
import { measureInstrument } from "./instrument/measure.ts";
import type { Rounds as InstrumentRounds } from "./instrument/table.ts";
import { type BenchRequest, benchRequest, usage } from "./peers/bench_request.ts";
import { Contest, type Rounds, warmMs } from "./peers/contest.ts";
import { brokerCore, contestants, generatorCore } from "./peers/contestants.ts";
import { goalLines, goalRows, type Results } from "./peers/document/goals.ts";
import { machineFacts } from "./peers/machine_facts.ts";
import { headOf, rowsOf, textTable } from "./peers/document/peers_table.ts";
import { pin } from "./peers/process_cost.ts";
import { type Profile, profileOf, toProfile } from "./peers/profile.ts";
import { workloads } from "./peers/workloads.ts";

/** The share of the time for profiles. */
const profileShare = 0.1;

const startMs = performance.now();

function minutesText(): string {
  return `${((performance.now() - startMs) / 60_000).toFixed(1)} min`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Reads the file in the folder, or runs and stores it. */
async function kept<T>(folder: string | undefined, name: string, make: () => Promise<T>): Promise<T> {
  if (folder === undefined) return await make();
  const file = `${folder}/${name}.json`;
  const text = await Deno.readTextFile(file).catch(() => undefined);
  if (text !== undefined) return JSON.parse(text);
  const made = await make();
  await Deno.writeTextFile(file, JSON.stringify(made));
  return made;
}

async function runAll(request: BenchRequest, engine: Engine): Promise<Results> {
  const { rounds, brokers, keep, minutes, profile } = request;
  const untilMs = startMs + minutes * 60_000 * (profile ? 1 - profileShare : 1);
  const results = new Map<string, readonly Rounds[]>();
  let weights = request.workloads.reduce((sum, { weight = 1 }) => sum + weight, 0);
  for (const [at, workload] of request.workloads.entries()) {
    print(`\n${at + 1} of ${request.workloads.length}, after ${minutesText()}: ${workload.title}  [${workload.id}]`);
    const { weight = 1 } = workload;
    const nowMs = performance.now();
    const enoughMs = nowMs + (untilMs - nowMs) * weight / weights;
    weights -= weight;
    const all = await kept(
      keep,
      workload.id,
      () => new Contest(workload, engine, brokers, rounds, enoughMs).run(),
    );
    results.set(workload.id, all);
    print(textTable(headOf(workload, all), rowsOf(workload, all)));
    for (const line of goalLines(workload, results)) print(`  ${line.replaceAll("**", "")}`);
    for (const fault of all[0]?.faults ?? []) print(`  not counted, ${fault}`);
  }
  return results;
}

async function profileAll({ brokers, keep }: BenchRequest, results: Results, engine: Engine): Promise<Profile[]> {
  const profiles: Profile[] = [];
  for (const { contestant, workload } of toProfile(goalRows(workloads), results, brokers, workloads)) {
    print(`profile of ${contestant.name} at ${workload.id}, after ${minutesText()}`);
    const name = `profile ${contestant.name} ${workload.id}`;
    profiles.push(await kept(keep, name, () => profileOf(contestant, workload, engine)));
  }
  return profiles;
}

/** The fleet beside a generator in C on mosquitto; none where no C compiler is installed. */
async function instrumentRounds({ rounds, keep }: BenchRequest): Promise<readonly InstrumentRounds[]> {
  print(`the fleet beside a generator in C on mosquitto, ${rounds} rounds`);
  const start = instrumentBrokers["mosquitto"]!;
  return await kept(keep, "instrument", async () => await measureInstrument({ rounds, start, print }) ?? []);
}

async function run(request: BenchRequest): Promise<void> {
  const engine = engines[(await chooseEngine("auto")).name];
  if (request.keep !== undefined) await Deno.mkdir(request.keep, { recursive: true });
  // Before this process binds itself and its children to one core.
  const instrument = request.markdown === undefined ? [] : await instrumentRounds(request);
  await pin(Deno.pid, generatorCore);
  const facts = await machineFacts(engine.name);
  print(`brokers on core ${brokerCore}, generator on core ${generatorCore} and engine ${engine.name}`);
  for (const { name, setup } of request.brokers) print(`${name}: ${setup}`);
  print(`${request.rounds} rounds at most, after ${warmMs / 1_000} s or more of warming up for each`);
  const results = await runAll(request, engine);
  const profiles = request.profile ? await profileAll(request, results, engine) : [];
  if (request.markdown !== undefined) {
    const rows = goalRows(workloads);
    const { rounds } = request;
    const document = { facts, rounds, contestants, workloads, rows, results, profiles, instrument };
    await Deno.writeTextFile(request.markdown, benchMarkdown(document));
    await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", request.markdown] }).output();
  }
  print(`\n${minutesText()} in all`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => void ChildProcess.endAll().then(() => Deno.exit(130)));
}
try {
  await run(benchRequest(Deno.args));
} catch (error) {
  await ChildProcess.endAll();
  const isUsage = error instanceof UsageError;
  print(`bench:peers: ${error instanceof Error ? error.message : error}${isUsage ? `\n${usage}` : ""}`);
  Deno.exitCode = isUsage ? 2 : 1;
}
Deno.exit();
