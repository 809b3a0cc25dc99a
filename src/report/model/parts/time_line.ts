/**
 * The instants of the parts of one run on one time line. Each part counts from its own start; the time line counts from
 * the earliest of these starts.
 */
import { sumsOf } from "../../../fleet/merge/merge_parts.ts";
import type { RestartResult } from "../../../fleet/result/restart_result.ts";
import type { FaultSample, Timeline } from "../../../fleet/result/fault_sample.ts";
import type { Report } from "../report.ts";

/** When a part began, in milliseconds since 1970. */
function originMs({ run }: Report): number {
  return Date.parse(run.startedAt);
}

/** The reports with every instant of theirs on the time line of the whole run. */
export function onOneTimeLine(reports: readonly Report[]): Report[] {
  const firstMs = Math.min(...reports.map(originMs));
  return reports.map((report) => shifted(report, originMs(report) - firstMs));
}

function shifted(report: Report, shiftMs: number): Report {
  if (shiftMs === 0) return report;
  const { series, stages, storms, willRate, restarts, faults, slowest } = report;
  return {
    ...report,
    series: series.map((point) => ({ ...point, atMs: point.atMs + shiftMs })),
    ...stages && {
      stages: stages.map(({ fromMs, toMs, ...stage }) => ({
        ...{ ...stage, fromMs: fromMs + shiftMs },
        ...toMs !== undefined && { toMs: toMs + shiftMs },
      })),
    },
    ...storms && { storms: { ...storms, each: storms.each.map((one) => ({ ...one, atMs: one.atMs + shiftMs })) } },
    ...willRate &&
      { willRate: { ...willRate, firstMs: willRate.firstMs + shiftMs, lastMs: willRate.lastMs + shiftMs } },
    ...restarts && {
      restarts: {
        ...restarts,
        each: restarts.each.map((one) => ({
          ...one,
          downAtMs: one.downAtMs + shiftMs,
          backAtMs: one.backAtMs + shiftMs,
        })),
      },
    },
    faults: faults.map(({ timeline, ...fault }): FaultSample => ({
      ...fault,
      ...timeline && { timeline: shiftedLife(timeline, shiftMs) },
    })),
    slowest: slowest.map((life) => ({ ...life, timeline: shiftedLife(life.timeline, shiftMs) })),
  };
}

/** Every instant of a life, later by the shift. */
function shiftedLife(timeline: Timeline, shiftMs: number): Timeline {
  const later = Object.entries(timeline).map(([name, value]: [string, number | readonly number[]]) => [
    name,
    typeof value === "number" ? value + shiftMs : value.map((atMs) => atMs + shiftMs),
  ]);
  return Object.fromEntries(later);
}

/**
 * The times of the run's phases, from the earliest start to the latest end. A part may lack a stage that others have,
 * such as the wait for the broker's counters.
 */
export function stagesOfParts(reports: readonly Report[]): Pick<Report, "stages"> {
  const all = reports.map(({ stages = [] }) => stages);
  const longest = all.reduce((one, other) => other.length > one.length ? other : one, []);
  if (longest.length === 0) return {};
  const stages = longest.map((stage, place) => {
    const nth = longest.slice(0, place).filter(({ name }) => name === stage.name).length;
    const spans = all.flatMap((stages) => stages.filter(({ name }) => name === stage.name)[nth] ?? []);
    return {
      ...stage,
      fromMs: Math.min(...spans.map(({ fromMs }) => fromMs)),
      ...stage.toMs !== undefined && { toMs: Math.max(...spans.map(({ toMs }) => toMs ?? 0)) },
    };
  });
  return { stages };
}

/** The restarts of one run: each part has its own findings on each of them. */
export function restartsOfParts(parts: readonly (readonly RestartResult[])[]): RestartResult[] {
  const most = Math.max(0, ...parts.map(({ length }) => length));
  return Array.from({ length: most }, (_, place) => {
    const found = parts.flatMap((each) => each[place] ?? []);
    const names = ["lives", "survived", "watchersKept", "watchersForgotten", "willsBefore", "willsAfter"] as const;
    return {
      ...found[0]!,
      downAtMs: Math.min(...found.map(({ downAtMs }) => downAtMs)),
      backAtMs: Math.max(...found.map(({ backAtMs }) => backAtMs)),
      ...sumsOf(found, names),
    };
  });
}
