/** The plots of a report: events over time, and latencies of wills. */
import { Histogram } from "../../../base/histogram.ts";
import { formatCount, formatElapsed } from "../../../base/units.ts";
import { type KillMode, killModes } from "../../../fleet/plan/kill_mode.ts";
import type { LatencyRow } from "../../../fleet/result/will_counts.ts";
import type { Report } from "../../model/report.ts";
import { type DrawnPoint, drawnSeries } from "./drawn_series.ts";
import { isBareVoid } from "../../model/void_advice.ts";
import { drawableMs, type Plot } from "./plot.ts";
import { stormPlot } from "./storm/storm_plot.ts";
import { timeMarks } from "./time_marks.ts";

/** Percentiles that are drawn, as far as there are wills enough to bear them. */
export const percentiles = [
  ...[0, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92.5, 95, 97.5, 98, 99],
  ...[99.5, 99.75, 99.9, 99.95, 99.975, 99.99, 99.999],
];

/** The plots that a report has numbers for, in the order of the page: what went wrong first. */
export function reportPlots(report: Report): Plot[] {
  const marks = timeMarks(report.stages, report.restarts?.each);
  const series = drawnSeries(report.series);
  const copies = report.plan.fanOut;
  const overTime = series.length === 0 || isBareVoid(report)
    ? []
    : isBurst(report)
    ? [faultPlot(series), ratePlot(series, copies), alivePlot(series)]
    : [faultPlot(series), ratePlot(series, copies), latencyPlot(series), modePlot(series, report), alivePlot(series)];
  const plots = [
    ...overTime.map((plot) => marks.length === 0 ? plot : { ...plot, marks }),
    ...report.storms !== undefined ? [stormPlot(report)] : isBurst(report) ? [arrivalPlot(report)] : [],
    percentilePlot(report),
  ];
  return plots.filter((plot) => plot.lines.length > 0 && plot.data[0]!.length > 0 && hasNumbers(plot));
}

/** False for a plot that would be an empty frame. */
function hasNumbers({ data }: Plot): boolean {
  return data.slice(1).some((column) => column.some((value) => value !== null && value !== 0));
}

/** Intervals with wills, at most, of a run whose wills came at a few instants. */
const burstIntervals = 5;

/** True where all wills came in a few seconds, as in a storm: a plot by the second shows nothing of it. */
function isBurst({ series, latencyMs }: Report): boolean {
  const intervals = series.filter(({ wills }) => wills > 0).length;
  return latencyMs.all.count > 0 && intervals > 0 && intervals <= burstIntervals && series.length > intervals;
}

const secondsOf = (series: readonly Stretch[]) => series.map(({ atMs }) => atMs / 1_000);

/** The data of a plot over time: of a report, or of a run in progress. */
export type Stretch = Omit<DrawnPoint, "byMode">;

/** Kinds of faults in the order of their colours, which they keep on every page. */
const faultOrder = ["missing", "late", "duplicate", "early", "unwanted", "altered", "deviating"] as const;

/** When wills went wrong; without lines where none did. */
export function faultPlot(series: readonly Stretch[]): Plot {
  const kinds = faultOrder.filter((kind) => series.some(({ faults }) => (faults?.[kind] ?? 0) > 0));
  return {
    id: "fault-times",
    title: "Wrong wills over time",
    note: `Number of wills due in each ${intervalText(series)} that went wrong, by kind.`,
    x: "seconds",
    unit: "count",
    stacked: true,
    lines: kinds.map((kind) => ({ label: kind, look: 20 + faultOrder.indexOf(kind) })),
    data: [secondsOf(series), ...kinds.map((kind) => series.map(({ faults }) => faults?.[kind] ?? 0))],
  };
}

/** Wills due and seen in each stretch. @param copies the number of watchers that receive each will */
export function ratePlot(series: readonly Stretch[], copies = 1): Plot {
  const due = series.map((point) => point.due === undefined ? null : point.due * copies);
  const isKnown = due.some((count) => count !== null);
  const watchers = copies === 1 ? "" : ` Each will is due at ${copies} watchers.`;
  return {
    id: "rate",
    title: isKnown ? "Wills due and seen" : "Wills seen",
    note: `Number of wills in each ${intervalText(series)}.${watchers}`,
    x: "seconds",
    unit: "count",
    lines: [{ label: "seen", look: 0, filled: true }, ...isKnown ? [{ label: "due", look: 6 }] : []],
    data: [secondsOf(series), series.map(({ wills }) => wills), ...isKnown ? [due] : []],
  };
}

function intervalText(series: readonly Stretch[]): string {
  const ms = series[0]?.atMs ?? 1_000;
  return ms === 1_000 ? "second" : formatElapsed(ms);
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
    note: `From the due time of a will to its arrival, in each ${
      intervalText(series)
    }: half of the wills were faster than p50, 1% slower than p99. The band is from p50 to p99.`,
    x: "seconds",
    unit: "ms",
    band: true,
    lines: [{ label: "p99", look: 1 }, { label: "p50", look: 0 }, { label: "max", look: 3, dots: true }],
    data: [secondsOf(series), column("p99"), column("p50"), column("max")],
  };
}

