/**
 * The latencies of a run as an interval log of HdrHistogram: all wills, by kill mode under its tag, and from the
 * completed kill under the tag `broker`.
 */
import { Histogram } from "../../base/histogram.ts";
import { histogramLog, type LogInterval } from "../../base/histogram_log.ts";
import type { SeriesPoint } from "../../fleet/result/series_data.ts";
import { floorText } from "../model/arrivals/arrival_text.ts";
import type { Report } from "../model/report.ts";

/** The log, with an interval for each stretch of the run in which wills came. */
export function reportHdrLog(report: Report): string {
  const { run, tool, series } = report;
  const floor = floorText(report);
  const comments = [
    `${tool.name} ${tool.version}, run ${run.id}, seed ${run.seed}: latency of Last Wills`,
    "Values are microseconds; maxima are milliseconds. Untagged: all wills from the scheduled kill; tagged: those of one " +
    "kill mode, and all from the completed kill (tag broker).",
    ...floor === undefined ? [] : [floor],
  ];
  let fromS = 0;
  const intervals = series.flatMap((point) => {
    const lines = intervalsOf(point, fromS);
    fromS = point.atMs / 1_000;
    return lines;
  });
  return histogramLog(run.startedAt, comments, intervals);
}

function intervalsOf({ atMs, byMode, broker }: SeriesPoint, fromS: number): LogInterval[] {
  const modes = Object.entries(byMode);
  if (modes.length === 0) return [];
  const all = new Histogram();
  for (const [, { hdr }] of modes) all.addEncoded(hdr);
  const span = { fromS, lengthS: atMs / 1_000 - fromS };
  return [
    { ...span, hdr: all.encode() },
    ...modes.map(([tag, { hdr }]) => ({ tag, ...span, hdr })),
    ...broker === undefined ? [] : [{ tag: "broker", ...span, hdr: broker.hdr }],
  ];
}
