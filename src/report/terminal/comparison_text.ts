/** A comparison as text for a terminal: the table, then the details, and the verdict as the last line. */
import { escapeData } from "../../base/escape.ts";
import { type Comparison, deviatingOn } from "../model/comparison.ts";
import { brokerNotes, type ComparisonCell, comparisonRows, type RowGroup } from "../model/comparison_rows.ts";
import { plainStyle, type Style } from "./style.ts";
import { type Column, tableLines, tableWidth, wrapped } from "./table.ts";
import { shellLines, type TextOptions } from "./text.ts";
import { bodyAndVerdict, leftOut, textOfParts, verdictLines } from "./verdict_lines.ts";

/** The comparison as text, with a line end; the last line is the verdict. */
export function comparisonText(raw: Comparison, options: TextOptions = {}): string {
  return bodyAndVerdict(comparisonBody(raw, options), comparisonVerdict(raw, options));
}

/** The verdict and its reason: the last line of the text, or its last lines where the width does not suffice. */
export function comparisonVerdict(raw: Comparison, { width = Infinity, style = plainStyle }: TextOptions = {}): string {
  const comparison = escapeData(raw);
  const isClean = comparison.verdict !== "pass" || deviatingOn(comparison.brokers) === 0;
  return textOfParts([verdictLines(comparison, isClean, width, style)]);
}

/** The parts that a small screen does without, in the order in which they are left out. */
const dispensable = [
  "Other figures",
  "Run",
  "repeat",
  "By node",
  "By kill mode",
  "Dial to CONNACK",
  "Faults",
  "Kill to will",
] as const;

/** The text without its verdict. */
export function comparisonBody(raw: Comparison, options: TextOptions = {}): string {
  const comparison = escapeData(raw);
  const { width = 100, style = plainStyle, rows = Infinity } = options;
  const note = (left: number) => left === 0 ? [] : wrapped(leftOut, width);
  const bodies = [0, ...dispensable.keys().map((place) => place + 1)].map((left) =>
    textOfParts([...partsOf(comparison, width, style, dispensable.slice(0, left)), note(left)])
  );
  return bodies.find((body) => body.split("\n").length - 1 <= rows) ?? bodies.at(-1)!;
}

function partsOf(comparison: Comparison, width: number, style: Style, out: readonly string[]): string[][] {
  const { repeat } = comparison;
  return [
    aboutLines(comparison, width, style),
    ...tables(comparison, width, style, out),
    out.includes("Faults") ? [] : ruleLines(comparison, width),
    noteLines(comparison, width, style),
    repeat === undefined || out.includes("repeat") ? [] : ["Repeat these runs:", ...shellLines(repeat, width)],
  ];
}

function aboutLines({ brokers }: Comparison, width: number, style: Style): string[] {
  const about = brokers.map(({ name, target }) => name === target ? name : `${name}: ${target}`).join(" · ");
  return wrapped(about, width).map((line) => style.faint(line));
}

interface Line {
  readonly name: string;
  readonly cells: readonly ComparisonCell[];
}

/** As many tables as it takes: each with as many brokers as the width has room for. */
function tables(comparison: Comparison, width: number, style: Style, out: readonly string[]): string[][] {
  const groups = comparisonRows(comparison).filter(({ name }) => !out.some((part) => name.startsWith(part)));
  const rows = groups.flatMap(linesOf);
  const all = comparison.brokers.map(({ name }, place): Column<Line> => ({
    head: name,
    cell: ({ cells }) => cells[place] === undefined ? "" : textOf(cells[place]),
    mark: (text, { cells }) => marked(text, cells[place], style),
  }));
  const names: Column<Line> = { head: "", cell: ({ name }) => name, align: "left" };
  const found: string[][] = [];
  for (let from = 0; from < all.length;) {
    let count = 1;
    while (from + count < all.length && tableWidth([names, ...all.slice(from, from + count + 1)], rows) <= width) {
      count++;
    }
    const lines = tableLines([names, ...all.slice(from, from + count)], rows);
    found.push(lines.map((line, index) => index === 0 || isHead(rows[index - 1]!) ? style.faint(line) : line));
    from += count;
  }
  return found;
}

function linesOf({ name, rows }: RowGroup): Line[] {
  return [{ name, cells: [] }, ...rows.map((row) => ({ name: `  ${row.name}`, cells: row.cells }))];
}

const isHead = ({ cells }: Line) => cells.length === 0;

/** The number of a cell with its difference from the baseline, where it has one. */
function textOf({ text, delta }: ComparisonCell): string {
  return delta === undefined || delta.trend === "same" ? text : `${text} (${delta.text})`;
}

function marked(text: string, cell: ComparisonCell | undefined, style: Style): string {
  if (cell === undefined) return text;
  if (cell.look === "plain") {
    const trend = cell.delta?.trend ?? "same";
    return trend === "same" ? text : trend === "better" ? style.good(text) : style.bad(text);
  }
  return { good: style.good, bad: style.bad, unsure: style.unsure }[cell.look](text);
}

/** The faults, by broker and kill mode, each with its rule. */
function ruleLines(comparison: Comparison, width: number): string[] {
  const byMode = comparisonRows(comparison).find(({ name }) => name.startsWith("By kill mode"))?.rows ?? [];
  const lines = comparison.brokers.flatMap(({ name }, place) =>
    byMode.flatMap(({ name: mode, cells }) => cells[place]!.notes.map((note) => `${name}, ${mode}: ${note}`))
  );
  return lines.length === 0 ? [] : ["Faults:", ...lines.flatMap((line) => wrapped(`  ${line}`, width, "    "))];
}

function noteLines(comparison: Comparison, width: number, style: Style): string[] {
  const own = comparison.notes.map((note) => `note: ${note}`);
  const each = comparison.brokers.flatMap((broker) => brokerNotes(broker).map((note) => `${broker.name}: ${note}`));
  return [...own, ...each].flatMap((line) => {
    const [first = "", ...rest] = wrapped(line, width, "  ");
    const head = first.slice(0, first.indexOf(":") + 1);
    return [`${style.unsure(head)}${first.slice(head.length)}`, ...rest];
  });
}
