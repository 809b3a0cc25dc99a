/** The findings on Sparkplug, assertion by assertion. */
import { formatCount } from "../../../../base/units.ts";
import { assertionRows, certificateText } from "../../../model/sparkplug/sparkplug_rows.ts";
import type { Report } from "../../../model/report.ts";
import { type Markup, markup } from "../markup.ts";

/** The table of assertions; empty without edge nodes. */
export function sparkplugPart(report: Report): Markup | undefined {
  const rows = assertionRows(report);
  if (rows.length === 0) return undefined;
  const body = rows.map(({ id, name, checked, broken }) => {
    const cell = broken === 0
      ? markup`<td class="none">0</td>`
      : markup`<td class="bad"><b>${formatCount(broken)}</b></td>`;
    return markup`<tr><th scope="row">${name}<br><code>${id}</code></th><td>${formatCount(checked)}</td>${cell}</tr>
`;
  });
  return markup`<section aria-labelledby="sparkplug-title">
<h2 id="sparkplug-title">Sparkplug</h2>
<div class="card scroll" role="region" aria-labelledby="sparkplug-caption" tabindex="0">
<table id="sparkplug"><caption id="sparkplug-caption">Assertions of Sparkplug 3.0 that the run checked</caption>
<thead><tr><th scope="col">assertion</th><th scope="col">checked</th><th scope="col">broken</th></tr></thead>
<tbody>${body}</tbody></table></div>
<p class="note">${certificateText(report)}</p>
</section>`;
}
