/** A comparison as rows, with a cell for each broker: the input of every writer of its table. */
import { formatCount, formatMs } from "../../base/units.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import { killModes } from "../../fleet/plan/kill_mode.ts";
import type { UntilMs } from "../../fleet/result/storm_result.ts";
import {
  type ComparedBroker,
  type Comparison,
  type ComparisonOutcome,
  deviatingOn,
  outcomeText,
} from "./comparison.ts";
import { notReached, untilNames } from "./arrivals/arrival_text.ts";
import { type Delta, deltaOf, measureOf } from "./comparison_delta.ts";
import { isBadCell, nodeCellText } from "./group_rows.ts";
import type { Report } from "./report.ts";
import { type CountRow, countRows, faultNames, rulesBroken, willsWrong } from "./will_rows.ts";

/** The text of a cell. */
export interface ComparisonCell {
  readonly text: string;
  /** The small text below it: which faults, by which rule. */
  readonly notes: readonly string[];
  readonly look: "good" | "bad" | "unsure" | "plain";
  /** The notes without their rules, for a writer that shows those apart. */
  readonly faults?: readonly string[];
  /** The difference from the first broker that ran; absent for that one, and where there is no number. */
  readonly delta?: Delta;
}

/** A row of the table. */
export interface ComparisonRow {
  readonly name: string;
  readonly cells: readonly ComparisonCell[];
}

/** Rows under one head. */
export interface RowGroup {
  readonly name: string;
  readonly rows: readonly ComparisonRow[];
}

const looks: Readonly<Record<ComparisonOutcome, ComparisonCell["look"]>> = {
  pass: "good",
  fail: "bad",
  void: "unsure",
  "not spoken": "plain",
  skipped: "unsure",
};
const protocolText = { "3.1.1": "3.1.1", "5": "5.0", "mix": "3.1.1, 5.0" } as const;
const plain = (text: string): ComparisonCell => ({ text, notes: [], look: "plain" });
const nothing = plain("–");
const countCell = (count: number) => plain(formatCount(count));
const faultCell = (count: number, notes: readonly string[] = []): ComparisonCell => ({
  text: formatCount(count),
  notes,
  look: count === 0 ? "plain" : "bad",
});

type CellOf = (report: Report) => ComparisonCell;

/** All rows, in the order of the table, without those that are empty for every broker. */
export function comparisonRows({ brokers }: Comparison): RowGroup[] {
  const groups: RowGroup[] = [
    { name: "Wills", rows: [verdictRow(brokers), ...rowsOf(brokers, willRows(brokers))] },
    { name: "By kill mode: on time / due", rows: modeRows(brokers) },
    { name: "By node: seen of due", rows: rowsOf(brokers, nodeCells(brokers)) },
    { name: "Kill to will", rows: rowsOf(brokers, latencyRows) },
    { name: "Completed kill to will", rows: rowsOf(brokers, brokerLatencyRows) },
    { name: "Storms", rows: rowsOf(brokers, stormRows) },
    { name: "Dial to CONNACK", rows: rowsOf(brokers, connectRows) },
    { name: "Run", rows: rowsOf(brokers, runRows) },
    { name: "Other figures", rows: rowsOf(brokers, otherRows) },
  ];
  return groups.filter(({ rows }) => rows.length > 0).map((group) => withDeltas(group, brokers));
}

/** Adds to each cell its difference from the first broker that ran. */
function withDeltas({ name, rows }: RowGroup, brokers: readonly ComparedBroker[]): RowGroup {
  const baseline = baselineOf(brokers);
  if (baseline === undefined) return { name, rows };
  const changed = rows.map((row) => {
    const measure = measureOf(name, row.name);
    if (measure === undefined) return row;
    const cells = row.cells.map((cell, place) => {
      const broker = brokers[place]!;
      if (broker === baseline || !hasRun(broker)) return cell;
      const delta = deltaOf(measure, baseline.report, broker.report);
      return delta === undefined ? cell : { ...cell, delta };
    });
    return { ...row, cells };
  });
  return { name, rows: changed };
}

/** The broker that the others are compared with: the first that ran; undefined where none did. */
export function baselineOf(
  brokers: readonly ComparedBroker[],
): ComparedBroker & { readonly report: Report } | undefined {
  return brokers.find(hasRun);
}

