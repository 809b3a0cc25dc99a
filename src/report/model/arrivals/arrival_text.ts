/** The floor, the rate of the wills and the storms of a run in words, for every writer that has lines. */
import { formatCount, formatMs, listed } from "../../../base/units.ts";
import type { StormResult, UntilMs } from "../../../fleet/result/storm_result.ts";
import type { Report } from "../report.ts";

/** The shares of the wills for which a storm has a time. */
export const untilNames = { p50: "50%", p90: "90%", p99: "99%", p100: "100%" } as const satisfies Record<
  keyof UntilMs,
  string
>;
const names = Object.keys(untilNames) as (keyof UntilMs)[];

/** The name of the row of latencies from the completed kill. */
export const brokerAlone = "broker alone";

/** The text of a share that the wills did not reach. */
export const notReached = "not reached";

/** A rate of wills; undefined for wills of one instant. */
export const rateText = (perSecond: number | undefined): string =>
  perSecond === undefined
    ? "all in one instant"
    : `${formatCount(perSecond >= 100 ? Math.round(perSecond) : perSecond)} wills/s`;

/** The share of this instrument in each latency, in a sentence; undefined where the run did not measure it. */
export function floorText({ floorMs, engine }: Report): string | undefined {
  if (floorMs === undefined || floorMs.count === 0) return undefined;
  const how = engine === undefined ? "" : ` with engine ${engine}`;
  const echoes = `${formatCount(floorMs.count)} loopback echoes${how}`;
  return `this instrument adds ${formatMs(floorMs.p50)} to each latency ` +
    `(p50 of ${echoes}; p99 ${formatMs(floorMs.p99)})`;
}

/** The same in few words, for a small screen. */
export function shortFloorText({ floorMs }: Report): string | undefined {
  if (floorMs === undefined || floorMs.count === 0) return undefined;
  return `This instrument adds ${formatMs(floorMs.p50)} to each latency (p99 ${formatMs(floorMs.p99)}).`;
}

/** Where both latencies start, and the floor, in sentences; undefined for a report of an earlier version, and without a will. */
export function latencyNote(report: Report): string | undefined {
  if (report.brokerLatencyMs === undefined || report.latencyMs.all.count === 0) return undefined;
  const floor = floorText(report);
  const starts = "Latency counts from the scheduled kill; for the broker alone, from the completed kill.";
  return floor === undefined ? starts : `${starts} ${floor[0]!.toUpperCase()}${floor.slice(1)}.`;
}

/** The rate of the wills of a run; undefined where fewer than two arrived. */
export function willRateText({ willRate }: Report): string | undefined {
  if (willRate?.perSecond === undefined) return undefined;
  const { wills, firstMs, lastMs, perSecond } = willRate;
  return `${formatCount(wills)} in ${formatMs(lastMs - firstMs)}, ${rateText(perSecond)} from the first to the last`;
}

/** Where a storm comes from, as far as a reader has to separate several. */
export function stormName({ kind, atMs, lives }: StormResult): string {
  const cause = kind === "restart" ? "the restart of the broker" : "kills";
  return `${formatCount(lives)} lives ended by ${cause} at ${formatMs(atMs)}`;
}

/** A storm in a sentence. */
export function stormText(storm: StormResult): string {
  const { due, seen, perSecond, untilMs } = storm;
  if (due === 0) return `${stormName(storm)}; no will was due`;
  const reached = names.filter((name) => untilMs[name] !== undefined)
    .map((name) => `${untilNames[name]} after ${formatMs(untilMs[name]!)}`);
  const missed = names.filter((name) => untilMs[name] === undefined).map((name) => untilNames[name]);
  const shares = [...reached, ...missed.length > 0 ? [`${listed(missed, "and")} ${notReached}`] : []].join(", ");
  const rate = seen < 2 ? "" : `; ${rateText(perSecond)}`;
  return `${stormName(storm)}; ${formatCount(seen)} of ${formatCount(due)} wills arrived: ${shares}${rate}`;
}

/** Storms that a text shows. */
const stormsShown = 8;

/** The storms that a text shows: all, or the slowest of many, in their order; and how many it leaves out. */
export function shownStorms({ storms }: Report): { readonly shown: readonly StormResult[]; readonly left: number } {
  const each = storms?.each ?? [];
  const slowest = each.toSorted((one, other) => slowness(other) - slowness(one)).slice(0, stormsShown);
  return { shown: each.filter((storm) => slowest.includes(storm)), left: each.length - slowest.length };
}

function slowness({ due, untilMs }: StormResult): number {
  return due === 0 ? -1 : untilMs.p100 ?? Infinity;
}

/** What the text says about storms that it leaves out; undefined where there are none. */
export function leftStormsText(left: number): string | undefined {
  if (left === 0) return undefined;
  return `${left === 1 ? "1 faster storm" : `${formatCount(left)} faster storms`} in the JSON report`;
}

const bars = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** The share of the wills against time, as a line of bars; undefined where they came in one instant. */
export function stormCurve({ curve }: StormResult, columns = 40): string | undefined {
  const lastMs = curve.at(-1)?.atMs ?? 0;
  if (curve.length < 2 || lastMs <= 0) return undefined;
  const line = Array.from({ length: columns }, (_, column) => {
    const untilMs = (column + 1) / columns * lastMs;
    const share = curve.findLast(({ atMs }) => atMs <= untilMs)?.share ?? 0;
    // Only the whole has the full bar, and any will has one.
    const height = share >= 1 ? 8 : share === 0 ? 0 : Math.max(1, Math.min(7, Math.floor(share * 8)));
    return bars[height];
  }).join("");
  return `0 │${line}│ ${formatMs(lastMs)}`;
}
