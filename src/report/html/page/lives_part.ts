/** The lives worth a look: those whose wills went wrong, and the slowest of the rest. */
import { formatCount, formatMs } from "../../../base/units.ts";
import type { FaultSample, SlowLife } from "../../../fleet/result/fault_sample.ts";
import { faultList, inListOrder } from "../../model/fault_list.ts";
import type { Report } from "../../model/report.ts";
import { faultTotal, lifeText } from "../../model/will_rows.ts";
import { type Markup, markup } from "./markup.ts";
import { timelineKey, timelinePart } from "./timeline_part.ts";

/** Shown at once; the rest opens on demand. */
const shownFaults = 8;
const shownSlow = 5;

type Outages = NonNullable<Report["restarts"]>["each"];

function outagesOf({ restarts }: Report): Outages {
  return restarts?.each ?? [];
}

/** The sections of lives, as far as there are any. */
export function livesPart(report: Report): Markup[] {
  return [faultSection(report), slowSection(report)].filter((part) => part !== undefined);
}

/** One fault of each kind, the most frequent kind first: above the numbers, because faults decide the verdict. */
export function faultKindPart(report: Report): Markup | undefined {
  const kinds = faultList(report, 0).kinds.map(({ verdict, rule, count, sample }) =>
    markup`<li><p><b class="badge bad">${verdict}</b> <b>${
      formatCount(count)
    }</b> of this kind <small class="rule">${rule}</small></p>
<p>${lifeText(sample)}: ${sample.text}</p></li>
`
  );
  if (kinds.length === 0) return undefined;
  return markup`<section aria-labelledby="kinds-title">
<h2 id="kinds-title">Faults, by kind</h2>
<ol class="lives card" id="kinds">${kinds}</ol>
</section>`;
}

function faultSection(report: Report): Markup | undefined {
  const { faults } = report;
  const outages = outagesOf(report);
  const ordered = inListOrder(faults, report, faults.length);
  if (faults.length === 0) return undefined;
  const total = faultTotal(report);
  const told = faults.length < total
    ? `${formatCount(faults.length)} of ${formatCount(total)} are listed, one of each kind first.`
    : "";
  return section(
    "faults",
    "Lives with wrong wills",
    told,
    ordered.map((fault) => faultItem(fault, outages)),
    shownFaults,
    outages,
  );
}

function slowSection(report: Report): Markup | undefined {
  const { slowest } = report;
  const outages = outagesOf(report);
  if (slowest.length === 0) return undefined;
  const told = "The slowest wills that were on time, measured from the scheduled time of the kill.";
  return section(
    "slowest",
    "The slowest wills",
    told,
    slowest.map((life) => slowItem(life, outages)),
    shownSlow,
    outages,
  );
}

function section(
  id: string,
  title: string,
  told: string,
  items: readonly Markup[],
  shown: number,
  outages: Outages,
): Markup {
  const rest = items.slice(shown);
  return markup`<section aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${told === "" ? undefined : markup`<p class="note">${told}</p>`}
${timelineKey(outages)}
<ol class="lives card">${items.slice(0, shown)}</ol>
${
    rest.length === 0 ? undefined : markup`
      <details>
        <summary>${formatCount(rest.length)} more</summary>
        <ol class="lives card" start="${shown + 1}">${rest}</ol>
      </details>
    `
  }
</section>`;
}

function faultItem(fault: FaultSample, outages: Outages): Markup {
  return markup`<li><p><b class="badge bad">${fault.verdict}</b> <span class="life-name">${lifeText(fault)}</span></p>
<p>${fault.text} <small class="rule">${fault.rule}</small></p>
${fault.timeline === undefined ? undefined : timelinePart(fault.timeline, outages)}</li>
`;
}

function slowItem(life: SlowLife, outages: Outages): Markup {
  return markup`<li><p><b class="badge">${formatMs(life.latencyMs)}</b> <span class="life-name">${
    lifeText(life)
  }</span></p>
${timelinePart(life.timeline, outages)}</li>
`;
}
