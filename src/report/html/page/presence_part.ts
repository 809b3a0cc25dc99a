/** The presence that late subscribers found, look by look. */
import { formatCount } from "../../../base/units.ts";
import { presenceRows, presenceWords, stateFaultNames } from "../../model/presence_rows.ts";
import type { Report } from "../../model/report.ts";
import { type Markup, markup } from "./markup.ts";

/** The table of looks; empty where no client published presence. */
export function presencePart(report: Report): Markup | undefined {
  const rows = presenceRows(report);
  if (rows.length === 0) return undefined;
  const heads = ["judged", "right", ...stateFaultNames, "either way", "unsettled"];
  const body = rows.map((row) => {
    const faults = stateFaultNames.map((name) =>
      row[name] === 0 ? markup`<td class="none">0</td>` : markup`<td class="bad"><b>${formatCount(row[name])}</b></td>`
    );
    return markup`<tr${row.name === "all" ? markup` class="all"` : undefined}><th scope="row">${row.name}</th>
<td>${formatCount(row.judged)}</td><td>${formatCount(row.right)}</td>${faults}
<td>${formatCount(row.eitherWay)}</td><td>${formatCount(row.unsettled)}</td></tr>
`;
  });
  return markup`<section aria-labelledby="presence-title">
<h2 id="presence-title">Presence</h2>
<div class="card scroll" role="region" aria-labelledby="presence-caption" tabindex="0">
<table id="presence"><caption id="presence-caption">Messages that late subscribers found on the clients' topics</caption>
<thead><tr><th scope="col">look</th>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div>
<p class="note">${
    presenceWords(report)
  } Stale: an older message that should have been replaced. Unwanted: a message that was never due, or not due yet. Either way: several states are right, because an acknowledgement is missing or the standard allows them. Unsettled: the state changed too recently to be judged.</p>
</section>`;
}
