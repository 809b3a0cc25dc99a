/**
 * A check as text for a terminal: a line for each area, the failures with their transcripts, and the verdict as the
 * last line. Pure: a report in, lines out.
 */
import { escapeData } from "../../base/escape.ts";
import { formatMs } from "../../base/units.ts";
import type { CaseOutcome, CaseResult } from "../../conformance/case/result.ts";
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
import { type Column, shortened, tableLines, wrapped } from "./table.ts";
import type { TextOptions } from "./text.ts";
import { bodyAndVerdict, textOfParts, verdictLines } from "./verdict_lines.ts";

/** Lines of one transcript that are shown; the JSON report has all. */
const linesShown = 40;

/** How the text of a check is to look. */
export interface CheckTextOptions extends TextOptions {
  /** Whether every rule, reason and note has its line. Default: no. */
  readonly verbose?: boolean;
}

/** Failed cases in the list above the verdict. */
const failuresListed = 12;

/** The report as text, with a line end; the last line is the verdict. */
export function checkText(raw: CheckReport, options: CheckTextOptions = {}): string {
  return bodyAndVerdict(checkBody(raw, options), checkVerdict(raw, options));
}

/** The verdict and its reason: the last line of the text, or its last lines where the width does not suffice. */
export function checkVerdict(raw: CheckReport, { width = Infinity, style = plainStyle }: TextOptions = {}): string {
  const report = escapeData(raw);
  const isClean = report.verdict !== "pass" || report.counts.deviation === 0;
  return textOfParts([verdictLines(report, isClean, width, style)]);
}

/** The text without its verdict. */
export function checkBody(raw: CheckReport, options: CheckTextOptions = {}): string {
  const report = escapeData(raw);
  const { width = 100, style = plainStyle, rows = Infinity, verbose = false } = options;
  const failures = [
    ...report.controls.map((each) => controlLines(each, width, style)),
    ...report.cases.filter(({ outcome }) => outcome === "fail").map((each) => failureLines(each, width, style)),
    failedList(report, width, style),
  ];
  const details = verbose ? everyDetail(report, width) : shortDetails(report, width, Infinity);
  const parts = (shown: readonly (readonly string[])[]) =>
    textOfParts([
      aboutLines(report, width, style, verbose),
      verbose ? tableLines(ruleColumns(style), ruleRows(report), width) : [],
      areaLines(report, width),
      ...shown,
      report.warnings.flatMap((warning) => wrapped(`warning: ${warning}`, width, "         ")),
      ...failures,
    ]);
  const text = parts(details);
  if (verbose || text.split("\n").length - 1 <= rows) return text;
  return parts(shortDetails(report, width, 0));
}

function aboutLines(report: CheckReport, width: number, style: Style, verbose: boolean): string[] {
  const about = [
    report.target === "embedded" ? "embedded broker" : report.target,
    protocolsText(report),
    formatMs(report.durationMs),
    ...report.engine === undefined ? [] : [`engine ${report.engine}`],
    ...report.profile === undefined ? [] : [`profile ${report.profile}`],
  ];
  const bounds = verbose ? wrapped(`Bounds: ${boundsText(report)}.`, width) : [];
  return [...wrapped(about.join(" · "), width), ...bounds].map((line) => style.faint(line));
}

