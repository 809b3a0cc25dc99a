/** The table by group of clients. */
import { groupColumns, groupRows } from "../../model/group_rows.ts";
import type { Report } from "../../model/report.ts";
import { type Markup, markup } from "./markup.ts";

/** The results of each group; empty where the run had no groups. */
export function groupPart(report: Report): Markup | undefined {
  const rows = groupRows(report);
  if (rows.length === 0) return undefined;
  const columns = groupColumns(report);
  const body = rows.map((row) => {
    const cells = columns.map(({ text, bad }) => {
      if (bad === undefined) return markup`<td>${text(row)}</td>`;
      return bad(row) === 0
        ? markup`<td class="none">${text(row)}</td>`
        : markup`<td class="bad"><b>${text(row)}</b></td>`;
    });
    return markup`<tr${row.isAll ? markup` class="all"` : undefined}><th scope="row">${row.name}</th>${cells}</tr>
`;
  });
  return markup`<section aria-labelledby="groups-title">
<h2 id="groups-title">By group</h2>
<div class="card scroll" role="region" aria-labelledby="groups-caption" tabindex="0">
<table id="groups"><caption id="groups-caption">Results of each group of clients</caption>
<thead><tr><th scope="col">group</th>${columns.map(({ head }) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div>
</section>`;
}
