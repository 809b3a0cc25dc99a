/**
 * Where our broker spends its CPU time while it is at what a goal asks of it: V8's own profile (`--cpu-prof`), of the
 * measured time alone, by file and function.
 */
import type { Engine } from "../../../src/net/engine.ts";
import { warmMs } from "./contest.ts";
import type { Contestant } from "./contestants.ts";
import { engineNames, type GoalRow, isReached, type Results } from "./goals.ts";
import { type Span, Stage, type Workload } from "./workload.ts";

/** One function's own time. */
export interface ProfileRow {
  readonly file: string;
  readonly name: string;
  /** Of the time in which the thread was not idle, from 0 to 1. */
  readonly share: number;
}

/** One broker at one workload. */
export interface Profile {
  readonly broker: string;
  readonly workload: string;
  readonly rows: readonly ProfileRow[];
  /** Time in the profile, without idleness. */
  readonly ms: number;
}

/** As much of V8's format as is read here. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { functionName: string; url: string } }[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** So long a broker is at what is measured, or so many runs. */
const enoughMs = 2_000;
const runsAtMost = 8;
/** A function below that share is no answer. */
const leastShare = 0.01;
const rowsAtMost = 15;

/** Memory is no question of CPU time, and what the fleet pays is not the broker's. */
export function hasNone({ id }: Workload): boolean {
  return id === "memory" || id.startsWith("fleet");
}

/** A broker that is to be looked at, at a workload. */
export interface ToProfile {
  readonly contestant: Contestant;
  readonly workload: Workload;
}

/** Each broker at each workload once, where a goal is missed. */
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

/** Runs one until there is enough of it, and reads where the broker's main thread spent that time. */
export async function profileOf(contestant: Contestant, workload: Workload, engine: Engine): Promise<Profile> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-profile" });
  try {
    await using peer = await contestant.start(["--cpu-prof", `--cpu-prof-dir=${folder}`]);
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
    const [file] = [...Deno.readDirSync(folder)];
    if (file === undefined) throw new Error(`${contestant.name} has written no profile:\n${peer.child.said}`);
    const profile: CpuProfile = JSON.parse(await Deno.readTextFile(`${folder}/${file.name}`));
    return {
      broker: contestant.name,
      workload: workload.id,
      ...profileRows(profile, spans, await monotonicOffsetMs()),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is to be added to `performance.now()` for the monotonic clock of the operating system, in which V8 tells time. */
async function monotonicOffsetMs(): Promise<number> {
  const uptime = () => Deno.readTextFileSync("/proc/uptime").split(" ")[0]!;
  const before = uptime();
  while (uptime() === before) await Promise.resolve(); // it moves every 10 ms: the moment it does is exact
  return Number(uptime()) * 1_000 - performance.now();
}

/** The functions by their own time within the spans; in all of it, where no span is known. */
export function profileRows(
  { nodes, samples, timeDeltas, startTime }: CpuProfile,
  spans: readonly Span[],
  offsetMs: number,
): Pick<Profile, "rows" | "ms"> {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byPlace = new Map<string, { file: string; name: string; us: number }>();
  let [atUs, totalUs] = [startTime, 0];
  for (const [at, id] of samples.entries()) {
    const deltaUs = timeDeltas[at] ?? 0;
    atUs += deltaUs;
    const nowMs = atUs / 1_000 - offsetMs;
    if (spans.length > 0 && !spans.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs <= toMs)) continue;
    const { functionName, url } = frames.get(id)!;
    if (functionName === "(idle)") continue;
    const [file, name] = [fileText(url), functionName === "" ? "(anonymous)" : functionName];
    const place = byPlace.get(`${file} ${name}`) ?? { file, name, us: 0 };
    place.us += deltaUs;
    totalUs += deltaUs;
    byPlace.set(`${file} ${name}`, place);
  }
  const rows = [...byPlace.values()].map(({ file, name, us }) => ({ file, name, share: us / totalUs }))
    .filter(({ share }) => share >= leastShare).sort((one, other) => other.share - one.share).slice(0, rowsAtMost);
  return { rows, ms: totalUs / 1_000 };
}

/** A file as a reader knows it: of this repository, of a package, or of the runtime. */
export function fileText(url: string): string {
  const ours = /^file:.*\/((?:src|tests)\/.+|cli\.ts)$/.exec(url);
  const [, scope = "", name, path] = /\/npm\/[^/]+\/(@[^/]+\/)?([^/]+)\/\d[^/]*\/(.+)$/.exec(url) ?? [];
  if (name !== undefined) return `${scope}${name}: ${path}`;
  if (ours !== null) return ours[1]!;
  return url === "" ? "V8" : url.startsWith("file:") ? url.slice(url.lastIndexOf("/") + 1) : url;
}
