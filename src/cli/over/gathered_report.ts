/** One report of the stored reports of a run's parts. */
import { formatMs } from "../../base/units.ts";
import { mergeReports } from "../../report/model/merge_reports.ts";
import { isVoidPart } from "../../report/model/parts/part_verdict.ts";
import { partName, type PartRow } from "../../report/model/parts/parts_result.ts";
import { coversParts, isLate, partRow } from "../../report/model/parts/parts_thresholds.ts";
import type { Report } from "../../report/model/report.ts";
import type { Threshold } from "../../report/model/threshold.ts";
import type { StoredReport } from "../../parts/report_store.ts";
import { type PartProcess, partText } from "../../parts/roster.ts";

/** How a run in several parts ended. */
export interface GatheredEnd {
  /** The number of parts that the run had to have. */
  readonly of: number;
  readonly why?: string | undefined;
  /** A person ended the run; absent where the reports of the parts decide that. */
  readonly interrupted?: boolean;
  /** The processes of the parts; absent where the coordinator is gone. */
  readonly seats?: readonly PartProcess[];
}

/** Joins the reports of the parts; undefined where there are none. */
export function gatheredReport(
  stored: readonly StoredReport[],
  { of, why, interrupted, seats = [] }: GatheredEnd,
  thresholds: readonly Threshold[],
  read: (value: unknown, name: string) => Report,
): Report | undefined {
  if (stored.length === 0) return undefined;
  const parts = stored.map(({ report, part, who }) => {
    const name = `part ${part} (${who.host})`;
    return { name, report: read(report, name) };
  });
  const each = stored.map((one, place) => rowOf(one, parts[place]!.report));
  const voids = parts.filter(({ report }, place) => isVoidPart(report) || isLate(report, each[place])).length;
  const late = each.find((row, place) => isLate(parts[place]!.report, row));
  const lateWhy = late === undefined || coversParts(thresholds, "parts.void")
    ? undefined
    : `${partName(late, of)} ${late.reason.replace(/^it /, "")}`;
  return mergeReports(parts, thresholds, {
    why: why ?? lateWhy,
    interrupted,
    names: new Map(seats.map((seat) => [seat.part, partText(seat, of)])),
    parts: { of, void: voids, lost: of - each.length, each },
  });
}

function rowOf({ part, who: { host, pid, pod }, clock, lateMs }: StoredReport, report: Report): PartRow {
  const facts = {
    ...clock && { offsetMs: clock.offsetMs, errorMs: clock.errorMs },
    ...lateMs !== undefined && { lateMs },
  };
  const row = { ...partRow(report, { part, host, pid, ...pod !== undefined && { pod } }), ...facts };
  if (!isLate(report, row)) return row;
  return { ...row, verdict: "void", reason: `it began to kill ${formatMs(lateMs!)} after the others` };
}
