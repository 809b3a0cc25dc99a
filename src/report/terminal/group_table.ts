/** The table of a report by group of clients. */
import { type GroupColumn, groupColumns, type GroupRow, groupRows } from "../model/group_rows.ts";
import type { Report } from "../model/report.ts";
import type { Style } from "./style.ts";
import { type Column, shortened, tableLines, tableWidth, wrapped } from "./table.ts";

/** Characters of a group's name that are shown. */
const longestName = 24;

/** Columns that make room where the width does not suffice, the first ones first. */
const dispensable = ["broker p50", "telemetry", "broker p99", "clients", "p50", "kills", "deviating"];

/** The results of each group; empty where the run had no groups. */
export function groupTable(report: Report, width: number, style: Style): string[] {
  const rows = groupRows(report);
  if (rows.length === 0) return [];
  const all = groupColumns(report);
  const dropped: string[] = [];
  const kept = () => all.filter(({ head }) => !dropped.includes(head)).map((column) => textColumn(column, style));
  const name: Column<GroupRow> = { head: "group", cell: ({ name }) => shortened(name, longestName), align: "left" };
  for (const head of dispensable) {
    if (tableWidth([name, ...kept()], rows) <= width) break;
    if (all.some((column) => column.head === head)) dropped.push(head);
  }
  const lines = tableLines([name, ...kept()], rows).map((line, index) =>
    index === 0 ? style.faint(line) : index === rows.length ? style.strong(line) : line
  );
  const left = `The table is too narrow; the other reports also have: ${dropped.join(", ")}.`;
  return [...lines, ...dropped.length === 0 ? [] : wrapped(left, width)];
}

function textColumn({ head, text, bad }: GroupColumn, style: Style): Column<GroupRow> {
  const mark = bad && ((cell: string, row: GroupRow) => bad(row) === 0 ? cell : style.bad(cell));
  return { head, cell: text, ...mark && { mark } };
}
