/** A search for capacities as text for a terminal: the steps of each broker, a table of all, and the number last. */
import { escapeData } from "../../base/escape.ts";
import { formatCount, formatMs } from "../../base/units.ts";
import type { CapacityStep } from "../../fleet/capacity/capacity_result.ts";
import { loadText } from "../../fleet/capacity/find_capacity.ts";
import { stepFaults } from "../../fleet/capacity/step_outcome.ts";
import { plainStyle, type Style } from "../terminal/style.ts";
import { type Column, tableLines, wrapped } from "../terminal/table.ts";
import { shellLines, type TextOptions } from "../terminal/text.ts";
import { textOfParts } from "../terminal/verdict_lines.ts";
import {
  type BrokerCapacity,
  type CapacityReport,
  capacityText,
  kneeText,
  outcomeWords,
  valueText,
} from "./capacity_report.ts";

/** The text without its last lines. */
export function capacityBody(raw: CapacityReport, { width = 100, style = plainStyle }: TextOptions = {}): string {
  const report = escapeData(raw);
  const { brokers, conditions, warnings, repeat, seed } = report;
  return textOfParts([
    ...brokers.map((broker) => brokerLines(broker, conditions, style)),
    brokers.length > 1 ? tableLines(brokerColumns, brokers, width) : [],
    warnings.flatMap((text) => wrapped(`note: ${text}`, width, "  ")),
    [`Repeat this search (seed ${seed}):`, ...shellLines(repeat, width)],
  ]);
}

/** The result of each broker: the last lines of the text. */
export function capacityVerdict(
  raw: CapacityReport,
  { width = Infinity, style = plainStyle }: TextOptions = {},
): string {
  const report = escapeData(raw);
  const lines = report.brokers.flatMap((broker) => {
    const word = outcomeWords[broker.outcome];
    const mark = { CAPACITY: style.good, HELD: style.good, FAIL: style.bad }[word] ?? style.unsure;
    const name = report.brokers.length > 1 ? `${broker.name}: ` : "";
    const [first = "", ...rest] = wrapped(`${word}  ${name}${capacityText(broker)}`, width, "  ");
    return [style.strong(mark(first.slice(0, word.length))) + first.slice(word.length), ...rest];
  });
  return textOfParts([lines]);
}

function brokerLines(
  { name, target, steps, settings, ...found }: BrokerCapacity,
  conditions: readonly string[],
  style: Style,
): string[] {
  if (steps.length === 0) return [];
  const [head = "", ...rows] = tableLines(stepColumns(settings.of === "rate" ? "kills/s" : "clients"), sorted(steps));
  const about = name === target ? name : `${name}: ${target}`;
  return [
    style.faint(`${about} · a load holds if: ${conditions.join(", ")}`),
    style.faint(head),
    ...rows,
    `knee of the curve: ${kneeText({ ...found, settings })}`,
  ];
}

/** By load, which makes the table a curve. */
function sorted(steps: readonly CapacityStep[]): CapacityStep[] {
  return steps.toSorted((one, other) => one.load - other.load || one.attempt - other.attempt);
}

function stepColumns(load: string): Column<CapacityStep>[] {
  return [
    { head: load, cell: (step) => formatCount(step.load) },
    { head: "kills", cell: ({ kills }) => formatCount(kills) },
    { head: "p50", cell: ({ latencyMs }) => formatMs(latencyMs?.p50 ?? NaN) },
    { head: "p99", cell: ({ latencyMs }) => formatMs(latencyMs?.p99 ?? NaN) },
    { head: "generator p99", cell: ({ slipMs }) => formatMs(slipMs?.p99 ?? NaN) },
    { head: "faults", cell: (step) => formatCount(stepFaults(step)) },
    {
      head: "outcome",
      cell: ({ outcome, attempt }) => stepWord(outcome) + (attempt > 1 ? ", again" : ""),
      align: "left",
    },
  ];
}

/** The outcome of a step for people. */
export function stepWord(outcome: CapacityStep["outcome"]): string {
  return { held: "held", broke: "did not hold", generator: "generator too slow" }[outcome];
}

const brokerColumns: readonly Column<BrokerCapacity>[] = [
  { head: "broker", cell: ({ name }) => name, align: "left" },
  { head: "capacity", cell: (found) => capacityCell(found), align: "left" },
  { head: "knee", cell: kneeText, align: "left" },
];

/** A capacity in a table. */
export function capacityCell({ capacity, outcome, settings }: BrokerCapacity): string {
  return capacity === undefined ? `none: ${outcome}` : valueText({ capacity, settings });
}

/** One step as a line of progress. */
export function stepLine(step: CapacityStep, settings: BrokerCapacity["settings"]): string {
  const { load, attempt, outcome, latencyMs, reason } = step;
  const why = outcome === "held" ? "" : `: ${reason}`;
  return `${loadText(load, settings)}${attempt > 1 ? ", again" : ""}: ${stepWord(outcome)}, p99 ${
    formatMs(latencyMs?.p99 ?? NaN)
  }${why}`;
}
