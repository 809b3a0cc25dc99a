/**
 * Reports of the parts of one run, joined: counts added, histograms merged through their encoding, and the verdict of
 * src/fleet/merge/merge.ts over all.
 */
import type { GroupResult } from "../../fleet/result/group_result.ts";
import { phasesDurationMs } from "../../fleet/plan/phases.ts";
import { UsageError } from "../../base/failure.ts";
import type { Shard } from "../../fleet/plan/plan.ts";
import { shardText } from "../../fleet/plan/shard.ts";
import type { DropCounts } from "../../fleet/result/drop_counts.ts";
import type { TallyData } from "../../fleet/result/tally_data.ts";
import type { FleetResult } from "../../fleet/result/result.ts";
import {
  besidesOf,
  deviationsOf,
  groupsOf,
  killModesOf,
  latenciesOf,
  mergedRow,
  nodesOf,
  sumOf,
  sumsOf,
  willsOf,
} from "../../fleet/merge/merge_parts.ts";
import { type Verdict, type VerdictGrounds, verdictOver } from "../../fleet/merge/verdict.ts";
import { joinSeries } from "../../fleet/tally/series.ts";
import { Tally } from "../../fleet/tally/tally.ts";
import { noCounts } from "../../fleet/result/will_counts.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { arrivalData, arrivalsOfParts } from "./arrivals/merge_arrivals.ts";
import { onOneTimeLine, restartsOfParts, stagesOfParts } from "./parts/time_line.ts";
import { isInterrupted, missingPartsReason, provesNothing, voidReasonOf } from "./parts/part_verdict.ts";
import type { Gathered, PartsResult } from "./parts/parts_result.ts";
import { coversParts, lostPartsWarning, shardParts, soundParts } from "./parts/parts_thresholds.ts";
import type { Report } from "./report.ts";
import { applyThresholds, parseThreshold, type Threshold } from "./threshold.ts";
import { countNames, countRows } from "./will_rows.ts";

/** A report, and its name in an error. */
export interface NamedReport {
  /** The name for errors, such as a path. */
  readonly name: string;
  /** The report. */
  readonly report: Report;
}

/** The fields that may differ between the parts of one run: its shard, its threads, and its source addresses. */
const ownToPart: ReadonlySet<string> = new Set(
  optionList.flatMap(([name, { ownToShard }]) => ownToShard ? [name] : []),
);

/**
 * Joins at least two reports, or those that a coordinator gathered.
 *
 * @param thresholds take the place of those that the parts were given; undefined leaves them
 * @throws UsageError when they are not parts of one run
 */
export function mergeReports(
  parts: readonly NamedReport[],
  thresholds?: readonly Threshold[],
  gathered?: Gathered,
): Report {
  checkParts(parts, gathered === undefined ? 2 : 1);
  const given = parts.map(({ report }) => report);
  const conditions = thresholds ??
    (given[0]!.thresholds ?? []).map(({ expression }) => parseThreshold(expression));
  const sound = soundParts(given, gathered?.parts ?? shardParts(given), conditions);
  const lacking = coversParts(conditions, "parts.lost") ? undefined : missingPartsReason(given);
  const reports = onOneTimeLine(sound.reports);
  const [first] = reports;
  const tally = new Tally();
  for (const report of reports) tally.merge(tallyOf(report));
  const restarts = restartsOf(reports, tally);
  const { controls, ...besides } = besidesOfReports(reports);
  const brokerDropped = droppedOf(reports);
  const generatorBound = reports.find((report) => report.generatorBound !== undefined)?.generatorBound;
  const merged: Report = {
    schema: first!.schema,
    tool: first!.tool,
    ...verdictOfParts(reports, { generatorBound, dropped: brokerDropped }, {
      voidReason: gathered?.why ?? lacking ?? voidReasonOf(reports),
      // A coordinator that ends a run interrupts its parts.
      interrupted: gathered?.interrupted ?? reports.some(isInterrupted),
    }),
    run: runOf(reports),
    plan: withoutShard(first!.plan),
    clients: clientsOf(reports),
    kills: killsOf(reports, tally),
    wills: willsOf(tally),
    latencyMs: latenciesOf(tally),
    ...arrivalsOfParts(reports, tally),
    controls,
    ...connectsOf(reports),
    slipMs: mergedRow(reports.map(({ slipMs }) => slipMs.hdr)),
    ...killTimeOf(reports),
    ...generatorBound !== undefined && { generatorBound },
    ...brokerDropped && { brokerDropped },
    ...besides,
    ...restarts && { restarts },
    faults: tally.faults,
    faultKinds: tally.faultKinds,
    ...deviationsOf(first!.plan, tally, reports.find((report) => report.broker !== undefined)?.broker),
    slowest: tally.slowest,
    series: joinSeries(reports.map(({ series }) => series), phasesDurationMs(first!.plan)),
    ...groupsOf(first!.plan, tally),
    ...nodesOf(first!.plan, tally),
    ...stagesOfParts(reports),
    warnings: [
      ...new Set([...parts.flatMap(warningsOf), ...sound.warnings, ...lostIn(sound.parts, gathered, lacking)]),
    ],
    resources: resourcesOf(reports),
    ...sameEngine(reports),
    ...sound.parts && { parts: sound.parts },
  };
  return applyThresholds(merged, conditions);
}

