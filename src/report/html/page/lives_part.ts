/** The lives worth a look: those whose wills went wrong, and the slowest of the rest. */
import { formatCount, formatMs } from "../../../base/units.ts";
import type { FaultSample, SlowLife } from "../../../fleet/result/fault_sample.ts";
import { faultList, inListOrder, type ListedKind } from "../../model/fault_list.ts";
import type { Report } from "../../model/report.ts";
import { faultTotal, lifeText } from "../../model/will_rows.ts";
import { type Markup, markup } from "./markup.ts";
import { timeAxis, timelineKey, timelinePart, type TimeScale, timeScale } from "./timeline_part.ts";

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

/** The address of a fault in the page, by its place in the list. */
const faultId = (place: number) => `fault-${place + 1}`;

/** Each kind of fault with its count and a life, the most frequent kind first: faults decide the verdict. */
export function faultKindPart(report: Report): Markup | undefined {
  const places = new Map(inListOrder(report.faults, report, report.faults.length).map((fault, at) => [fault, at]));
  const kinds = byVerdict(faultList(report, 0).kinds).map(({ verdict, count, kinds: [first, ...others] }) =>
    markup`<li><p><b class="badge bad">${formatCount(count)} ${verdict}</b> <small class="rule">${
      others.length === 0
        ? first.rule
        : [first, ...others].map((kind) => `${formatCount(kind.count)} by ${kind.rule}`).join("; ")
    }</small></p>
<p>For example <a href="#${faultId(places.get(first.sample)!)}">${
      lifeText(first.sample)
    }</a>: ${first.sample.text}</p></li>
`
  );
  if (kinds.length === 0) return undefined;
  return markup`<section aria-labelledby="kinds-title">
<h2 id="kinds-title">What went wrong</h2>
<ol class="lives card" id="kinds">${kinds}</ol>
</section>`;
}

/** The kinds of one verdict, which differ in the rule. */
interface VerdictKinds {
  readonly verdict: FaultSample["verdict"];
  readonly count: number;
  readonly kinds: readonly [ListedKind, ...ListedKind[]];
}

/** Kinds by verdict, the most frequent verdict first. */
function byVerdict(kinds: readonly ListedKind[]): VerdictKinds[] {
  const groups = [...Map.groupBy(kinds, ({ verdict }) => verdict)].map(([verdict, each]): VerdictKinds => ({
    verdict,
    count: each.reduce((sum, { count }) => sum + count, 0),
    kinds: each as [ListedKind, ...ListedKind[]],
  }));
  return groups.toSorted((one, other) => other.count - one.count);
}

function faultSection(report: Report): Markup | undefined {
  const { faults } = report;
  const outages = outagesOf(report);
  const ordered = inListOrder(faults, report, faults.length);
  if (faults.length === 0) return undefined;
  const scale = timeScale(faults.flatMap(({ timeline }) => timeline ?? []));
  const total = faultTotal(report);
  const note = faults.length < total
    ? `${formatCount(faults.length)} of ${formatCount(total)} are listed, one of each kind first.`
    : "";
  return section(
    "faults",
    "Lives with wrong wills",
    note,
    scale,
    ordered.map((fault, place) => faultItem(fault, faultId(place), scale, outages)),
    shownFaults,
    outages,
  );
}

function slowSection(report: Report): Markup | undefined {
  const { slowest } = report;
  const outages = outagesOf(report);
  if (slowest.length === 0) return undefined;
  const scale = timeScale(slowest.map(({ timeline }) => timeline));
  const note = "The slowest wills that were on time, measured from the scheduled time of the kill.";
  return section(
    "slowest",
    "The slowest wills",
    note,
    scale,
    slowest.map((life) => slowItem(life, scale, outages)),
    shownSlow,
    outages,
  );
}

function section(
  id: string,
  title: string,
  note: string,
  scale: TimeScale,
  items: readonly Markup[],
  shown: number,
  outages: Outages,
): Markup {
  const rest = items.slice(shown);
  return markup`<section aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${note === "" ? undefined : markup`<p class="note">${note}</p>`}
${timelineKey(outages)}
${timeAxis(scale)}
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

function faultItem(fault: FaultSample, id: string, scale: TimeScale, outages: Outages): Markup {
  return markup`<li id="${id}"><p><b class="badge bad">${fault.verdict}</b> <span class="life-name">${
    lifeText(fault)
  }</span> <a class="link" href="#${id}" aria-label="Link to this life">#</a></p>
<p>${fault.text} <small class="rule">${fault.rule}</small></p>
${fault.timeline === undefined ? undefined : timelinePart(fault.timeline, scale, outages)}</li>
`;
}

function slowItem(life: SlowLife, scale: TimeScale, outages: Outages): Markup {
  return markup`<li><p><b class="badge">${formatMs(life.latencyMs)}</b> <span class="life-name">${
    lifeText(life)
  }</span></p>
${timelinePart(life.timeline, scale, outages)}</li>
`;
}
