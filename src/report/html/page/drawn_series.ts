/** The run over time as its plots draw it: a bounded number of intervals. */
import { Histogram } from "../../../base/histogram.ts";
import { type KillMode, killModes } from "../../../fleet/plan/kill_mode.ts";
import type { SeriesLatency, SeriesPoint } from "../../../fleet/result/series_data.ts";
import { addSome, type SomeWills, type WillCounts } from "../../../fleet/result/will_counts.ts";

/** Intervals of a plot: a plot is some 300 pixels wide on a phone. */
const mostDrawn = 300;

/** One interval of a plot. */
export type DrawnPoint =
  & Pick<SeriesPoint, "atMs" | "alive" | "kills" | "wills" | "due" | "faults" | "p50" | "p99" | "max">
  & { readonly byMode: Readonly<Partial<Record<KillMode, Pick<SeriesLatency, "p99">>>> };

/** The points of a run, joined in groups of equal size where there are more than a plot shows. */
export function drawnSeries(series: readonly SeriesPoint[]): readonly DrawnPoint[] {
  const size = Math.ceil(series.length / mostDrawn);
  if (size <= 1) return series;
  return Array.from(
    { length: Math.ceil(series.length / size) },
    (_, place) => joined(series.slice(place * size, (place + 1) * size)),
  );
}

/** Counts add up, and latencies form one distribution. */
function joined(points: readonly SeriesPoint[]): DrawnPoint {
  const { atMs, alive } = points.at(-1)!;
  const sum = (name: "kills" | "wills") => points.reduce((total, point) => total + point[name], 0);
  const faults: Partial<WillCounts> = {};
  for (const point of points) addSome(faults, point.faults as SomeWills ?? {});
  const due = points.every((point) => point.due !== undefined)
    ? points.reduce((total, point) => total + point.due!, 0)
    : undefined;
  const all = new Histogram();
  const byMode = Object.fromEntries(killModes.flatMap((mode) => {
    const own = points.flatMap((point) => point.byMode[mode] ?? []);
    if (own.length === 0) return [];
    const histogram = new Histogram();
    for (const { hdr } of own) histogram.addEncoded(hdr);
    all.merge(histogram);
    return [[mode, { p99: histogram.percentile(99) }]];
  }));
  return {
    ...{ atMs, alive, kills: sum("kills"), wills: sum("wills") },
    ...due !== undefined && { due },
    ...Object.keys(faults).length > 0 && { faults },
    ...{ p50: all.percentile(50), p99: all.percentile(99), max: all.max, byMode },
  };
}