/** The parts without a report, as a warning. The verdict of an incomplete merge of files has them already. */
function lostIn(parts: PartsResult | undefined, gathered: Gathered | undefined, lacking: string | undefined): string[] {
  const isIncomplete = gathered === undefined && lacking !== undefined;
  const warning = parts === undefined || isIncomplete ? undefined : lostPartsWarning(parts, gathered?.names);
  return warning === undefined ? [] : [warning];
}

/** The warnings of a part. One about its machine has the name of the part: the parts are on several machines. */
function warningsOf({ name, report: { warnings } }: NamedReport): string[] {
  return warnings.map((text) => /\bthis machine (was|stalled)\b/.test(text) ? `${name}: ${text}` : text);
}

/** The engine, where all parts had the same. */
function sameEngine([first, ...others]: readonly Report[]): Pick<Report, "engine"> {
  const engine = first?.engine;
  return engine !== undefined && others.every((other) => other.engine === engine) ? { engine } : {};
}

function checkParts(parts: readonly NamedReport[], least: number): void {
  const [first, ...others] = parts;
  if (first === undefined || parts.length < least) {
    throw new UsageError(`Cannot merge ${parts.length} report: expected two or more parts of one run`);
  }
  for (const other of others) {
    checkAlike(first, other);
    checkSameCut(first, other);
  }
  const seen = new Map<string, string>();
  for (const { name, report } of parts) {
    const mark = partMark(report);
    const twin = seen.get(mark);
    if (twin !== undefined) {
      throw new UsageError(`Cannot merge "${name}" with "${twin}": they are the same part of the run`);
    }
    seen.set(mark, name);
  }
}

/** The differences between the parts. */
function partMark({ plan: { shard }, run, latencyMs }: Report): string {
  return shard === undefined ? `${run.startedAt} ${run.durationMs} ${latencyMs.all.hdr}` : shardText(shard);
}

/** Parts by `--shard` are of as many parts each. */
function checkSameCut(first: NamedReport, other: NamedReport): void {
  const [one, two] = [first, other].map(({ report: { plan: { shard } } }) => shard) as [Shard?, Shard?];
  if (one?.of === two?.of) return;
  const shardName = (shard?: Shard) => shard === undefined ? "no shard" : `shard ${shardText(shard)}`;
  throw new UsageError(
    `Cannot merge "${other.name}" with "${first.name}": it is ${shardName(two)} of its run, the other ${
      shardName(one)
    }; expected ` +
      `parts of one run, each with its --shard`,
  );
}

function checkAlike(first: NamedReport, other: NamedReport): void {
  const mismatch = (what: string, its: unknown, expected: unknown) =>
    new UsageError(
      `Cannot merge "${other.name}" with "${first.name}": its ${what} is ${JSON.stringify(its) ?? "not set"}, not ` +
        `${JSON.stringify(expected) ?? "unset"}; expected parts of one run, with one plan and one seed`,
    );
  const [one, two]: Readonly<Record<string, unknown>>[] = [{ ...first.report.plan }, { ...other.report.plan }];
  for (const name of new Set(["seed", ...Object.keys(one!), ...Object.keys(two!)])) {
    const same = JSON.stringify(one![name]) === JSON.stringify(two![name]);
    if (!same && !ownToPart.has(name)) throw mismatch(name, two![name], one![name]);
  }
  // Each shard may use a different broker.
  if (first.report.plan.shard === undefined && first.report.run.target !== other.report.run.target) {
    throw mismatch("broker", other.report.run.target, first.report.run.target);
  }
}