function verdictRow(brokers: readonly ComparedBroker[]): ComparisonRow {
  const cells = brokers.map(({ outcome, report }): ComparisonCell => {
    const look = deviatingOn([{ outcome, report }]) > 0 ? "unsure" : looks[outcome];
    return { text: outcomeText(outcome, report), notes: [], look };
  });
  return { name: "verdict", cells };
}

/** Rows of cells; leaves out a row that is empty for every broker. */
function rowsOf(
  brokers: readonly ComparedBroker[],
  rows: Readonly<Record<string, CellOf>>,
): ComparisonRow[] {
  return Object.entries(rows)
    .map(([name, cell]) => ({ name, cells: brokers.map((broker) => hasRun(broker) ? cell(broker.report) : nothing) }))
    .filter(({ cells }) => cells.some(({ text }) => text !== nothing.text));
}

/** True where something was killed: a run that did not come so far has counted nothing. */
function hasRun(broker: ComparedBroker): broker is ComparedBroker & { readonly report: Report } {
  return broker.report !== undefined && (broker.report.kills.total > 0 || broker.report.clients.connected > 0);
}

const runRows: Readonly<Record<string, CellOf>> = {
  "MQTT version": ({ run }) => plain(protocolText[run.protocol]),
  "clients connected": ({ clients }) => countCell(clients.connected),
  "connected a second": ({ clients }) => plain(`${formatCount(clients.rampPerSecond)}/s`),
  kills: ({ kills }) => countCell(kills.total),
  "kills a second": ({ kills }) => plain(`${formatCount(kills.reachedPerSecond)}/s`),
  "wills a second": ({ willRate }) =>
    willRate?.perSecond === undefined ? nothing : plain(`${formatCount(willRate.perSecond)}/s`),
};

function willRows(brokers: readonly ComparedBroker[]): Readonly<Record<string, CellOf>> {
  const retained = brokers.some(({ report }) => report?.retained !== undefined);
  return {
    due: ({ wills }) => countCell(wills.expected),
    "on time": ({ wills }) => countCell(wills.onTime),
    ...Object.fromEntries(
      faultNames.map((
        name,
      ) => [name, (report: Report) => faultCell(report.wills[name], rulesBroken(report, "all", name))]),
    ),
    ...brokers.some(({ report }) => (report?.wills.deviating ?? 0) > 0) &&
      { "deviating, as the profile describes": deviatingCell },
    ...retained && { "retained, missing": retainedCell },
    ...brokers.some(({ report }) => report?.presence !== undefined) && { "presence, wrong": presenceCell },
  };
}

const retainedCell: CellOf = ({ retained }) =>
  retained === undefined ? nothing : faultCell(retained.wrong + retained.missing);

const deviatingCell: CellOf = ({ wills }) => faultLess(wills.deviating);

const presenceCell: CellOf = ({ presence }) => presence === undefined ? nothing : faultCell(presence.wrong);

const rowNames: readonly CountRow["name"][] = [...killModes, "restart", "not killed"];

function modeRows(brokers: readonly ComparedBroker[]): ComparisonRow[] {
  const cells = Object.fromEntries(rowNames.map((name) => [name, (report: Report) => modeCell(report, name)]));
  return rowsOf(brokers, cells);
}

function modeCell(report: Report, name: CountRow["name"]): ComparisonCell {
  const row = countRows(report).find((each) => each.name === name);
  if (row === undefined) return nothing;
  const faults = willsWrong(row).map(({ name: fault, count }) => `${formatCount(count)} ${fault}`);
  const notes = willsWrong(row).map(({ name: fault, count }) =>
    [`${formatCount(count)} ${fault}`, ...rulesBroken(report, name, fault)].join(", ")
  );
  const text = row.expected === 0 ? "none due" : `${formatCount(row.onTime)} of ${formatCount(row.expected)}`;
  return { text, notes, faults, look: notes.length === 0 ? "plain" : "bad" };
}

