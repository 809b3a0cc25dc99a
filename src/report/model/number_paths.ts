/**
 * Every number of a report by its path, as the JSON document has it: `wills.late`, `connects.latencyMs.p99`,
 * `byGroup.sensors.missing`, `restarts.each.0.lives`. A path names an item of a list by its index, or by its `name` or
 * `id` where it has one. The compiler compares the table below with the type of a report: a new number in a report
 * needs an entry here.
 */
import { Histogram } from "../../base/histogram.ts";
import { type KillMode, killModes } from "../../fleet/plan/kill_mode.ts";
import { numberForms, type OptionValue } from "../../fleet/plan/option_value.ts";
import type { PlanOption } from "../../fleet/plan/plan_option.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { type SparkplugAssertion, sparkplugAssertions } from "../../fleet/result/sparkplug/sparkplug_result.ts";
import { noPresence, noWords, type PresenceMoment, presenceMoments } from "../../fleet/result/presence_result.ts";
import { noTelemetry } from "../../fleet/result/telemetry_result.ts";
import { noCounts } from "../../fleet/result/will_counts.ts";
import type { Report } from "./report.ts";

/** Represents a number. */
const number = 0 as const;

/** A list: the form of its items. */
interface EachOf<Part> {
  readonly each: Part;
}

/** A table with free keys. */
interface AnyOf<Part> {
  readonly any: Part;
}

/** The numbers of a type, and where they are; never where it has none. */
type NumbersOf<T> = T extends number ? typeof number
  : T extends string | boolean | undefined ? never
  : T extends readonly (infer Part)[] ? ([NumbersOf<Part>] extends [never] ? never : EachOf<NumbersOf<Part>>)
  : string extends keyof T ? ([NumbersOf<T[keyof T]>] extends [never] ? never : AnyOf<NumbersOf<T[keyof T]>>)
  : NonEmpty<{ readonly [Name in keyof T as NumbersOf<T[Name]> extends never ? never : Name]-?: NumbersOf<T[Name]> }>;

type NonEmpty<T> = keyof T extends never ? never : T;

const each = <Part>(part: Part): EachOf<Part> => ({ each: part });
const any = <Part>(part: Part): AnyOf<Part> => ({ any: part });
const byMode = <Part>(part: Part) => named<KillMode, Part>(killModes, part);
/** The same numbers under each of these names. */
const named = <Name extends string, Part>(names: readonly Name[], part: Part) =>
  Object.fromEntries(names.map((name) => [name, part])) as Record<Name, Part>;
const zeros = <Counts extends object>(counts: Counts) =>
  Object.fromEntries(Object.keys(counts).map((name) => [name, number])) as { [Name in keyof Counts]: typeof number };

