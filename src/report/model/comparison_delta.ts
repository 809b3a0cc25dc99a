/** How much better or worse a broker of a comparison is than the first one that ran, number by number. */
import { formatCount, formatNumber } from "../../base/units.ts";
import type { Report } from "./report.ts";
import { faultNames } from "./will_rows.ts";

/** A number of a report that can be better or worse. */
export interface Measure {
  /** The row of the comparison's table that shows it. */
  readonly group: string;
  readonly row: string;
  readonly better: "less" | "more";
  /** A difference of counts, of percentage points, or a ratio of times. */
  readonly unit: "count" | "share" | "ms";
  /** Undefined where the run measured nothing for it. */
  of(report: Report): number | undefined;
}

/** A difference from the baseline. */
export interface Delta {
  /** `+12`, `−3.1 points`, `+35%` or `12 times`. */
  readonly text: string;
  readonly trend: "better" | "worse" | "same";
}

/** Times that differ by less than this are the same: two runs on one broker do. */
const sameWithin = 0.1;

const whenMeasured = (count: number, value: number) => count === 0 ? undefined : value;

/** All of them. */
export const measures: readonly Measure[] = [
  {
    ...{ group: "Wills", row: "on time", better: "more", unit: "share" },
    of: ({ wills: { onTime, expected } }) => whenMeasured(expected, onTime / expected * 100),
  },
  ...faultNames.map((name): Measure => ({
    ...{ group: "Wills", row: name, better: "less", unit: "count" },
    of: ({ wills }) => wills[name],
  })),
  ...(["p50", "p90", "p99", "max"] as const).map((name): Measure => ({
    ...{ group: "Kill to will", row: name, better: "less", unit: "ms" },
    of: ({ latencyMs: { all } }) => whenMeasured(all.count, all[name]),
  })),
  ...(["p50", "p99", "max"] as const).map((name): Measure => ({
    ...{ group: "Dial to CONNACK", row: name, better: "less", unit: "ms" },
    of: ({ connects }) => connects && whenMeasured(connects.latencyMs.count, connects.latencyMs[name]),
  })),
];

/** The difference of a report from the baseline; undefined where one of them has no such number. */
export function deltaOf({ of, better, unit }: Measure, baseline: Report, report: Report): Delta | undefined {
  const [before, now] = [of(baseline), of(report)];
  if (before === undefined || now === undefined) return undefined;
  const change = now - before;
  const isSame = unit === "ms" ? Math.abs(change) <= Math.abs(before) * sameWithin : change === 0;
  const trend = isSame ? "same" : (change < 0) === (better === "less") ? "better" : "worse";
  return { text: changeText(change, before, unit), trend };
}

function changeText(change: number, before: number, unit: Measure["unit"]): string {
  if (unit === "ms" && before > 0) {
    const ratio = 1 + change / before;
    return ratio >= 10 ? `${formatCount(Math.round(ratio))} times` : signed(Math.round(change / before * 100), "%");
  }
  return signed(change, { ms: " ms", share: " points", count: "" }[unit]);
}

function signed(change: number, unit: string): string {
  return `${change > 0 ? "+" : change < 0 ? "−" : "±"}${formatNumber(Math.abs(change))}${unit}`;
}

/** The measure that a row shows; undefined for a row without one. */
export function measureOf(group: string, row: string): Measure | undefined {
  return measures.find((each) => each.group === group && each.row === row);
}
