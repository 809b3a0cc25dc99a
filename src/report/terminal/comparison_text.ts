/** A comparison as text for a terminal: the verdict, the table, then the details. */
import { escapeData } from "../../base/escape.ts";
import { type Comparison, deviatingOn } from "../model/comparison.ts";
import { brokerNotes, type ComparisonCell, comparisonRows, type RowGroup } from "../model/comparison_rows.ts";
import { plainStyle, type Style } from "./style.ts";
import { type Column, tableLines, tableWidth, wrapped } from "./table.ts";
import { shellLines, type TextOptions } from "./text.ts";

/** The comparison as text, with a line end. */
export function comparisonText(raw: Comparison, options: TextOptions = {}): string {
  const comparison = escapeData(raw);
  const { width = 100, style = plainStyle } = options;
  const parts = [
    headLines(comparison, width, style),
    ...tables(comparison, width, style),
    ruleLines(comparison, width),
    noteLines(comparison, width, style),
    comparison.repeat === undefined ? [] : ["Repeat these runs:", ...shellLines(comparison.repeat, width)],
  ];
  return parts.filter((lines) => lines.length > 0).map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function headLines({ verdict, verdictText, reason, brokers }: Comparison, width: number, style: Style): string[] {
  const isClean = verdict !== "pass" || deviatingOn(brokers) === 0;
  const paint = isClean ? { pass: style.good, fail: style.bad, void: style.unsure }[verdict] : style.unsure;
  const [first = "", ...rest] = wrapped(`${verdictText}  ${reason}`, width, "      ");
  const about = brokers.map(({ name, target }) => name === target ? name : `${name}: ${target}`).join(" · ");
  const facts = wrapped(about, width).map((line) => style.faint(line));
  return [paint(style.strong(first)), ...rest.map((line) => paint(line)), ...facts];
}

interface Line {
  readonly name: string;
  readonly cells: readonly ComparisonCell[];
}

/** As many tables as it takes: each with as many brokers as the width has room for. */
function tables(comparison: Comparison, width: number, style: Style): string[][] {
  const groups = comparisonRows(comparison);
  const rows = groups.flatMap(linesOf);
  const all = comparison.brokers.map(({ name }, place): Column<Line> => ({
    head: name,
    cell: ({ cells }) => cells[place]?.text ?? "",
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

function marked(text: string, cell: ComparisonCell | undefined, style: Style): string {
  if (cell === undefined || cell.look === "plain") return text;
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
