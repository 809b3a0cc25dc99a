/** The table by group of clients, and the matrix of the nodes of a cluster. */
import {
  groupColumns,
  groupRows,
  isBadCell,
  nodeCellText,
  nodeColumns,
  nodeHead,
  nodeRows,
} from "../../model/group_rows.ts";
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

/** The wills by the node on which the client died and the node of the watcher. */
export function nodePart(report: Report): Markup | undefined {
  const rows = nodeRows(report);
  if (rows.length === 0) return undefined;
  const body = rows.map(({ name, cells }) => {
    const each = cells.map((cell) =>
      isBadCell(cell)
        ? markup`<td class="bad"><b>${nodeCellText(cell)}</b></td>`
        : markup`<td>${nodeCellText(cell)}</td>`
    );
    return markup`<tr><th scope="row">${name}</th>${each}</tr>
`;
  });
  return markup`<section aria-labelledby="nodes-title">
<h2 id="nodes-title">By node</h2>
<div class="card scroll" role="region" aria-labelledby="nodes-caption" tabindex="0">
<table id="nodes"><caption id="nodes-caption">Wills by the node on which the client died</caption>
<thead><tr><th scope="col">${nodeHead}</th>${
    nodeColumns(report).map((head) => markup`<th scope="col">${head}</th>`)
  }</tr></thead>
<tbody>${body}</tbody></table></div>
</section>`;
}