/** Kill modes with a line each; of more, the slowest have one, and the others share one. */
const mostModes = 4;
const slowestShown = 3;

/** The modes that a plot shows apart, in the order of the tables, and those that share a line. */
function shownModes(modes: readonly KillMode[], { latencyMs }: Report): { shown: KillMode[]; others: KillMode[] } {
  if (modes.length <= mostModes) return { shown: [...modes], others: [] };
  const p99 = (mode: KillMode) => latencyMs.byMode[mode]?.p99 ?? 0;
  const slowest = modes.toSorted((one, other) => p99(other) - p99(one)).slice(0, slowestShown);
  return {
    shown: modes.filter((mode) => slowest.includes(mode)),
    others: modes.filter((mode) => !slowest.includes(mode)),
  };
}

function modePlot(series: readonly DrawnPoint[], report: Report): Plot {
  const modes = killModes.filter((mode) => series.some(({ byMode }) => byMode[mode] !== undefined));
  const { shown, others } = shownModes(modes, report);
  const p99 = ({ byMode }: DrawnPoint, mode: KillMode) => byMode[mode] === undefined ? [] : [byMode[mode].p99];
  const columns = [...shown.map((mode) => [mode]), ...others.length === 0 ? [] : [others]];
  return {
    id: "modes",
    title: "Latency by kill mode",
    note: others.length === 0
      ? "p99 of the wills of each kill mode, over time."
      : `p99 of the wills of the ${slowestShown} slowest kill modes, over time; for the ${others.length} others the highest p99 among them.`,
    x: "seconds",
    unit: "ms",
    lines: [
      ...shown.map((mode, place) => ({ label: mode, look: place })),
      ...others.length === 0 ? [] : [{ label: othersLabel(others), look: 4 }],
    ],
    data: [
      secondsOf(series),
      ...columns.map((each) =>
        series.map((point) => {
          const values = each.flatMap((mode) => p99(point, mode));
          return values.length === 0 ? null : drawableMs(Math.max(...values));
        })
      ),
    ],
  };
}

function othersLabel(others: readonly KillMode[]): string {
  return `${others.length} others`;
}

/** The share of all due wills that had arrived by an instant: the course of a storm in milliseconds. */
function arrivalPlot({ latencyMs, wills, plan }: Report): Plot {
  const histogram = Histogram.decode(latencyMs.all.hdr);
  const due = Math.max(wills.expected * plan.fanOut, latencyMs.all.count);
  const steps = Array.from({ length: 101 }, (_, percent) => percent);
  const points = steps.map((percent) => ({
    ms: percent === 0 ? Math.min(latencyMs.all.min, histogram.percentile(0)) : histogram.percentile(percent),
    share: percent / 100 * latencyMs.all.count / due * 100,
  }));
  // Of several shares at one instant the plot shows the largest.
  const distinct = points.filter(({ ms }, place) => ms !== points[place + 1]?.ms);
  return {
    id: "arrivals",
    title: "Share of wills seen after the kill",
    note: `Percentage of the ${
      formatCount(due)
    } due wills that had arrived so many milliseconds after they were due. Below 100% at the end, wills are missing.`,
    x: "ms",
    unit: "percent",
    lines: [{ label: "seen", look: 0, filled: true }],
    data: [
      [0, ...distinct.map(({ ms }) => drawableMs(ms))],
      [0, ...distinct.map(({ share }) => Number(share.toFixed(2)))],
    ],
  };
}

/** The whole distributions, read out of their histograms. */
function percentilePlot(report: Report): Plot {
  const { latencyMs } = report;
  const modes = killModes.filter((mode) => (latencyMs.byMode[mode]?.count ?? 0) > 0);
  const { shown: apart, others } = shownModes(modes.length < 2 ? [] : modes, report);
  const rows = [
    { label: "all", look: 10, row: latencyMs.all },
    ...apart.map((mode, place) => ({ label: mode as string, look: place, row: latencyMs.byMode[mode]! })),
    ...others.length === 0
      ? []
      : [{ label: othersLabel(others), look: 4, row: sumOf(others.map((mode) => latencyMs.byMode[mode]!)) }],
  ].filter(({ row }) => row.count > 0);
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

function sumOf(rows: readonly LatencyRow[]): Pick<LatencyRow, "count" | "hdr"> {
  const sum = new Histogram();
  for (const { hdr } of rows) sum.addEncoded(hdr);
  return { count: sum.count, hdr: sum.encode() };
}

/** The position of a percentile on the logarithmic scale. */
export function percentileX(percent: number): number {
  return Number((100 / (100 - percent)).toPrecision(9));
}

/** A distribution at these percentiles, as far as it has wills enough. */
export function percentileLine(
  { count, hdr }: Pick<LatencyRow, "count" | "hdr">,
  shown: readonly number[],
): (number | null)[] {
  const histogram = Histogram.decode(hdr);
  return shown.map((percent) => bears(count, percent) ? drawableMs(histogram.percentile(percent)) : null);
}

/** True where so many wills include one beyond that percentile. */
export function bears(count: number, percent: number): boolean {
  return count * (100 - percent) / 100 >= 1 - 1e-9;
}