function ruleColumns(style: Style): Column<RuleRow>[] {
  const paint: Readonly<Record<CaseOutcome, (text: string) => string>> = {
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

/** A line for each area; an outcome that no case has gets no column. */
function areaLines(report: CheckReport, width: number): string[] {
  const rows = areaRows(report);
  if (rows.length === 0) return [];
  const countIn = ({ cases }: AreaRow, outcome: CaseOutcome) => cases.filter((each) => each.outcome === outcome).length;
  const rare = (["deviation", "not testable"] as const).filter((outcome) =>
    rows.some((row) => countIn(row, outcome) > 0)
  );
  const columns: Column<AreaRow>[] = [
    { head: "area", align: "left", cell: ({ name }) => name },
    { head: "cases", cell: ({ cases }) => String(cases.length) },
    ...(["pass", "fail", ...rare] as const).map((outcome): Column<AreaRow> => ({
      head: outcome,
      cell: (row) => String(countIn(row, outcome)),
    })),
  ];
  return tableLines(columns, rows, width);
}

/** Every reason and note, with its cases. */
function everyDetail(report: CheckReport, width: number): string[][] {
  return [
    notTestableLines(report, width),
    [...deviationTexts(report), ...otherNotes(report)].flatMap((line) => wrapped(line, width, "  ")),
  ];
}

/**
 * Their counts.
 *
 * @param most reasons for which cases are not testable, as many as are listed
 */
function shortDetails(report: CheckReport, width: number, most: number): string[][] {
  const byReason = reasonsOf(report);
  const untested = [...byReason.values()].flat().length;
  const reasons = byReason.size <= most
    ? [
      "Not testable:",
      ...[...byReason].flatMap(([reason, held]) =>
        wrapped(`  ${reason}: ${held.length === 1 ? "1 case" : `${held.length} cases`}`, width, "    ")
      ),
    ]
    : [`${untested} cases are not testable, for ${byReason.size === 1 ? "1 reason" : `${byReason.size} reasons`}.`];
  const deviations = deviationTexts(report).length;
  const notes = otherNotes(report).length;
  const counts = [
    ...deviations > 0
      ? [`${deviations} ${deviations === 1 ? "deviation" : "deviations"} that profile ${report.profile} describes`]
      : [],
    ...notes > 0 ? [notes === 1 ? "1 note" : `${notes} notes`] : [],
  ];
  return [
    byReason.size === 0 ? [] : reasons,
    counts.length === 0 ? [] : wrapped(`${counts.join(" and ")}: --verbose prints the text of each.`, width),
  ];
}

function reasonsOf({ cases }: CheckReport): Map<string, CaseResult[]> {
  return Map.groupBy(cases.filter(({ outcome }) => outcome === "not testable"), ({ reason }) => reason!);
}

/** Reasons, each with the cases that it makes untestable. */
function notTestableLines(report: CheckReport, width: number): string[] {
  const byReason = reasonsOf(report);
  if (byReason.size === 0) return [];
  const lines = [...byReason].flatMap(([reason, held]) =>
    wrapped(`  ${reason}: ${held.map(({ id, protocol }) => `${id} in ${protocol}`).join(", ")}`, width, "    ")
  );
  return ["Not testable:", ...lines];
}

function deviationTexts({ cases, profile }: CheckReport): string[] {
  return cases.filter(({ outcome }) => outcome === "deviation").map(({ id, protocol, deviation, reason }) =>
    `${id} in ${protocol} deviates as profile ${profile} describes (${deviation}): ${reason}`
  );
}

function otherNotes(report: CheckReport): string[] {
  const noted = report.cases.flatMap(({ id, protocol, notes }) => notes.map((note) => `${id} in ${protocol}: ${note}`));
  return [...unseenDeviations(report), ...againLines(report), ...noted];
}

/** The failed cases once more, a line for each: their transcripts may be longer than the screen. */
function failedList({ cases }: CheckReport, width: number, style: Style): string[] {
  const failed = cases.filter(({ outcome }) => outcome === "fail");
  if (failed.length === 0) return [];
  const lines = failed.slice(0, failuresListed).map(({ id, protocol, reason = "" }) =>
    style.bad(shortened(`  ${id} in ${protocol}: ${reason}`, width))
  );
  const left = failed.length - lines.length;
  return ["Failed cases:", ...lines, ...left > 0 ? [`  … and ${left} more`] : []];
}

function controlLines(
  { protocol, outcome, reason, transcript = [] }: CheckReport["controls"][number],
  width: number,
  style: Style,
): string[] {
  if (outcome !== "fail" && outcome !== "void") return [];
  const [first = "", ...rest] = wrapped(`control arm, MQTT ${protocol}: ${outcome}: ${reason}`, width, "  ");
  return [first.replace(`: ${outcome}:`, `: ${style.bad(outcome)}:`), ...rest, ...transcriptLines(transcript, width)];
}

function failureLines(result: CaseResult, width: number, style: Style): string[] {
  return [
    ...wrapped(`${result.id}: ${result.reason} [${caseRulesText(result)}]`, width, "  ").map(
      (line, index) => index === 0 ? style.bad(line) : line,
    ),
    ...wrapped(`  ${result.does}`, width, "  "),
    ...transcriptLines(result.transcript ?? [], width),
  ];
}

/** Where the content of a transcript's line begins. */
const contentAt = 27;

function transcriptLines(transcript: readonly TranscriptLine[], width: number): string[] {
  const shown = transcript.slice(-linesShown);
  const left = transcript.length - shown.length;
  const indent = " ".repeat(contentAt);
  const folded = (text: string) => wrapped(withBreaks(text, width - contentAt), width, indent);
  return [
    ...left > 0 ? [`  … ${left} lines before`] : [],
    ...shown.flatMap((line) => [
      ...folded(`  ${transcriptText(line)}`),
      ...line.hex === undefined ? [] : folded(`${indent}${line.hex}`),
    ]),
  ];
}

/** Breaks words that are longer than a line. */
function withBreaks(text: string, most: number): string {
  return text.replaceAll(new RegExp(`\\S{${Math.max(10, most)}}(?=\\S)`, "gu"), "$& ");
}
