/** One report of the stored reports of a run's parts. */
import { mergeReports } from "../../report/model/merge_reports.ts";
import type { PartRow } from "../../report/model/parts/parts_result.ts";
import type { Report } from "../../report/model/report.ts";
import type { Threshold } from "../../report/model/threshold.ts";
import type { StoredReport } from "../../parts/report_store.ts";

/** How a run in several parts ended. */
export interface GatheredEnd {
  /** The number of parts that the run had to have. */
  readonly of: number;
  readonly why?: string | undefined;
  readonly interrupted: boolean;
}

/** Joins the reports of the parts; undefined where there are none. */
export function gatheredReport(
  stored: readonly StoredReport[],
  { of, why, interrupted }: GatheredEnd,
  thresholds: readonly Threshold[] | undefined,
  read: (text: string, name: string) => Report,
): Report | undefined {
  if (stored.length === 0) return undefined;
  const parts = stored.map(({ report, part, who }) => {
    const name = `part ${part} (${who.host})`;
    return { name, report: read(JSON.stringify(report), name) };
  });
  const each = stored.map((one, place) => rowOf(one, parts[place]!.report));
  const voids = each.filter(({ verdict }) => verdict === "void").length;
  return mergeReports(parts, thresholds, {
    why,
    interrupted,
    parts: { of, void: voids, lost: of - each.length, each },
  });
}

function rowOf({ part, who: { host, pid, pod }, clock, lateMs }: StoredReport, report: Report): PartRow {
  const { clients, kills, verdict, reason, resources: { cpuMs, rssBytes } } = report;
  return {
    ...{ part, host, pid, ...pod !== undefined && { pod }, clients: clients.connected, kills: kills.total },
    ...{ verdict, reason, ...clock && { offsetMs: clock.offsetMs, errorMs: clock.errorMs } },
    ...{ ...lateMs !== undefined && { lateMs }, cpuMs, rssBytes },
  };
}
