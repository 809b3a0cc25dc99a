/** The plot of storms: the share of the due wills that had arrived, against the time since the storm. */
import { formatCount } from "../../../../base/units.ts";
import type { StormResult } from "../../../../fleet/result/storm_result.ts";
import type { Report } from "../../../model/report.ts";
import { drawableMs, type Plot } from "../plot.ts";
import { stormLabel } from "./storm_part.ts";

/** Storms with a line each; of more, the slowest. */
const mostLines = 4;

/** The storms in one plot; without lines where no will of a storm arrived. */
export function stormPlot({ storms }: Report): Plot {
  const all = (storms?.each ?? []).filter(({ seen }) => seen > 0);
  const slowest = all.toSorted((one, other) => lastMs(other) - lastMs(one)).slice(0, mostLines);
  const shown = all.filter((storm) => slowest.includes(storm));
  const instants = [...new Set(shown.flatMap(({ curve }) => curve.map(({ atMs }) => drawableMs(atMs))))]
    .toSorted((one, other) => one - other);
  const due = shown.reduce((sum, storm) => sum + storm.due, 0);
  const which = shown.length < all.length ? ` The ${shown.length} slowest of ${all.length} storms.` : "";
  return {
    id: "storms",
    title: "Share of the wills seen after the storm",
    note:
      `Percentage of the ${formatCount(due)} due wills that had arrived so long after the storm. A line that ends ` +
      `below 100% has missing wills.${which}`,
    x: "ms",
    unit: "percent",
    lines: shown.map((storm, place) => ({ label: stormLabel(storm), look: place, filled: shown.length === 1 })),
    data: [[0, ...instants], ...shown.map((storm) => [0, ...instants.map((atMs) => shareAt(storm, atMs))])],
  };
}

function lastMs({ curve }: StormResult): number {
  return curve.at(-1)?.atMs ?? 0;
}

/** The share by an instant, in percent; null after the last will. */
function shareAt(storm: StormResult, atMs: number): number | null {
  if (atMs > drawableMs(lastMs(storm))) return null;
  const share = storm.curve.findLast((point) => drawableMs(point.atMs) <= atMs)?.share ?? 0;
  return Number((share * 100).toFixed(2));
}
