/**
 * A check as one self-contained HTML page: the verdict first, then failures with their transcripts, then rule by rule.
 */
import { formatCount, formatMs } from "../../base/units.ts";
import type { CaseResult } from "../../conformance/case/result.ts";
import { type TranscriptLine, transcriptText } from "../../conformance/probe/transcript.ts";
import {
  againLines,
  areaRows,
  boundsText,
  caseRulesText,
  type CheckReport,
  protocolsText,
  unseenDeviations,
} from "../model/check_report.ts";
import { casesPart, outcomes } from "./check_cases.ts";
import { linksPart } from "./page/guide_part.ts";
import { type Tile, tilesPart, verdictKind, verdictPart, wordOf } from "./page/head_part.ts";
import { type Markup, markup } from "./page/markup.ts";
import { pageHtml } from "./page/page.ts";

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
  if (report.cases.length === 0) {
    return markup`${headPart(report)}
${advicePart(report)}
${failedPart(report)}
${notesPart(report)}`;
  }
  return markup`${headPart(report)}
${navigationPart(report)}
${tilesPart(tiles(report))}
${failedPart(report)}
${areaPart(report)}
${casesPart(report)}
${notesPart(report)}`;
}

function navigationPart(report: CheckReport): Markup {
  const parts = [
    ["failed-title", "What failed", report.counts.fail > 0],
    ["areas-title", "By area", true],
    ["cases-title", "Case by case", true],
    ["notes-title", "Notes", notesOf(report).length > 0],
  ] as const;
  return linksPart(parts.filter(([, , isThere]) => isThere));
}

/** A check without a case has found nothing about the broker. */
function advicePart({ target, verdict }: CheckReport): Markup | undefined {
  if (verdict !== "void") return undefined;
  const address = target === "embedded" ? "its address" : target;
  return markup`<section class="advice card" aria-labelledby="advice-title">
<h2 id="advice-title">What to try</h2>
<ul><li>Check that the broker runs, and that it accepts MQTT connections at ${address}.</li>
<li>Where it asks for a login: --username and --password-file, of a user that may publish and subscribe.</li>
<li>Read below what the broker answered to the control arm.</li></ul>
</section>`;
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
    { name: "Fail", value: formatCount(counts.fail), note: of, look: counts.fail === 0 ? "good" : "bad" },
    { name: "Pass", value: formatCount(counts.pass), note: of, look: "good" },
    { name: "Deviation", value: formatCount(counts.deviation), note: "failed as the profile describes" },
    { name: "Not testable", value: formatCount(counts["not testable"]), note: "with the reason, below" },
  ];
}

function notesOf(report: CheckReport): string[] {
  const { warnings, cases, controls } = report;
  const held = Map.groupBy(cases.filter(({ outcome }) => outcome === "not testable"), ({ reason }) => reason!);
  return [
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
}

function notesPart(report: CheckReport): Markup | undefined {
  const notes = notesOf(report);
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
  const body = rows.map(({ area, name, cases }) =>
    markup`<tr><th scope="row"><a href="#area-${area}">${name}</a></th><td>${cases.length}</td>${
      outcomes.map((outcome) => {
        const count = cases.filter((each) => each.outcome === outcome).length;
        if (count === 0) return markup`<td class="none">0</td>`;
        return outcome === "fail" ? markup`<td class="bad"><b>${count}</b></td>` : markup`<td>${count}</td>`;
      })
    }</tr>
`
  );
  const heads = ["area", "cases", ...outcomes].map((head) => markup`<th scope="col">${head}</th>`);
  return markup`<section aria-labelledby="areas-title">
<h2 id="areas-title">By area</h2>
<div class="card scroll" role="region" aria-labelledby="areas-title" tabindex="0">
<table class="check" id="areas"><thead><tr>${heads}</tr></thead>
<tbody>${body}</tbody></table>
</div>
</section>`;
}