/** A row with its histograms in place of its latencies. */
function withHistograms<Row extends Pick<GroupResult, "latencyMs" | "brokerLatencyMs">>(
  { latencyMs: { hdr }, brokerLatencyMs, ...counts }: Row,
): Omit<Row, "latencyMs" | "brokerLatencyMs"> & { readonly hdr: string; readonly brokerHdr?: string } {
  return { ...counts, hdr, ...brokerLatencyMs && { brokerHdr: brokerLatencyMs.hdr } };
}

/** A report's counts in the form of a squad's tally. */
function tallyOf(report: Report): TallyData {
  const notKilled = countRows(report).find(({ name }) => name === "not killed");
  const { missingByQos, eitherWay, undecided, unseeable = 0 } = report.wills;
  const byMode: Record<string, TallyData["byMode"][string]> = { ...report.kills.byMode };
  if (notKilled !== undefined) byMode["lost"] = { kills: 0, ...countsOf(notKilled) };
  if (report.restarts !== undefined) byMode["restart"] = report.restarts.lives;
  return {
    byMode,
    latencies: Object.fromEntries(
      Object.entries(report.latencyMs.byMode).filter(([, { count }]) => count > 0).map((
        [mode, { hdr }],
      ) => [mode, hdr]),
    ),
    ...arrivalData(report),
    missingByQos,
    eitherWay,
    undecided,
    ...unseeable > 0 && { unseeable },
    ...report.remarks && { remarks: report.remarks },
    ...report.redeliveries && { redeliveries: report.redeliveries },
    faults: report.faults,
    faultKinds: report.faultKinds,
    slowest: report.slowest,
    ...report.byGroup && { groups: report.byGroup.map(withHistograms) },
    ...report.byNode && { nodes: report.byNode.map(withHistograms) },
    deviations: {
      byId: Object.fromEntries((report.profile?.deviations ?? []).map(({ id, ...counts }) => [id, counts])),
      described: report.described ?? {},
    },
  };
}

function countsOf(row: TallyData["byMode"][string] | ReturnType<typeof noCounts>) {
  const counts = noCounts();
  for (const name of countNames) counts[name] = row[name];
  return counts;
}

/**
 * The verdict over all parts. It judges the sum of the counts, and a proven fault in one part is a fault of the whole,
 * also if other parts pass or are void. A part that is void for a reason beyond its counts makes the whole void, unless
 * a fault is proven; faults of a part that proves nothing do not count.
 */
function verdictOfParts(
  reports: readonly Report[],
  { generatorBound, dropped }: Pick<VerdictGrounds, "generatorBound" | "dropped">,
  how: Pick<VerdictGrounds, "voidReason" | "interrupted">,
): Verdict {
  const proving = reports.filter((report) => !provesNothing(report));
  const tally = new Tally();
  for (const report of proving) tally.merge(tallyOf(report));
  const { controls, retained, presence, sparkplug } = besidesOfReports(proving);
  return verdictOver({
    wills: tally.total(),
    kills: sumOf(proving, ({ kills }) => kills.total),
    undecided: tally.undecided,
    ...{ unseeable: tally.unseeable, redeliveries: tally.redeliveries },
    ...{ controls, retained, presence, sparkplug, generatorBound, dropped },
    profile: reports[0]!.plan.profile,
    ...how,
  });
}

/** The restarts of all parts, and the lives that ended with them. */
function restartsOf(reports: readonly Report[], tally: Tally): FleetResult["restarts"] {
  const all = reports.flatMap(({ restarts }) => restarts === undefined ? [] : [restarts]);
  if (all.length === 0) return undefined;
  const unseeable = sumOf(all, (restarts) => restarts.unseeable);
  const isOneRun = reports.every(({ plan }) => plan.shard !== undefined);
  const each = isOneRun ? restartsOfParts(all.map(({ each }) => each)) : all.flatMap(({ each }) => each);
  return { each, lives: tally.of("restart"), unseeable };
}

/** Parts on one broker each queried it before and after their own time; the counts of several brokers add up. */
function droppedOf(reports: readonly Report[]): FleetResult["brokerDropped"] {
  const asked = reports.filter(({ brokerDropped }) => brokerDropped !== undefined);
  if (asked.length === 0) return undefined;
  const byBroker = Map.groupBy(asked, ({ run }) => run.target).values()
    .map((parts) => parts.map(({ brokerDropped }) => brokerDropped!)).toArray();
  const total = (pick: (counts: readonly DropCounts[]) => number) =>
    byBroker.reduce((count, parts) => count + pick(parts), 0);
  return {
    before: total((parts) => Math.min(...parts.map(({ before }) => before))),
    after: total((parts) => Math.max(...parts.map(({ after }) => after))),
  };
}

