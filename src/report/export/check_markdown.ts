/** A check as Markdown: for a pull request, the summary of a CI job, or a page that is kept. */
import { escapeMarkdown } from "../../base/escape.ts";
import { formatMs } from "../../base/units.ts";
import type { CaseOutcome, CaseResult } from "../../conformance/case/result.ts";
import { transcriptText } from "../../conformance/probe/transcript.ts";
import {
  againLines,
  areaRows,
  boundsText,
  type CheckReport,
  protocolsText,
  ruleRows,
  unseenDeviations,
} from "../model/check_report.ts";
import { verdictMark } from "./markdown.ts";

/** Lines of one transcript that are shown; the JSON report has all. */
const linesShown = 30;
const outcomeMarks: Readonly<Record<CaseOutcome, string>> = {
  pass: "pass",
  fail: "**fail**",
  deviation: "*deviation*",
  "not testable": "not testable",
};

/** The check as Markdown with GitHub's tables, with a line end. */
export function checkMarkdown(report: CheckReport): string {
  const { verdict, verdictText, reason, target, durationMs, profile, startedAt, counts } = report;
  const facts = [
    target === "embedded" ? "embedded broker" : escapeMarkdown(target),
    protocolsText(report),
    formatMs(durationMs),
    `${startedAt.slice(0, 10)}`,
    ...profile === undefined ? [] : [`profile ${escapeMarkdown(profile)}`],
  ];
  const parts = [
    `### ${verdictMark(verdict, counts.deviation)} ${verdictText}: ${escapeMarkdown(reason)}`,
    `${facts.join(" · ")}\n\nBounds: ${escapeMarkdown(boundsText(report))}.`,
    areaTable(report),
    section("Control arm", report.controls.filter(isFaulty).map(controlLine)),
    section("Failed", report.cases.filter(({ outcome }) => outcome === "fail").map(failure)),
    section("Deviations that the profile documents", report.cases.filter(isDeviation).map(line)),
    section("Not testable", notTestable(report)),
    [...report.warnings, ...unseenDeviations(report), ...againLines(report)].map((warning) =>
      `> ⚠️ ${escapeMarkdown(warning)}`
    )
      .join("\n>\n"),
    ruleTable(report),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function isFaulty({ outcome }: CheckReport["controls"][number]): boolean {
  return outcome === "fail" || outcome === "void";
}

function controlLine({ protocol, outcome, reason = "" }: CheckReport["controls"][number]): string {
  return `- MQTT ${protocol}: ${outcome}: ${escapeMarkdown(reason)}`;
}

function isDeviation({ outcome }: CaseResult): boolean {
  return outcome === "deviation";
}

function areaTable(report: CheckReport): string {
  const rows = areaRows(report);
  if (rows.length === 0) return "";
  const outcomes: readonly CaseOutcome[] = ["pass", "fail", "deviation", "not testable"];
  const body = rows.map(({ name, cases }) => {
    const counts = outcomes.map((outcome) => cases.filter((each) => each.outcome === outcome).length);
    return [name, String(cases.length), ...counts.map(String)];
  });
  return table(["area", "cases", ...outcomes], body, "--:");
}

function ruleTable(report: CheckReport): string {
  if (report.cases.length === 0) return "";
  const body = ruleRows(report).map((
    { protocol, rule, result: { outcome, id, title } },
  ) => [protocol, rule, outcomeMarks[outcome], `\`${id}\``, escapeMarkdown(title)]);
  return `#### Rule by rule\n\n${table(["MQTT", "rule", "outcome", "case", "what the broker must do"], body, "---")}`;
}

function table(head: readonly string[], body: readonly (readonly string[])[], align: string): string {
  const rule = ["---", ...head.slice(1).map(() => align)];
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : `#### ${title}\n\n${items.join("\n")}`;
}

function line({ id, protocol, rules, reason, deviation }: CaseResult): string {
  const known = deviation === undefined ? "" : ` (${escapeMarkdown(deviation)})`;
  return `- \`${id}\`${known}, ${["MQTT", protocol, rules.join(", ")].join(" ").trim()}: ${
    escapeMarkdown(reason ?? "")
  }`;
}

function failure(result: CaseResult): string {
  const { transcript = [] } = result;
  const shown = transcript.slice(-linesShown).flatMap((each) => [
    transcriptText(each),
    ...each.hex === undefined ? [] : [`${" ".repeat(25)}${each.hex}`],
  ]);
  // No line of a transcript can end the block: each begins with its time.
  const block = ["````text", ...shown, "````"].map((each) => `  ${each}`).join("\n");
  return `${line(result)}\n\n  <details><summary>Transcript</summary>\n\n${block}\n\n  </details>\n`;
}

function notTestable({ cases }: CheckReport): string[] {
  const held = Map.groupBy(cases.filter(({ outcome }) => outcome === "not testable"), ({ reason }) => reason!);
  return [...held].map(([reason, each]) =>
    `- ${escapeMarkdown(reason)}: ${each.map(({ id, protocol }) => `\`${id}\` in ${protocol}`).join(", ")}`
  );
}