const wills = zeros(noCounts());
const { expected: _expected, onTime: _onTime, ...wrongWills } = wills;
const modeCounts = { kills: number, ...wills } as const;
const latency = zeros({ count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
const untilMs = zeros({ p50: 0, p90: 0, p99: 0, p100: 0 });
const stretch = zeros({ count: 0, p50: 0, p99: 0, max: 0 });
const timeline = {
  ...zeros({ connectedMs: 0, killDueMs: 0, killedMs: 0, dueMs: 0, readMs: 0 }),
  seenMs: each(number),
} as const;
const life = { incarnation: number, qos: number } as const;
const fault = { ...life, timeline } as const;
const states = zeros(noPresence());
const words = zeros(noWords());
const killShare = { weight: number } as const;
const telemetryPlan = zeros({ perSecond: 0, sizeBytes: 0, qos: 0 });
/** The numbers in the values of options. */
const numbersOfKinds: Partial<Record<OptionValue["kind"], unknown>> = {
  ...Object.fromEntries(Object.keys(numberForms).map((kind) => [kind, number])),
  ...{ reconnect: number, qos: number, shard: zeros({ number: 0, of: 0 }) },
  ...{ killRate: { perSecond: number }, killShares: each(killShare) },
};

function optionNumbers(isMeant: (option: PlanOption) => boolean): Record<string, never> {
  return Object.fromEntries(optionList.flatMap(([name, option]) => {
    const numbers = numbersOfKinds[option.value.kind];
    return numbers === undefined || !isMeant(option) ? [] : [[name, numbers as never]];
  }));
}

const phase = {
  ...zeros({ durationMs: 0, reconnectAfterMs: 0, jitterMs: 0, downMs: 0 }),
  ...{ rate: { perSecond: number }, killShares: each(killShare) },
} as const;

const plan = {
  ...optionNumbers(() => true),
  telemetry: telemetryPlan,
  groups: each({ share: number, ...optionNumbers(({ ownToGroup = false }) => ownToGroup), telemetry: telemetryPlan }),
  phases: each(phase),
} as unknown as NumbersOf<Report["plan"]>;

/** A report's numbers; only they give the results of thresholds. */
const numbers: NumbersOf<Omit<Report, "thresholds">> = {
  exitCode: number,
  run: zeros({ seed: 0, durationMs: 0 }),
  plan,
  clients: zeros({ asked: 0, connected: 0, peakAlive: 0, reconnects: 0, refused: 0, lost: 0, rampPerSecond: 0 }),
  kills: {
    ...zeros({ total: 0, askedPerSecond: 0, reachedPerSecond: 0, deferred: 0 }),
    byMode: byMode(modeCounts),
  },
  wills: { ...wills, ...zeros({ eitherWay: 0, undecided: 0, unseeable: 0 }), missingByQos: each(number) },
  latencyMs: { all: latency, byMode: byMode(latency) },
  brokerLatencyMs: { all: latency, byMode: byMode(latency) },
  floorMs: latency,
  willRate: zeros({ wills: 0, firstMs: 0, lastMs: 0, perSecond: 0 }),
  storms: {
    each: each({
      ...zeros({ phase: 0, atMs: 0, lives: 0, due: 0, seen: 0, perSecond: 0 }),
      untilMs,
      arrivalMs: latency,
      curve: each(zeros({ atMs: 0, share: 0 })),
    }),
    ...zeros({ due: 0, seen: 0 }),
    untilMs,
  },
  parts: {
    ...zeros({ of: 0, void: 0, lost: 0 }),
    leftOut: each(number),
    each: each({
      ...zeros({ part: 0, pid: 0, clients: 0, kills: 0, offsetMs: 0, errorMs: 0, lateMs: 0, cpuMs: 0, rssBytes: 0 }),
      wills: zeros({ expected: 0, onTime: 0 }),
    }),
  },
  connects: { latencyMs: latency, ...zeros({ underWayLimit: 0, mostUnderWay: 0, synsAgain: 0 }) },
  slipMs: latency,
  killTimeMs: latency,
  controls: zeros({ total: 0, blind: 0, lost: 0, altered: 0, late: 0, duplicate: 0, deviating: 0 }),
  brokerDropped: zeros({ before: 0, after: 0 }),
  restarts: {
    each: each({
      ...zeros({ downAtMs: 0, backAtMs: 0, commandMs: 0, lives: 0, survived: 0 }),
      ...zeros({ watchersKept: 0, watchersForgotten: 0, willsBefore: 0, willsAfter: 0 }),
    }),
    lives: modeCounts,
    unseeable: number,
  },
  retained: zeros({ expected: 0, right: 0, wrong: 0, missing: 0 }),
  telemetry: { ...zeros(noTelemetry()), byGroup: any(zeros(noTelemetry())) },
  sparkplug: {
    assertions: named(Object.keys(sparkplugAssertions) as SparkplugAssertion[], zeros({ checked: 0, broken: 0 })),
    births: zeros({ sent: 0, seen: 0 }),
    ownDeaths: zeros({ sent: 0, seen: 0 }),
    rebirths: number,
  },
  presence: {
    ...states,
    byMoment: named<PresenceMoment, typeof states>(presenceMoments, states),
    waves: each({ ...zeros({ atMs: 0 }), ...states }),
    online: words,
    left: words,
  },
  remarks: {
    earlyCloses: zeros({ count: 0, soonestKeepAlives: 0, mostEarlyMs: 0 }),
    shortSessions: zeros({ lives: 0, shortestS: 0 }),
    addedExpiries: number,
    lostConnections: any(number),
    faultyPackets: any(number),
    references: any(number),
  },
  redeliveries: zeros({ total: 0, withoutDup: 0 }),
  faults: each(fault),
  faultKinds: each({ count: number }),
  profile: { deviations: each({ lives: number, seen: number, samples: each(fault) }) },
  described: any(number),
  slowest: each({ ...life, latencyMs: number, timeline }),
  series: each({
    ...zeros({ atMs: 0, alive: 0, kills: 0, wills: 0, due: 0 }),
    faults: wrongWills,
    ...stretch,
    broker: stretch,
    byMode: byMode(stretch),
  }),
  stages: each({ fromMs: number, toMs: number }),
  byGroup: each({
    ...modeCounts,
    connected: number,
    presenceWrong: number,
    latencyMs: latency,
    brokerLatencyMs: latency,
  }),
  byNode: each({
    ...zeros({ due: 0, seen: 0, missing: 0, duplicates: 0 }),
    latencyMs: latency,
    brokerLatencyMs: latency,
  }),
  resources: zeros({ cpuMs: 0, rssBytes: 0, cpuMsPerLife: 0, bytesPerClient: 0 }),
};

type Node = typeof number | { readonly [name: string]: Node };

/** Whether a report can have a number at this path. */
export function isNumberPath(path: string): boolean {
  return leads(numbers as unknown as Node, path.split("."));
}

/** A path with its percentiles as the report names them: `p(99.9)` is `p999`, `p(95)` is `p95`. */
export function plainPath(path: string): string {
  return path.replaceAll(/\bp\((\d{1,2})(?:\.(\d+))?\)/g, (_, whole: string, part = "") => {
    return `p${whole.padStart(2, "0")}${part}`;
  });
}

/** The percentage of `p95` or `p9995` (99.95); undefined for another name. */
function percentOf(name: string): number | undefined {
  const [, whole, part] = /^p(\d\d)(\d{0,3})$/.exec(name) ?? [];
  // By this rule p100 would be 10 %, which is not what a user means.
  return whole === undefined || name === "p100" ? undefined : Number(`${whole}.${part}`);
}

/** Numbers of a distribution, whose histogram gives every other percentile. */
function isDistribution(node: object): boolean {
  return Object.hasOwn(node, "p999");
}

function leads(node: Node, [word, ...rest]: readonly string[]): boolean {
  if (word === undefined) return node === number;
  if (node === number) return false;
  if (rest.length === 0 && isDistribution(node) && percentOf(word) !== undefined) return true;
  if (isList(node)) return leads(node["each"], rest);
  if (isTable(node)) return leads(node["any"], rest);
  return Object.hasOwn(node, word) && leads((node as Readonly<Record<string, Node>>)[word]!, rest);
}

/** `restarts` has a list of this name, and other names beside it. */
function isList(node: object): node is Readonly<Record<"each", Node>> {
  return "each" in node && Object.keys(node).length === 1;
}

function isTable(node: object): node is Readonly<Record<"any", Node>> {
  return "any" in node && Object.keys(node).length === 1;
}

/** Latencies with a count of 0 measured nothing, regardless of the figures. */
const figures: readonly string[] = Object.keys(latency).filter((name) => name !== "count");
const willNames: readonly string[] = Object.keys(wills);

/**
 * The number at a path of a report; undefined where the run measured nothing for it: it had no kill in that mode, no
 * will with that latency, no such group, no restart, no retained wills.
 */
export function numberAt(report: Partial<Report>, path: string): number | undefined {
  return found(report, path.split("."));
}

function found(value: unknown, [name, ...rest]: readonly string[]): number | undefined {
  if (name === undefined) return typeof value === "number" ? value : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return found(partOf(value, name), rest);
  if (rest.length === 0 && !Object.hasOwn(value, name)) return percentileOf(value, name);
  return Object.hasOwn(value, name) ? found(at(value, name), rest) : undefined;
}

/** A percentile that the report does not name, from the histogram beside it. */
function percentileOf(of: object, name: string): number | undefined {
  const { hdr, count } = of as Readonly<Record<string, unknown>>;
  const percent = percentOf(name);
  if (typeof hdr !== "string" || count === 0 || percent === undefined) return undefined;
  return Histogram.decode(hdr).percentile(percent);
}

function partOf(parts: readonly unknown[], name: string): unknown {
  const byName = parts.find((part) => {
    const { name: own, id } = (part ?? {}) as { readonly name?: unknown; readonly id?: unknown };
    return (own ?? id) === name;
  });
  return byName ?? (/^\d+$/.test(name) ? parts[Number(name)] : undefined);
}

/** The value under a name, where the run measured anything for it. */
function at(of: object, name: string): unknown {
  const { count, hdr, kills, expected } = of as Readonly<Record<string, unknown>>;
  if (count === 0 && typeof hdr === "string" && figures.includes(name)) return undefined;
  if (kills === 0 && expected === 0 && willNames.includes(name)) return undefined;
  return (of as Readonly<Record<string, unknown>>)[name];
}

/** How many names are proposed. */
const proposed = 3;

/** The paths that an unknown path may mean, the nearest first; none where no path is near. */
export function nearPaths(path: string): string[] {
  const limit = Math.max(2, Math.floor(path.length / 4));
  return allPaths(numbers as unknown as Node)
    .map((known) => ({ known, far: isTailOf(known, path) ? 0 : distance(path, known, limit) }))
    .filter(({ far }) => far <= limit)
    .toSorted((one, other) => one.far - other.far || depth(one.known) - depth(other.known))
    .slice(0, proposed)
    .map(({ known }) => known);
}

/** `byMode.freeze.p99` is the tail of a path, and so is `p99`. */
function isTailOf(known: string, path: string): boolean {
  return known.endsWith(`.${path}`);
}

function depth(path: string): number {
  return path.split(".").length;
}

/** Lists whose items have a name or an id. */
const namedLists: readonly string[] = ["byGroup", "groups", "deviations"];

/** Every path of a report once: MODE, MOMENT, NAME and INDEX stand for the names that a run has. */
export function pathForms(): string[] {
  const { plan: asked, ...found } = numbers;
  return [found, { plan: asked }].flatMap((part) => formsOf(part as unknown as Node, ""));
}

function formsOf(node: Node, under: string): string[] {
  if (node === number) return [""];
  return Object.entries(genericParts(node, under)).flatMap(([name, next]) =>
    formsOf(next, name).map((rest) => rest === "" ? name : `${name}.${rest}`)
  );
}

/** The parts of a node, with one for all that differ only in their names. */
function genericParts(node: Exclude<Node, typeof number>, under: string): Readonly<Record<string, Node>> {
  if (isList(node)) return { [namedLists.includes(under) ? "NAME" : "INDEX"]: node["each"] };
  if (isTable(node)) return { NAME: node["any"] };
  const keys = Object.keys(node).join();
  if (keys === killModes.join()) return { MODE: Object.values(node)[0]! };
  return keys === presenceMoments.join() ? { MOMENT: Object.values(node)[0]! } : node;
}

function allPaths(node: Node): string[] {
  if (node === number) return [""];
  const part = isList(node) ? { "0": node["each"] } : isTable(node) ? { NAME: node["any"] } : node;
  return Object.entries(part).flatMap(([name, next]) =>
    allPaths(next as Node).map((rest) => rest === "" ? name : `${name}.${rest}`)
  );
}

/** How many characters have to be changed, added or removed; beyond the limit it does not matter how many. */
function distance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return Infinity;
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const same = one[at - 1]!.toLowerCase() === other[to - 1]!.toLowerCase();
      next.push(Math.min(row[to]! + 1, next[to - 1]! + 1, row[to - 1]! + (same ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
}
