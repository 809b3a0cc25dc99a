/** The latencies of the broker alone, the storms and the floor of the parts of one run, joined. */
import type { FleetResult } from "../../../fleet/result/result.ts";
import type { TallyData } from "../../../fleet/result/tally_data.ts";
import { arrivalsOf, mergedRow } from "../../../fleet/merge/merge_parts.ts";
import type { Tally } from "../../../fleet/tally/tally.ts";
import type { Report } from "../report.ts";

/** The part of a tally that a report has of the arrivals. */
export function arrivalData(
  { brokerLatencyMs, willRate, storms }: Report,
): Pick<TallyData, "brokerLatencies" | "storms"> {
  const rows = Object.entries(brokerLatencyMs?.byMode ?? {}).filter(([, { count }]) => count > 0);
  const each = (storms?.each ?? []).map(({ phase, kind, atMs, lives, due, arrivalMs }) => ({
    ...{ phase, kind, atMs, lives, due, hdr: arrivalMs.hdr },
  }));
  const span = willRate && { wills: willRate.wills, firstMs: willRate.firstMs, lastMs: willRate.lastMs };
  return {
    brokerLatencies: Object.fromEntries(rows.map(([mode, { hdr }]) => [mode, hdr])),
    storms: { each, ...span && { span } },
  };
}

/** The arrivals of all parts; absent where a part is of a version that did not record them. */
export function arrivalsOfParts(
  reports: readonly Report[],
  tally: Tally,
): Pick<FleetResult, "brokerLatencyMs" | "willRate" | "storms" | "floorMs"> {
  const floors = reports.flatMap(({ floorMs }) => floorMs?.hdr ?? []);
  return {
    ...reports.every(({ brokerLatencyMs }) => brokerLatencyMs !== undefined) && arrivalsOf(tally),
    ...floors.length > 0 && floors.length === reports.length && { floorMs: mergedRow(floors) },
  };
}
