/** A comparison as Markdown: for a pull request, the summary of a CI job, or a page of documentation. */
import { escapeMarkdown } from "../../base/escape.ts";
import { type Comparison, deviatingOn } from "../model/comparison.ts";
import { brokerNotes, type ComparisonCell, comparisonRows } from "../model/comparison_rows.ts";
import { fenced, verdictMark } from "./markdown.ts";

/** The comparison as Markdown with GitHub's tables, with a line end. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { verdict, verdictText, reason, repeat, brokers } = comparison;
  const parts = [
    `### ${verdictMark(verdict, deviatingOn(brokers))} ${verdictText}: ${escapeMarkdown(reason)}`,
    comparisonTable(comparison),
    noteList(comparison),
    repeat === undefined ? "" : `Repeat these runs:\n\n${fenced(repeat)}`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Only the table, a column for each broker. */
export function comparisonTable(comparison: Comparison): string {
  const names = comparison.brokers.map(({ name }) => escapeMarkdown(name));
  const rows = comparisonRows(comparison).flatMap(({ name, rows }) => [
    [`**${name}**`, ...names.map(() => "")],
    ...rows.map((row) => [row.name, ...row.cells.map(cellText)]),
  ]);
  const rule = ["---", ...names.map(() => "--:")];
  return [["", ...names], rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cellText({ text, notes, look }: ComparisonCell): string {
  const shown = look === "plain" ? escapeMarkdown(text) : `**${escapeMarkdown(text)}**`;
  return [shown, ...notes.map(escapeMarkdown)].join("<br>");
}

function noteList({ notes, brokers }: Comparison): string {
  const each = brokers.flatMap((broker) =>
    brokerNotes(broker).map((note) => `- **${escapeMarkdown(broker.name)}**: ${escapeMarkdown(note)}`)
  );
  return [...notes.map((note) => `- ${escapeMarkdown(note)}`), ...each].join("\n");
}