function runOf(reports: readonly Report[]): Report["run"] {
  const [{ run }] = reports as [Report];
  const startMs = Math.min(...reports.map(({ run }) => Date.parse(run.startedAt)));
  const endMs = Math.max(...reports.map(({ run }) => Date.parse(run.startedAt) + run.durationMs));
  const targets = [...new Set(reports.map(({ run }) => run.target))];
  const protocols = new Set(reports.map(({ run }) => run.protocol));
  return {
    ...run,
    protocol: protocols.size === 1 ? run.protocol : "mix",
    startedAt: reports.find(({ run }) => Date.parse(run.startedAt) === startMs)!.run.startedAt,
    durationMs: endMs - startMs,
    target: targets.join(", "),
    // One command for one broker; parts on several are each repeated by their own, all at once.
    repeat: targets.length === 1
      ? run.repeat.replace(/ --shard \S+/, "")
      : reports.map(({ run }) => run.repeat).join(" & "),
  };
}

function withoutShard(plan: Report["plan"]): Report["plan"] {
  const { shard: _, ...whole } = plan;
  return whole;
}

function clientsOf(reports: readonly Report[]): FleetResult["clients"] {
  const names = ["asked", "connected", "peakAlive", "reconnects", "refused", "lost", "rampPerSecond"] as const;
  return sumsOf(reports.map(({ clients }) => clients), names);
}

/** Parts on one machine each see all its SYNs: the largest count of them. The limit is that of the whole run. */
function connectsOf(reports: readonly Report[]): Pick<FleetResult, "connects"> {
  const all = reports.flatMap(({ connects }) => connects === undefined ? [] : [connects]);
  if (all.length === 0) return {};
  const syns = all.flatMap(({ synsAgain }) => synsAgain === undefined ? [] : [synsAgain]);
  const connects = {
    latencyMs: mergedRow(all.map(({ latencyMs }) => latencyMs.hdr)),
    underWayLimit: all[0]!.underWayLimit,
    mostUnderWay: sumOf(all, ({ mostUnderWay }) => mostUnderWay),
    ...syns.length > 0 && { synsAgain: Math.max(...syns) },
  };
  return { connects };
}

function killTimeOf(reports: readonly Report[]): Pick<FleetResult, "killTimeMs"> {
  const rows = reports.flatMap(({ killTimeMs }) => killTimeMs === undefined ? [] : [killTimeMs.hdr]);
  return rows.length === 0 ? {} : { killTimeMs: mergedRow(rows) };
}

/** Sums, and averages over each life and each client of all parts. */
function resourcesOf(reports: readonly Report[]): FleetResult["resources"] {
  const cpuMs = sumOf(reports, ({ resources }) => resources.cpuMs);
  const clients = sumOf(reports, ({ clients }) => clients.connected);
  const lives = sumOf(reports, ({ clients }) => clients.connected + clients.reconnects);
  const bytes = sumOf(reports, ({ resources, clients }) => (resources.bytesPerClient ?? 0) * clients.connected);
  const allTell = (name: "cpuMsPerLife" | "bytesPerClient") =>
    reports.every(({ resources, clients }) => resources[name] !== undefined || clients.connected === 0);
  return {
    cpuMs,
    rssBytes: sumOf(reports, ({ resources }) => resources.rssBytes),
    ...lives > 0 && allTell("cpuMsPerLife") && { cpuMsPerLife: cpuMs / lives },
    ...clients > 0 && allTell("bytesPerClient") && { bytesPerClient: Math.round(bytes / clients) },
  };
}

function killsOf(reports: readonly Report[], tally: Tally): FleetResult["kills"] {
  const names = ["total", "askedPerSecond", "reachedPerSecond", "deferred"] as const;
  return { ...sumsOf(reports.map(({ kills }) => kills), names), byMode: killModesOf(tally) };
}

function besidesOfReports(reports: readonly Report[]): ReturnType<typeof besidesOf> {
  return besidesOf(reports.map(({ controls, retained, presence, sparkplug, telemetry }) => ({
    ...{ controls, retained, presence, sparkplug },
    telemetry: telemetry?.byGroup,
  })));
}
