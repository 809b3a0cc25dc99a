/** The two tables of a report by kill mode: the results of the wills, and their latencies. */
import { formatCount, formatMs } from "../../base/units.ts";
import { killModes } from "../../fleet/plan/kill_mode.ts";
import type { LatencyRow } from "../../fleet/result/will_counts.ts";
import { brokerAlone, latencyNote, shortFloorText } from "../model/arrivals/arrival_text.ts";
import type { Report } from "../model/report.ts";
import type { Style } from "./style.ts";
import { type Column, tableLines, tableWidth, wrapped } from "./table.ts";
import { countNames, type CountRow, countRows, faultColumns, faultNames } from "../model/will_rows.ts";

/** Counts by kill mode. If the width does not suffice, the table omits columns of faults that did not occur. */
export function modeTable(report: Report, width: number, style: Style): string[] {
  const rows = countRows(report);
  if (report.kills.total === 0 && rows.every((row) => countNames.every((name) => row[name] === 0))) return [];
  const columns = countColumns(faultColumns(report), style);
  if (tableWidth(columns, rows) <= width) return headed(tableLines(columns, rows), style);
  const zeros = faultNames.filter((name) => rows.every((row) => row[name] === 0));
  const kept = columns.filter((column) => !zeros.some((name) => name === column.head));
  return [...headed(tableLines(kept, rows), style), ...(zeros.length === 0 ? [] : [`None ${zeros.join(", ")}.`])];
}

function countColumns(names: ReturnType<typeof faultColumns>, style: Style): Column<CountRow>[] {
  return [
    { head: "mode", cell: (row) => row.name, align: "left" },
    { head: "kills", cell: (row) => formatCount(row.kills) },
    { head: "due", cell: (row) => formatCount(row.expected) },
    { head: "on time", cell: (row) => formatCount(row.onTime) },
    ...names.map((name): Column<CountRow> => ({
      head: name,
      cell: (row) => formatCount(row[name]),
      mark: (text, row) => row[name] === 0 ? text : name === "deviating" ? style.unsure(text) : style.bad(text),
    })),
  ];
}

/**
 * Latency from the scheduled kill to the arrival of the will, and from the completed kill.
 *
 * @param shows whether each kill mode has a row, above that of all, and whether a note below states where they start; without it the note has only the floor of this instrument
 */
export function latencyTable(
  report: Report,
  width: number,
  style: Style,
  shows: { readonly byMode: boolean; readonly note: boolean },
): string[] {
  const { latencyMs, brokerLatencyMs } = report;
  if (latencyMs.all.count === 0) return [];
  const modes = shows.byMode ? killModes : [];
  const rows: LatencyLine[] = modes.flatMap((mode) => {
    const row = latencyMs.byMode[mode];
    return row === undefined || row.count === 0 ? [] : [{ name: mode, row, broker: brokerLatencyMs?.byMode[mode] }];
  });
  const usual: Column<LatencyLine>[] = [
    { head: "latency", cell: ({ name }) => name, align: "left" },
    { head: "wills", cell: ({ row }) => formatCount(row.count) },
    ...(["mean", "p50", "p90", "p99", "p999", "max"] as const).map((name) => ({
      head: name === "p999" ? "p99.9" : name,
      cell: ({ row }: LatencyLine) => formatMs(row[name]),
    })),
  ];
  const apart = (["p50", "p99"] as const).map((name): Column<LatencyLine> => ({
    head: `broker ${name}`,
    cell: ({ broker }) => broker === undefined || broker.count === 0 ? "" : formatMs(broker[name]),
  }));
  // The row below has the figures of all modes: columns are for those of each mode.
  const wide = [...usual, ...rows.some(({ broker }) => broker !== undefined) ? apart : []];
  const columns = tableWidth(wide, rows) <= width ? wide : usual;
  const alone = brokerLatencyMs === undefined ? [] : [{ name: brokerAlone, row: brokerLatencyMs.all }];
  const [head = "", ...lines] = tableLines(columns, [...rows, { name: "all", row: latencyMs.all }, ...alone]);
  const note = shows.note ? latencyNote(report) : shortFloorText(report);
  return [
    style.faint(head),
    ...lines.map((line, place) => place < rows.length ? line : style.strong(line)),
    ...note === undefined ? [] : wrapped(note, width),
  ];
}

/** A row of the table of latencies. */
interface LatencyLine {
  readonly name: string;
  readonly row: LatencyRow;
  /** From the completed kill. */
  readonly broker?: LatencyRow | undefined;
}

/** Emphasizes the heads and the last row, which is the sum. */
function headed(lines: readonly string[], style: Style): string[] {
  return lines.map((line, index) =>
    index === 0 ? style.faint(line) : index === lines.length - 1 ? style.strong(line) : line
  );
}
