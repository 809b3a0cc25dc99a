import type { SeriesPoint } from "../../../fleet/result/series_data.ts";
import type { Comparison } from "../../model/comparison.ts";
import type { Report } from "../../model/report.ts";
import { drawableMs, type Plot } from "./plot.ts";
import { bears, percentileLine, percentiles, percentileX } from "./report_plots.ts";

interface Drawn {
  readonly label: string;
  readonly look: number;
  readonly report: Report;
}

/** The plots that there are numbers for. A broker has the same colour in all of them. */
export function comparisonPlots({ brokers }: Comparison): Plot[] {
  const drawn = brokers.flatMap(({ name, report }, place): Drawn[] =>
    report === undefined || report.latencyMs.all.count === 0 ? [] : [{ label: name, look: place, report }]
  );
  if (drawn.length === 0) return [];
  const plots = [percentilePlot(drawn), latencyPlot(drawn), willPlot(drawn)];
  return plots.filter(({ data }) => data[0]!.length > 0);
}

const linesOf = (drawn: readonly Drawn[]) => drawn.map(({ label, look }) => ({ label, look }));

function percentilePlot(drawn: readonly Drawn[]): Plot {
  const most = Math.max(...drawn.map(({ report }) => report.latencyMs.all.count));
  const shown = percentiles.filter((percent) => bears(most, percent));
  return {
    id: "compare-percentiles",
    title: "Latency by percentile",
    note: "Upper bound of the latency of each percentage of the wills, on each broker. Lower is faster.",
    x: "percentile",
    unit: "ms",
    lines: linesOf(drawn),
    data: [shown.map(percentileX), ...drawn.map(({ report }) => percentileLine(report.latencyMs.all, shown))],
  };
}

function latencyPlot(drawn: readonly Drawn[]): Plot {
  return overTime(drawn, {
    id: "compare-latency",
    title: "Latency over time",
    note: "p99 of the wills in each interval, on each broker. The runs were sequential; each begins at 0.",
    unit: "ms",
    of: ({ wills, p99 }) => wills === 0 ? null : drawableMs(p99),
  });
}

function willPlot(drawn: readonly Drawn[]): Plot {
  return overTime(drawn, {
    id: "compare-wills",
    title: "Wills seen",
    note: "Number of wills received in each interval. The same clients died at the same times on each broker.",
    unit: "count",
    of: ({ wills }) => wills,
  });
}

interface OverTime extends Pick<Plot, "id" | "title" | "note" | "unit"> {
  readonly of: (point: SeriesPoint) => number | null;
}

/** Stretches end at the same instants; a run that took longer has more of them. */
function overTime(drawn: readonly Drawn[], { of, ...about }: OverTime): Plot {
  const instants = [...new Set(drawn.flatMap(({ report }) => report.series.map(({ atMs }) => atMs)))];
  instants.sort((one, other) => one - other);
  const columns = drawn.map(({ report }) => {
    const points = new Map(report.series.map((point) => [point.atMs, point]));
    return instants.map((atMs) => points.has(atMs) ? of(points.get(atMs)!) : null);
  });
  return { ...about, x: "seconds", lines: linesOf(drawn), data: [instants.map((atMs) => atMs / 1_000), ...columns] };
}
