/**
 * Where our broker, or the fleet, spends its time in the workload of a goal: V8's profile (`--cpu-prof`) of the
 * measured time only, by file and function.
 */
import type { Engine, EngineName } from "../../../src/net/engine.ts";
import { startOurs } from "../../support/brokers/peers.ts";
import { warmMs } from "./contest.ts";
import { type Contestant, generatorCore } from "./contestants.ts";
import { engineNames, type GoalRow, isReached, type Results } from "./document/goals.ts";
import { pin } from "./process_cost.ts";
import { fleetArgs } from "./steady.ts";
import { type Span, Stage, type Workload } from "./workload.ts";

/** The self time of one function. */
export interface ProfileRow {
  readonly file: string;
  readonly name: string;
  /** A share of the time in which the thread was not idle, from 0 to 1. */
  readonly share: number;
}

/** One broker at one workload. */
export interface Profile {
  readonly broker: string;
  readonly workload: string;
  readonly rows: readonly ProfileRow[];
  /** The time in the profile, of all its threads, without idle time. */
  readonly ms: number;
}

/** The parts of V8's format that this file reads. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { functionName: string; url: string } }[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The shortest measured time of a profile, and the most runs. */
const enoughMs = 1_000;
const runsAtMost = 6;
/** The duration of a fleet, in seconds. */
const fleetS = 12;
/** Functions below this share are omitted. */
const leastShare = 0.01;
const rowsAtMost = 15;

/** A goal about memory needs no CPU profile. */
export function hasNone({ id }: Workload): boolean {
  return id === "memory";
}

/** A broker to profile, at a workload. */
export interface ToProfile {
  readonly contestant: Contestant;
  readonly workload: Workload;
}

/** Each broker of a missed goal, once for each workload. */
export function toProfile(
  rows: readonly GoalRow[],
  results: Results,
  contestants: readonly Contestant[],
  workloads: readonly Workload[],
): ToProfile[] {
  const missed = rows.flatMap((row) => engineNames.flatMap((name) => row.verdict(results, name) ?? []))
    .filter((verdict) => !isReached(verdict));
  const byPlace = new Map(missed.map((verdict) => [`${verdict.broker} ${verdict.workload}`, verdict]));
  return [...byPlace.values()].flatMap(({ broker, workload: id }) => {
    const contestant = contestants.find(({ name }) => name === broker);
    const workload = workloads.find((each) => each.id === id);
    return contestant === undefined || workload === undefined || hasNone(workload) ? [] : [{ contestant, workload }];
  });
}

/** Repeats the workload until the profile is long enough, and reads the time of the broker's or the fleet's threads. */
export async function profileOf(contestant: Contestant, workload: Workload, engine: Engine): Promise<Profile> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-profile" });
  const flags = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
  try {
    const spans = workload.fleet === undefined
      ? await runBroker(contestant, workload, engine, flags)
      : await runFleet(contestant, workload.fleet, flags);
    const profiles = [...Deno.readDirSync(folder)].map(({ name }): CpuProfile =>
      JSON.parse(Deno.readTextFileSync(`${folder}/${name}`))
    );
    if (profiles.length === 0) throw new Error(`${contestant.name} has written no profile at ${workload.id}`);
    const found = profileRows(profiles, spans, await monotonicOffsetMs());
    return { broker: contestant.name, workload: workload.id, ...found };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** One run of the fleet, all of it. */
async function runFleet(contestant: Contestant, engine: EngineName, flags: readonly string[]): Promise<Span[]> {
  await using peer = await contestant.start();
  await using child = startOurs(fleetArgs(peer.url, fleetS, engine), flags);
  await pin(child.pid, generatorCore);
  await child.exit((fleetS + 60) * 1_000);
  return [];
}

/** Returns when the broker was under measurement. */
async function runBroker(
  contestant: Contestant,
  workload: Workload,
  engine: Engine,
  flags: readonly string[],
): Promise<Span[]> {
  await using peer = await contestant.start(flags);
  let runs = 0;
  const run = async (): Promise<readonly Span[]> => {
    const stage = new Stage(peer, engine, `profile${++runs}`, () => contestant.start());
    await workload.run(stage);
    return stage.spans;
  };
  const warmUntilMs = workload.isFresh || workload.isWarming ? 0 : performance.now() + warmMs;
  while (performance.now() < warmUntilMs) await run();
  const spans: Span[] = [...await run()];
  const sum = () => spans.reduce((so, { fromMs, toMs }) => so + toMs - fromMs, 0);
  for (let more = 1; more < runsAtMost && spans.length > 0 && sum() < enoughMs && !workload.isFresh; more++) {
    spans.push(...await run());
  }
  peer.child.kill("SIGTERM");
  await peer.child.exit(60_000);
  return spans;
}

/** The offset from `performance.now()` to the monotonic clock of the operating system, which V8's profile uses. */
async function monotonicOffsetMs(): Promise<number> {
  const uptime = () => Deno.readTextFileSync("/proc/uptime").split(" ")[0]!;
  const before = uptime();
  while (uptime() === before) await Promise.resolve(); // this clock advances every 10 ms; the time of its step is exact
  return Number(uptime()) * 1_000 - performance.now();
}

/** Functions by self time within the spans; in the whole profile, if no span is known. */
export function profileRows(
  profiles: readonly CpuProfile[],
  spans: readonly Span[],
  offsetMs: number,
): Pick<Profile, "rows" | "ms"> {
  const byPlace = new Map<string, { file: string; name: string; us: number }>();
  let totalUs = 0;
  for (const { url, functionName, us } of profiles.flatMap((profile) => [...samplesOf(profile, spans, offsetMs)])) {
    const [file, name] = [fileText(url), functionName === "" ? "(anonymous)" : functionName];
    const place = byPlace.get(`${file} ${name}`) ?? { file, name, us: 0 };
    place.us += us;
    totalUs += us;
    byPlace.set(`${file} ${name}`, place);
  }
  const rows = [...byPlace.values()].map(({ file, name, us }) => ({ file, name, share: us / totalUs }))
    .filter(({ share }) => share >= leastShare).sort((one, other) => other.share - one.share).slice(0, rowsAtMost);
  return { rows, ms: totalUs / 1_000 };
}

/** The self times of one thread, without idle time. */
function* samplesOf(
  { nodes, samples, timeDeltas, startTime }: CpuProfile,
  spans: readonly Span[],
  offsetMs: number,
): Generator<CpuProfile["nodes"][number]["callFrame"] & { readonly us: number }> {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  let atUs = startTime;
  for (const [at, id] of samples.entries()) {
    const us = timeDeltas[at] ?? 0;
    atUs += us;
    const nowMs = atUs / 1_000 - offsetMs;
    if (spans.length > 0 && !spans.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs <= toMs)) continue;
    const frame = frames.get(id)!;
    if (frame.functionName !== "(idle)") yield { ...frame, us };
  }
}

/** A short name of a file: of this repository, of a package, or of the runtime. */
export function fileText(url: string): string {
  const ours = /^file:.*\/((?:src|tests)\/.+|cli\.ts)$/.exec(url);
  const [, scope = "", name, path] = /\/npm\/[^/]+\/(@[^/]+\/)?([^/]+)\/\d[^/]*\/(.+)$/.exec(url) ?? [];
  if (name !== undefined) return `${scope}${name}: ${path}`;
  if (ours !== null) return ours[1]!;
  return url === "" ? "V8" : url.startsWith("file:") ? url.slice(url.lastIndexOf("/") + 1) : url;
}
