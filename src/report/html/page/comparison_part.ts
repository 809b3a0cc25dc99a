/** The parts of a comparison's page: the verdict, a tile for each broker, the table, and the reports folded away. */
import { formatCount, formatMs } from "../../../base/units.ts";
import {
  type ComparedBroker,
  type Comparison,
  type ComparisonOutcome,
  deviatingOn,
  outcomeText,
} from "../../model/comparison.ts";
import { baselineOf, brokerNotes, type ComparisonCell, comparisonRows } from "../../model/comparison_rows.ts";
import { type Tile, tilesPart, verdictKind, verdictPart, wordOf } from "./head_part.ts";
import { type Markup, markup, nested } from "./markup.ts";

/** The verdict over all, with the compared brokers. */
export function comparisonVerdict({ verdict, verdictText, reason, brokers }: Comparison): Markup {
  const [first] = brokers.flatMap(({ report }) => report === undefined ? [] : [report]);
  const facts = first === undefined ? [] : [
    ...first.plan.scenario === undefined ? [] : [`scenario ${first.plan.scenario}`],
    `${formatCount(first.plan.clients)} clients`,
    `${first.run.startedAt.slice(0, 16).replace("T", " ")} UTC`,
    `seed ${first.run.seed}`,
  ];
  const kind = verdictKind(verdict, deviatingOn(brokers));
  return verdictPart(kind, wordOf(verdictText), reason, [`${brokers.length} brokers, one after the other`, ...facts]);
}

const looks: Readonly<Partial<Record<ComparisonOutcome, "good" | "bad">>> = { pass: "good", fail: "bad" };

/** A tile for each broker. */
export function brokersPart({ brokers }: Comparison): Markup {
  const tiles = brokers.map(({ name, outcome, reason, report }): Tile => {
    const look = deviatingOn([{ outcome, report }]) > 0 ? undefined : looks[outcome];
    const { wills, latencyMs: { all } } = report ?? { wills: undefined, latencyMs: { all: undefined } };
    const note = wills === undefined || all === undefined || all.count === 0
      ? reason
      : `${formatCount(wills.onTime)} of ${formatCount(wills.expected)} on time, p99 ${formatMs(all.p99)}`;
    return { name, value: outcomeText(outcome, report), note, ...look && { look } };
  });
  return markup`<div class="brokers">${tilesPart(tiles)}</div>`;
}

/** The table, and the notes for its reader. */
export function comparisonTablePart(comparison: Comparison): Markup {
  const baseline = baselineOf(comparison.brokers);
  const heads = comparison.brokers.map((broker) =>
    markup`<th scope="col">${broker.name}${broker === baseline ? markup`<small>baseline</small>` : undefined}</th>`
  );
  const groups = comparisonRows(comparison).map(({ name, rows }) =>
    markup`<tbody><tr class="group"><th scope="rowgroup">${name}</th><td colspan="${heads.length}"></td></tr>
${
      rows.map((row) =>
        markup`<tr><th scope="row">${row.name}</th>${
          row.cells.map((cell) => cellPart(cell, row.name === "verdict"))
        }</tr>
`
      )
    }</tbody>`
  );
  return markup`<section aria-labelledby="compare-title"><h2 id="compare-title">Side by side</h2>
<div class="card scroll compare" role="region" aria-labelledby="compare-caption" tabindex="0">
<table id="compare"><caption id="compare-caption">The same plan on each broker</caption>
<thead><tr><td></td>${heads}</tr></thead>${groups}</table></div>
${rulesPart(comparison)}
${notesPart(comparison)}</section>`;
}

/** The rules that wrong wills break, on each broker: below the table, for its cells are narrow. */
function rulesPart({ brokers }: Comparison): Markup | undefined {
  const items = brokers.flatMap(({ name, report }) => {
    if (report === undefined || report.faultKinds.length === 0) return [];
    const kinds = report.faultKinds.map(({ verdict, rule, count }) => `${formatCount(count)} ${verdict} by ${rule}`);
    return [markup`<li><b>${name}</b>: ${kinds.join("; ")}</li>`];
  });
  if (items.length === 0) return undefined;
  return markup`<div class="rules note"><p>Rules that the wrong wills break:</p><ul>${items}</ul></div>`;
}

const trendText = { better: "better", worse: "worse", same: "" } as const;

function cellPart({ text, faults = [], delta, look }: ComparisonCell, isWord: boolean): Markup {
  const change = delta === undefined || delta.text.startsWith("±")
    ? []
    : [markup`<small class="delta ${delta.trend}">${delta.text} ${trendText[delta.trend]}</small>`];
  const lines = [...faults.map((note) => markup`<small>${note}</small>`), ...change];
  const looks = [...(look === "plain" ? [] : [look]), ...(isWord ? ["word"] : [])];
  if (looks.length === 0) return markup`<td>${text}${lines}</td>`;
  return markup`<td class="${looks.join(" ")}"><b>${text}</b>${lines}</td>`;
}

/** The numbers that are worse than a tolerance allows; absent without any. */
export function regressionsPart({ tolerance }: Comparison): Markup | undefined {
  if (tolerance === undefined || tolerance.regressions.length === 0) return undefined;
  return markup`<section aria-labelledby="worse-title"><h2 id="worse-title">What got worse</h2>
<ul class="lives card" id="worse">${tolerance.regressions.map((each) => markup`<li>${each}</li>`)}</ul></section>`;
}

function notesPart({ notes: all, tolerance, brokers }: Comparison): Markup | undefined {
  const notes = all.filter((note) => !tolerance?.regressions.includes(note));
  const each = brokers.flatMap((broker) =>
    brokerNotes(broker).map((note) => markup`<li><b>${broker.name}</b>: ${note}</li>`)
  );
  const items = [...notes.map((note) => markup`<li>${note}</li>`), ...each];
  if (items.length === 0) return undefined;
  return markup`<div class="warnings card"><h3>Notes on this report</h3><ul>${items}</ul></div>`;
}

/** A report folded away, with ids and headings that go into the page. */
export function foldedPart({ name, outcome, reason, report }: ComparedBroker, place: number, main: Markup): Markup {
  if (report === undefined) return markup`<p class="note"><b>${name}</b>: ${outcome}, ${reason}</p>`;
  return markup`<details class="card whole" id="broker-${place}"><summary><b>${name}</b><span>${
    outcomeText(outcome, report)
  }: ${reason}</span></summary>
<div class="inside">${nested(main, place)}</div></details>`;
}
