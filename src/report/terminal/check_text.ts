/**
 * A check as text for a terminal: the verdict first, then rule by rule, then failures with their transcripts. Pure: a
 * report in, lines out.
 */
import { escapeData } from "../../base/escape.ts";
import { formatMs } from "../../base/units.ts";
import type { CaseResult, Outcome } from "../../conformance/case/result.ts";
import { type TranscriptLine, transcriptText } from "../../conformance/probe/transcript.ts";
import {
  againLines,
  areaRows,
  boundsText,
  caseRulesText,
  type CheckReport,
  protocolsText,
  type RuleRow,
  ruleRows,
  unseenDeviations,
} from "../model/check_report.ts";
import { plainStyle, type Style } from "./style.ts";
import { type Column, tableLines, wrapped } from "./table.ts";
import type { TextOptions } from "./text.ts";

/** Lines of one transcript that are shown; the JSON report has all. */
const linesShown = 40;

/** The report as text, with a line end. */
export function checkText(raw: CheckReport, { width = 100, style = plainStyle }: TextOptions = {}): string {
  const report = escapeData(raw);
  const parts = [
    headLines(report, width, style),
    tableLines(ruleColumns(style), ruleRows(report)),
    areaLines(report),
    notTestableLines(report, width),
    noteLines(report, width),
    report.warnings.flatMap((warning) => wrapped(`warning: ${warning}`, width, "         ")),
    ...report.controls.flatMap(({ protocol, outcome, reason, transcript = [] }) =>
      outcome === "fail" || outcome === "void"
        ? [[`control arm, MQTT ${protocol}: ${style.bad(outcome)}: ${reason}`, ...transcriptLines(transcript)]]
        : []
    ),
    ...report.cases.filter(({ outcome }) => outcome === "fail").map((each) => failureLines(each, width, style)),
  ];
  const told = parts.filter((lines) => lines.length > 0 && (lines.length > 1 || lines[0] !== ""));
  return told.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function headLines(report: CheckReport, width: number, style: Style): string[] {
  const isClean = report.verdict !== "pass" || report.counts.deviation === 0;
  const paint = isClean ? { pass: style.good, fail: style.bad, void: style.unsure }[report.verdict] : style.unsure;
  const [first = "", ...rest] = wrapped(`${report.verdictText}  ${report.reason}`, width, "      ");
  const about = [
    report.target === "embedded" ? "embedded broker" : report.target,
    protocolsText(report),
    formatMs(report.durationMs),
    ...report.engine === undefined ? [] : [`engine ${report.engine}`],
    ...report.profile === undefined ? [] : [`profile ${report.profile}`],
  ];
  const faint = [...wrapped(about.join(" · "), width), ...wrapped(`Bounds: ${boundsText(report)}.`, width)];
  return [paint(style.strong(first)), ...rest.map(paint), ...faint.map((line) => style.faint(line))];
}

function ruleColumns(style: Style): Column<RuleRow>[] {
  const paint: Readonly<Record<Outcome, (text: string) => string>> = {
    pass: style.good,
    fail: style.bad,
    deviation: style.unsure,
    "not testable": style.unsure,
  };
  return [
    { head: "MQTT", align: "left", cell: ({ protocol }) => protocol },
    { head: "rule", align: "left", cell: ({ rule }) => rule },
    {
      head: "outcome",
      align: "left",
      cell: ({ result }) => result.outcome,
      mark: (text, { result }) => paint[result.outcome](text),
    },
    { head: "case", align: "left", cell: ({ result }) => result.id },
    { head: "what the broker must do", align: "left", cell: ({ result }) => result.title },
  ];
}

type AreaRow = ReturnType<typeof areaRows>[number];

function areaLines(report: CheckReport): string[] {
  const rows = areaRows(report);
  if (rows.length === 0) return [];
  const count = (outcome: Outcome): Column<AreaRow> => ({
    head: outcome,
    cell: ({ cases }) => String(cases.filter((each) => each.outcome === outcome).length),
  });
  const columns: Column<AreaRow>[] = [
    { head: "area", align: "left", cell: ({ name }) => name },
    { head: "cases", cell: ({ cases }) => String(cases.length) },
    ...(["pass", "fail", "deviation", "not testable"] as const).map(count),
  ];
  return tableLines(columns, rows);
}

/** Reasons, each with the cases that it makes untestable. */
function notTestableLines({ cases }: CheckReport, width: number): string[] {
  const byReason = Map.groupBy(cases.filter(({ outcome }) => outcome === "not testable"), ({ reason }) => reason!);
  if (byReason.size === 0) return [];
  const lines = [...byReason].flatMap(([reason, held]) => {
    const names = held.length > 4 ? `${held.length} cases` : held.map(({ id, protocol }) => `${id} in ${protocol}`);
    return wrapped(`  ${reason}: ${typeof names === "string" ? names : names.join(", ")}`, width, "    ");
  });
  return ["Not testable:", ...lines];
}

function noteLines(report: CheckReport, width: number): string[] {
  const { cases, profile } = report;
  const deviations = cases.filter(({ outcome }) => outcome === "deviation").map(({ id, protocol, deviation, reason }) =>
    `${id} in ${protocol} deviates as profile ${profile} describes (${deviation}): ${reason}`
  );
  const noted = cases.flatMap(({ id, protocol, notes }) => notes.map((note) => `${id} in ${protocol}: ${note}`));
  return [...deviations, ...unseenDeviations(report), ...againLines(report), ...noted].flatMap((line) =>
    wrapped(line, width, "  ")
  );
}

function failureLines(result: CaseResult, width: number, style: Style): string[] {
  return [
    ...wrapped(`${result.id}: ${result.reason} [${caseRulesText(result)}]`, width, "  ").map(
      (line, index) => index === 0 ? style.bad(line) : line,
    ),
    ...wrapped(`  ${result.does}`, width, "  "),
    ...transcriptLines(result.transcript ?? []),
  ];
}

function transcriptLines(transcript: readonly TranscriptLine[]): string[] {
  const shown = transcript.slice(-linesShown);
  const left = transcript.length - shown.length;
  return [
    ...left > 0 ? [`  … ${left} lines before`] : [],
    ...shown.flatMap((line) => [
      `  ${transcriptText(line)}`,
      ...line.hex === undefined ? [] : [`${" ".repeat(27)}${line.hex}`],
    ]),
  ];
}
