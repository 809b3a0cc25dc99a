/** The table of storms: how long until a share of the wills had arrived. */
import { formatCount, formatMs } from "../../../../base/units.ts";
import type { StormResult, UntilMs } from "../../../../fleet/result/storm_result.ts";
import { notReached, untilNames } from "../../../model/arrivals/arrival_text.ts";
import type { Report } from "../../../model/report.ts";
import { type Markup, markup } from "../markup.ts";

const names = Object.keys(untilNames) as (keyof UntilMs)[];

/** Each storm; absent where the run had none. */
export function stormPart({ storms }: Report): Markup | undefined {
  if (storms === undefined) return undefined;
  const heads = ["lives", "due", "arrived", ...names.map((name) => untilNames[name]), "wills/s"];
  return markup`<section aria-labelledby="storms-title">
<h2 id="storms-title">Storms</h2>
<p class="note">Time from the storm until a share of its due wills had arrived, and wills per second from the first to
the last.</p>
<div class="card scroll" role="region" aria-labelledby="storms-caption" tabindex="0">
<table id="storms"><caption id="storms-caption">Lives that ended at one instant</caption>
<thead><tr><th scope="col">storm</th>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${storms.each.map(row)}</tbody></table></div>
</section>`;
}

function row(storm: StormResult): Markup {
  const { lives, due, seen, untilMs, perSecond } = storm;
  const times = names.map((name) => {
    if (due === 0) return markup`<td class="none">–</td>`;
    const ms = untilMs[name];
    return ms === undefined ? markup`<td class="bad"><b>${notReached}</b></td>` : markup`<td>${formatMs(ms)}</td>`;
  });
  const rate = perSecond === undefined ? "–" : formatCount(Math.round(perSecond));
  return markup`<tr><th scope="row">${stormLabel(storm)}</th><td>${formatCount(lives)}</td><td>${
    formatCount(due)
  }</td><td>${formatCount(seen)}</td>${times}<td>${rate}</td></tr>
`;
}

/** The name of a storm in a table and in a plot. */
export function stormLabel({ kind, atMs }: StormResult): string {
  return `${kind === "restart" ? "restart" : "kills"} at ${formatMs(atMs)}`;
}
