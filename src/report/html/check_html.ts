/**
 * A check as one self-contained HTML page: the verdict first, then failures with their transcripts, then rule by rule.
 */
import { formatCount, formatMs } from "../../base/units.ts";
import type { CaseOutcome, CaseResult } from "../../conformance/case/result.ts";
import { type TranscriptLine, transcriptText } from "../../conformance/probe/transcript.ts";
import {
  againLines,
  areaRows,
  boundsText,
  caseRulesText,
  type CheckReport,
  protocolsText,
  ruleRows,
  unseenDeviations,
} from "../model/check_report.ts";
import { type Tile, tilesPart, verdictKind, verdictPart, wordOf } from "./page/head_part.ts";
import { type Markup, markup } from "./page/markup.ts";
import { pageHtml } from "./page/page.ts";

const outcomes: readonly CaseOutcome[] = ["pass", "fail", "deviation", "not testable"];
const looks: Readonly<Record<CaseOutcome, string>> = {
  pass: "good",
  fail: "bad",
  deviation: "unsure",
  "not testable": "none",
};

/** The whole page; it loads nothing from anywhere. */
export function checkHtml(report: CheckReport): string {
  return pageHtml({
    title: `${report.verdictText}: ${targetText(report)}, MQTT by rule`,
    main: checkMain(report),
    plots: [],
    footer: `${report.tool.name} ${report.tool.version} · a broker checked against the standard, rule by rule`,
  });
}

/** All between the top and the foot of the page. */
export function checkMain(report: CheckReport): Markup {
  return markup`${headPart(report)}
${tilesPart(tiles(report))}
${notesPart(report)}
${failedPart(report)}
${areaPart(report)}
${rulePart(report)}`;
}

function targetText({ target }: CheckReport): string {
  return target === "embedded" ? "embedded broker" : target;
}

function headPart(report: CheckReport): Markup {
  const kind = verdictKind(report.verdict, report.counts.deviation);
  return verdictPart(kind, wordOf(report.verdictText), report.reason, [
    targetText(report),
    protocolsText(report),
    `${report.startedAt.slice(0, 16).replace("T", " ")} UTC`,
    `took ${formatMs(report.durationMs)}`,
    ...report.profile === undefined ? [] : [`profile ${report.profile}`],
    `Bounds: ${boundsText(report)}`,
  ]);
}

function tiles({ counts, cases }: CheckReport): Tile[] {
  const of = `of ${formatCount(cases.length)} cases`;
  return [
    { name: "Pass", value: formatCount(counts.pass), note: of, look: "good" },
    { name: "Fail", value: formatCount(counts.fail), note: of, look: counts.fail === 0 ? "good" : "bad" },
    { name: "Deviation", value: formatCount(counts.deviation), note: "failed as the profile describes" },
    { name: "Not testable", value: formatCount(counts["not testable"]), note: "with the reason, below" },
  ];
}

function notesPart(report: CheckReport): Markup | undefined {
  const { warnings, cases, controls } = report;
  const held = Map.groupBy(cases.filter(({ outcome }) => outcome === "not testable"), ({ reason }) => reason!);
  const notes = [
    ...warnings,
    ...controls.filter(({ outcome }) => outcome !== "pass").map(({ protocol, outcome, reason }) =>
      `Control arm of MQTT ${protocol}: ${outcome}: ${reason}`
    ),
    ...[...held].map(([reason, each]) =>
      `Not testable, ${each.length === 1 ? "1 case" : `${each.length} cases`}: ${reason}`
    ),
    ...unseenDeviations(report),
    ...againLines(report),
  ];
  if (notes.length === 0) return undefined;
  return markup`<section class="warnings card" aria-labelledby="notes-title">
<h2 id="notes-title">Notes on this report</h2>
<ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul>
</section>`;
}

function failedPart({ cases, controls }: CheckReport): Markup | undefined {
  const failed = cases.filter(({ outcome }) => outcome === "fail");
  const blind = controls.filter(({ outcome }) => outcome === "fail" || outcome === "void");
  if (failed.length + blind.length === 0) return undefined;
  const items = [
    ...blind.map(({ protocol, reason = "", transcript }) =>
      markup`<li><p><span class="badge bad">control arm</span> MQTT ${protocol}</p><p>${reason}</p>${
        transcriptPart(transcript)
      }</li>
`
    ),
    ...failed.map(failedItem),
  ];
  return markup`<section aria-labelledby="failed-title">
<h2 id="failed-title">What failed</h2>
<ol class="lives card">${items}</ol>
</section>`;
}

function failedItem({ id, title, does, reason = "", protocol, rules, transcript }: CaseResult): Markup {
  return markup`<li>
<p><span class="badge bad">${id}</span> <span class="rule">${caseRulesText({ protocol, rules })}</span></p>
<p>${title}: <b>${reason}</b></p>
<p class="life-name">The case ${does}.</p>
${transcriptPart(transcript)}</li>
`;
}

function transcriptPart(lines: readonly TranscriptLine[] = []): Markup {
  const text = lines.flatMap((line) => [
    transcriptText(line),
    ...line.hex === undefined ? [] : [`${" ".repeat(25)}${line.hex}`],
  ]);
  return markup`<details><summary>Transcript, ${lines.length} lines</summary><pre>${text.join("\n")}</pre></details>`;
}

function areaPart(report: CheckReport): Markup | undefined {
  const rows = areaRows(report);
  if (rows.length === 0) return undefined;
  const body = rows.map(({ name, cases }) =>
    markup`<tr><th scope="row">${name}</th><td>${cases.length}</td>${
      outcomes.map((outcome) => {
        const count = cases.filter((each) => each.outcome === outcome).length;
        return count > 0 && outcome === "fail"
          ? markup`<td class="bad"><b>${count}</b></td>`
          : markup`<td>${count}</td>`;
      })
    }</tr>
`
  );
  return section("areas", "By area", ["area", "cases", ...outcomes], body);
}

function rulePart(report: CheckReport): Markup | undefined {
  if (report.cases.length === 0) return undefined;
  const body = ruleRows(report).map(({ protocol, rule, result: { outcome, id, title } }) =>
    markup`<tr><th scope="row">${protocol}</th><td>${rule}</td><td class="${looks[outcome]}">${
      outcome === "pass" ? outcome : markup`<b>${outcome}</b>`
    }</td><td class="text">${id}<small>${title}</small></td></tr>
`
  );
  return section("rules", "Rule by rule", ["MQTT", "rule", "outcome", "case"], body);
}

function section(id: string, title: string, heads: readonly string[], body: readonly Markup[]): Markup {
  return markup`<section aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<div class="card scroll" role="region" aria-labelledby="${id}-title" tabindex="0">
<table class="check" id="${id}"><thead><tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${body}</tbody></table>
</div>
</section>`;
}
