/** The cases of a check: a table for each area, folded, and a search over all of them. */
import type { CaseOutcome, CaseResult } from "../../conformance/case/result.ts";
import { areaRows, type CheckReport, compareRules } from "../model/check_report.ts";
import { type Markup, markup } from "./page/markup.ts";

/** Outcomes in the order of interest. */
export const outcomes: readonly CaseOutcome[] = ["fail", "deviation", "not testable", "pass"];

const looks: Readonly<Record<CaseOutcome, string>> = {
  pass: "good",
  fail: "bad",
  deviation: "unsure",
  "not testable": "none",
};

/** All cases, with the search that a script shows; without a script each area can be unfolded. */
export function casesPart(report: CheckReport): Markup | undefined {
  if (report.cases.length === 0) return undefined;
  return markup`<section aria-labelledby="cases-title" id="cases">
<h2 id="cases-title">Case by case</h2>
${filterPart(report)}
${areaRows(report).map(({ area, name, cases }) => areaPart(area, name, cases))}
<p class="note" id="no-case" hidden>No case matches.</p>
</section>`;
}

function filterPart(report: CheckReport): Markup {
  const rules = [...new Set(report.cases.flatMap((each) => each.rules))].sort(compareRules);
  const option = (value: string, text = value) => markup`<option value="${value}">${text}</option>`;
  const counted = outcomes.map((outcome) => option(outcome, `${outcome} (${report.counts[outcome]})`));
  return markup`<div class="filter card" id="filter" role="search" aria-label="Search of the cases" hidden>
<label>Search<input type="search" id="filter-text" placeholder="case or words" autocomplete="off"></label>
<label>Rule<input id="filter-rule" list="filter-rules" placeholder="such as ${
    rules[0] ?? "3.1.2-8"
  }" autocomplete="off"></label>
<datalist id="filter-rules">${rules.map((rule) => option(rule))}</datalist>
<label>Outcome<select id="filter-outcome"><option value="">all</option>${counted}</select></label>
<label>Area<select id="filter-area"><option value="">all</option>${
    areaRows(report).map(({ area, name }) => option(area, name))
  }</select></label>
<button type="button" id="filter-clear">Clear</button>
<output id="filter-count" aria-live="polite"></output>
</div>`;
}

function areaPart(area: string, name: string, cases: readonly CaseResult[]): Markup {
  const counts = outcomes.map((outcome) => ({
    outcome,
    count: cases.filter((each) => each.outcome === outcome).length,
  }))
    .filter(({ count }) => count > 0);
  const rows = cases.toSorted((one, other) => outcomes.indexOf(one.outcome) - outcomes.indexOf(other.outcome));
  return markup`<details class="card area" id="area-${area}" data-area="${area}"><summary><b>${name}</b>${
    counts.map(({ outcome, count }) => markup`<i class="${looks[outcome]}">${count} ${outcome}</i>`)
  }</summary>
<div class="scroll" role="region" aria-label="Cases: ${name}" tabindex="0"><table class="check">
<thead><tr>${
    ["case", "outcome", "MQTT", "rules"].map((head) => markup`<th scope="col" class="text">${head}</th>`)
  }</tr></thead>
<tbody>${rows.map(caseRow)}</tbody></table></div></details>
`;
}

function caseRow({ id, title, outcome, protocol, rules, reason }: CaseResult): Markup {
  const why = outcome === "pass" || reason === undefined ? undefined : markup`<small>${reason}</small>`;
  return markup`<tr data-outcome="${outcome}"><th scope="row">${id}<small>${title}</small>${why}</th><td class="text ${
    looks[outcome]
  }">${
    outcome === "pass" ? outcome : markup`<b>${outcome}</b>`
  }</td><td class="text">${protocol}</td><td class="text rules">${rules.join(", ")}</td></tr>
`;
}
