/** The matrix of a cluster: the node on which a client died, and the node that saw its will. */
import { isBadCell, nodeCellText, nodeColumns, nodeHead, type NodeRow, nodeRows } from "../model/group_rows.ts";
import type { Report } from "../model/report.ts";
import type { Style } from "./style.ts";
import { type Column, shortened, tableLines, tableWidth } from "./table.ts";

const longestName = 24;

/** The matrix, or a line for each cell where the width does not suffice; empty where the run had no nodes. */
export function nodeTable(report: Report, width: number, style: Style): string[] {
  const rows = nodeRows(report);
  if (rows.length === 0) return [];
  const name: Column<NodeRow> = { head: nodeHead, cell: ({ name }) => shortened(name, longestName), align: "left" };
  const columns = nodeColumns(report).map((head, place): Column<NodeRow> => ({
    head: shortened(head, longestName),
    cell: ({ cells }) => nodeCellText(cells[place]),
    mark: (cell, { cells }) => isBadCell(cells[place]) ? style.bad(cell) : cell,
  }));
  const all = [name, ...columns];
  if (tableWidth(all, rows) <= width) {
    return tableLines(all, rows).map((line, index) => index === 0 ? style.faint(line) : line);
  }
  return rows.flatMap(({ cells }) =>
    cells.filter((cell) => cell !== undefined).map((cell) => {
      const text = `${nodeHead} ${cell.from}, seen on ${cell.at}: ${nodeCellText(cell)}`;
      return isBadCell(cell) ? style.bad(text) : text;
    })
  );
}
