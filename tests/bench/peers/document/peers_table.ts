/** A workload's table: one row for each broker, for a terminal and for docs/bench.md. */
import type { Rounds } from "../contest.ts";
import {
  brokerBusy,
  cpu,
  generatorBusy,
  lost,
  numberText,
  percentText,
  rate,
  ratio,
  type Spread,
  spreadOf,
  spreadText,
  value,
} from "./figures.ts";
import type { Figures, Workload } from "../workload.ts";

/** A column: its head, and its text for a broker. */
type Column = readonly [string, (rounds: Rounds) => string];

/** Without units per second for a workload that has its own figure. */
function columnsOf({ unit, valueUnit, watchers = 1 }: Workload, all: readonly Rounds[]): Column[] {
  const mosquitto = all.find(({ broker }) => broker === "mosquitto");
  const median = (figure: (figures: Figures) => number): Column[1] => ({ figures }) =>
    spreadText(spreadOf(figures.map(figure)));
  const percent = (figure: (figures: Figures) => number): Column[1] => ({ figures }) =>
    percentText(spreadOf(figures.map(figure)).median);
  const times = (of: (ours: Rounds, other: Rounds) => Spread): Column[1] => (rounds) =>
    mosquitto === undefined ? "–" : spreadText(of(rounds, mosquitto));
  const rates: Column[] = [
    [`${unit}, a second`, median(rate)],
    ["wall × mosquitto", times((ours, other) => ratio(ours, other, rate))],
  ];
  const deaths: Column[] = [["CPU µs a death", median((figures) => cpu(figures) * watchers)]];
  const resets: Column[] = [["resets took", percent(({ resetMs = NaN, ms }) => resetMs / ms)]];
  return [
    ["broker", ({ broker }) => broker],
    ...valueUnit === undefined ? rates : [[valueUnit, median(value)] as const],
    [`CPU µs a ${unit}`, median(cpu)],
    ...watchers > 1 ? deaths : [],
    ["CPU × mosquitto", times((ours, other) => ratio(other, ours, cpu))],
    ["broker busy", percent(brokerBusy)],
    ["generator busy", percent(generatorBusy)],
    ...hasResets(all) ? resets : [],
    ["lost", (rounds) => numberText(lost(rounds))],
  ];
}

function hasResets(all: readonly Rounds[]): boolean {
  return all.some(({ figures }) => figures.some(({ resetMs }) => resetMs !== undefined));
}

export function headOf(workload: Workload, all: readonly Rounds[]): string[] {
  return columnsOf(workload, all).map(([head]) => head);
}

/** One row for each broker. */
export function rowsOf(workload: Workload, all: readonly Rounds[]): string[][] {
  const columns = columnsOf(workload, all);
  return all.map((rounds) => columns.map(([, cell]) => cell(rounds)));
}

/** As plain text, columns aligned. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)).join("  ");
  return [line(head), ...rows.map(line)].join("\n");
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => at === 0 ? "---" : "---:")), ...rows.map(line)].join("\n");
}
