/** The plots of a report: events over time, and latencies of wills. */
import { Histogram } from "../../../base/histogram.ts";
import { killModes } from "../../../fleet/plan/kill_mode.ts";
import type { SeriesPoint } from "../../../fleet/result/series_data.ts";
import type { LatencyRow } from "../../../fleet/result/will_counts.ts";
import type { Report } from "../../model/report.ts";
import { drawableMs, type Plot } from "./plot.ts";
import { timeMarks } from "./time_marks.ts";

/** Percentiles that are drawn, as far as there are wills enough to bear them. */
export const percentiles = [
  ...[0, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92.5, 95, 97.5, 98, 99],
  ...[99.5, 99.75, 99.9, 99.95, 99.975, 99.99, 99.999],
];

/** The plots that a report has numbers for, in the order of the page. */
export function reportPlots(report: Report): Plot[] {
  const marks = timeMarks(report.stages, report.restarts?.each);
  const plots = report.series.length === 0 ? [] : [
    ratePlot(report.series),
    latencyPlot(report.series),
    modePlot(report.series),
    alivePlot(report.series),
  ].map((plot) => marks.length === 0 ? plot : { ...plot, marks });
  return [...plots, percentilePlot(report)].filter(({ data, lines }) => lines.length > 0 && data[0]!.length > 0);
}

type Stretch = Pick<SeriesPoint, "atMs" | "kills" | "wills" | "alive" | "p50" | "p99" | "max">;

const secondsOf = (series: readonly Stretch[]) => series.map(({ atMs }) => atMs / 1_000);

/** Kills and wills of each stretch. */
export function ratePlot(series: readonly Stretch[]): Plot {
  const stretchS = stretchSeconds(series);
  return {
    id: "rate",
    title: "Kills and wills",
    note: `Number of clients killed and wills received in each ${stretchS === 1 ? "second" : `${stretchS} seconds`}.`,
    x: "seconds",
    unit: "count",
    lines: [{ label: "kills", look: 1 }, { label: "wills seen", look: 0, filled: true }],
    data: [secondsOf(series), series.map(({ kills }) => kills), series.map(({ wills }) => wills)],
  };
}

function stretchSeconds(series: readonly Stretch[]): number {
  return Math.round((series[0]?.atMs ?? 1_000) / 1_000);
}

/** Clients alive. */
export function alivePlot(series: readonly Stretch[]): Plot {
  return {
    id: "alive",
    title: "Clients alive",
    note: "Connected clients at each time. Killed clients reconnect.",
    x: "seconds",
    unit: "count",
    lines: [{ label: "alive", look: 2, filled: true }],
    data: [secondsOf(series), series.map(({ alive }) => alive)],
  };
}

/** Latency over time. */
export function latencyPlot(series: readonly Stretch[]): Plot {
  const column = (name: "p50" | "p99" | "max") => series.map((at) => at.wills === 0 ? null : drawableMs(at[name]));
  return {
    id: "latency",
    title: "Latency over time",
    note:
      "Time from the due time of a will to its arrival. Half of the wills were faster than p50, 1% slower than p99.",
    x: "seconds",
    unit: "ms",
    lines: [{ label: "max", look: 9 }, { label: "p99", look: 1 }, { label: "p50", look: 0 }],
    data: [secondsOf(series), column("max"), column("p99"), column("p50")],
  };
}

function modePlot(series: readonly SeriesPoint[]): Plot {
  const modes = killModes.filter((mode) => series.some(({ byMode }) => byMode[mode] !== undefined));
  return {
    id: "modes",
    title: "Latency by kill mode",
    note: "p99 of the wills of each kill mode, over time.",
    x: "seconds",
    unit: "ms",
    lines: modes.map((mode) => ({ label: mode, look: killModes.indexOf(mode) })),
    data: [
      secondsOf(series),
      ...modes.map((mode) =>
        series.map(({ byMode }) => byMode[mode] === undefined ? null : drawableMs(byMode[mode].p99))
      ),
    ],
  };
}

/** The whole distributions, read out of their histograms. */
function percentilePlot({ latencyMs }: Report): Plot {
  const modes = killModes.filter((mode) => (latencyMs.byMode[mode]?.count ?? 0) > 0);
  const rows = [{ label: "all", look: 10, row: latencyMs.all }].concat(
    modes.length < 2 ? [] : modes.map((mode) => ({
      label: mode,
      look: killModes.indexOf(mode),
      row: latencyMs.byMode[mode]!,
    })),
  ).filter(({ row }) => row.count > 0);
  const shown = percentiles.filter((percent) => bears(latencyMs.all.count, percent));
  return {
    id: "percentiles",
    title: "Latency by percentile",
    note: "Upper bound of the latency of each percentage of the wills. A line ends where there are too few wills.",
    x: "percentile",
    unit: "ms",
    lines: rows.map(({ label, look }) => ({ label, look })),
    data: [
      shown.map(percentileX),
      ...rows.map(({ row }) => percentileLine(row, shown)),
    ],
  };
}

/** The position of a percentile on the logarithmic scale. */
export function percentileX(percent: number): number {
  return Number((100 / (100 - percent)).toPrecision(9));
}

/** A distribution at these percentiles, as far as it has wills enough. */
export function percentileLine({ count, hdr }: LatencyRow, shown: readonly number[]): (number | null)[] {
  const histogram = Histogram.decode(hdr);
  return shown.map((percent) => bears(count, percent) ? drawableMs(histogram.percentile(percent)) : null);
}

/** True where so many wills include one beyond that percentile. */
export function bears(count: number, percent: number): boolean {
  return count * (100 - percent) / 100 >= 1 - 1e-9;
}