/** The cells of the matrix of each cluster, each cell as a row of its own: clusters may have other nodes. */
function nodeCells(brokers: readonly ComparedBroker[]): Readonly<Record<string, CellOf>> {
  const named = brokers.flatMap(({ report }) => report?.byNode ?? [])
    .map((
      { from, at },
    ): [string, CellOf] => [`died on ${from}, seen on ${at}`, (report) => nodeCell(report, from, at)]);
  return Object.fromEntries(named);
}

function nodeCell({ byNode = [] }: Report, from: string, at: string): ComparisonCell {
  const cell = byNode.find((each) => each.from === from && each.at === at);
  return cell === undefined ? nothing : { ...plain(nodeCellText(cell)), look: isBadCell(cell) ? "bad" : "plain" };
}

const latencyCell = (name: "p50" | "p90" | "p99" | "max"): CellOf => ({ latencyMs: { all } }) =>
  all.count === 0 ? nothing : plain(formatMs(all[name]));

const latencyRows: Readonly<Record<string, CellOf>> = {
  p50: latencyCell("p50"),
  p90: latencyCell("p90"),
  p99: latencyCell("p99"),
  max: latencyCell("max"),
};

const brokerLatencyRows: Readonly<Record<string, CellOf>> = Object.fromEntries(
  (["p50", "p90", "p99", "max"] as const).map((
    name,
  ): [string, CellOf] => [
    name,
    ({ brokerLatencyMs: row }) => row === undefined || row.all.count === 0 ? nothing : plain(formatMs(row.all[name])),
  ]),
);

/** Of several storms the slowest. */
const stormRows: Readonly<Record<string, CellOf>> = {
  ...Object.fromEntries(
    (Object.keys(untilNames) as (keyof UntilMs)[]).map((name): [string, CellOf] => [
      `${untilNames[name]} of the wills after`,
      ({ storms }) => {
        if (storms === undefined || storms.due === 0) return nothing;
        const ms = storms.untilMs[name];
        return ms === undefined ? { ...plain(notReached), look: "unsure" } : plain(formatMs(ms));
      },
    ]),
  ),
  "wills a second": ({ storms }) => {
    const rates = (storms?.each ?? []).flatMap(({ perSecond }) => perSecond ?? []);
    return rates.length === 0 ? nothing : plain(`${formatCount(Math.min(...rates))}/s`);
  },
};

const connectCell = (name: "p50" | "p99" | "max"): CellOf => ({ connects }) =>
  connects === undefined || connects.latencyMs.count === 0 ? nothing : plain(formatMs(connects.latencyMs[name]));

const connectRows: Readonly<Record<string, CellOf>> = {
  p50: connectCell("p50"),
  p99: connectCell("p99"),
  max: connectCell("max"),
};

const otherRows: Readonly<Record<string, CellOf>> = {
  "dropped, as reported by the broker": ({ brokerDropped: dropped }) =>
    dropped === undefined ? nothing : countCell(Math.max(dropped.after - dropped.before, 0)),
  "broker down over restarts": ({ restarts }) =>
    restarts === undefined
      ? nothing
      : plain(formatMs(restarts.each.reduce((sum, { downAtMs, backAtMs }) => sum + backAtMs - downAtMs, 0))),
  "wills unobservable over restarts": ({ restarts }) =>
    restarts === undefined ? nothing : faultLess(restarts.unseeable),
  "connections refused": ({ clients }) => countCell(clients.refused),
  "connections lost": ({ clients }) => faultLess(clients.lost),
  "instrument floor, p50": ({ floorMs }) => floorMs === undefined ? nothing : plain(formatMs(floorMs.p50)),
  "generator late, p99": ({ slipMs }) => slipMs.count === 0 ? nothing : plain(formatMs(slipMs.p99)),
  "canary wills wrong": ({ controls }) => faultCell(canaryFaultsIn(controls)),
  "warnings": ({ warnings }) => countCell(warnings.length),
};

/** Not a fault of a will, but to be seen. */
function faultLess(count: number): ComparisonCell {
  return { ...countCell(count), look: count === 0 ? "plain" : "unsure" };
}

/** Notes on each broker: why it is not a pass, and the run's own warnings. */
export function brokerNotes({ outcome, reason, report }: ComparedBroker): string[] {
  const isClean = outcome === "pass" && deviatingOn([{ outcome, report }]) === 0;
  return [...(isClean ? [] : [reason]), ...(report?.warnings ?? [])];
}
