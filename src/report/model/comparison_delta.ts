/** How much better or worse a broker of a comparison is than the first one that ran, number by number. */
import { formatCount, formatNumber } from "../../base/units.ts";
import { untilNames } from "./arrivals/arrival_text.ts";
import { numberAt } from "./number_paths.ts";
import type { Report } from "./report.ts";
import { isMoreBetter } from "./tolerance.ts";
import { faultNames } from "./will_rows.ts";

/** A number of a report that a row of the comparison's table shows, and that can be better or worse. */
export interface Measure {
  readonly group: string;
  readonly row: string;
  /** The path of the number in the report. */
  readonly path: string;
  /** A difference of counts, of percentage points, or a ratio of times. */
  readonly unit: "count" | "share" | "ms";
}

/** A difference from the baseline. */
export interface Delta {
  /** `+12`, `−3.1 points`, `+35%` or `12 times`. */
  readonly text: string;
  readonly trend: "better" | "worse" | "same";
}

/** Times that differ by less than this are the same: two runs on one broker do. */
const sameWithin = 0.1;

/** All of them. */
const measures: readonly Measure[] = [
  { group: "Wills", row: "on time", path: "wills.onTime", unit: "share" },
  ...faultNames.map((name): Measure => ({ group: "Wills", row: name, path: `wills.${name}`, unit: "count" })),
  ...["p50", "p90", "p99", "max"].map((name) => timeOf("Kill to will", name, "latencyMs.all")),
  ...["p50", "p90", "p99", "max"].map((name) => timeOf("Completed kill to will", name, "brokerLatencyMs.all")),
  ...Object.entries(untilNames).map(([name, share]): Measure => ({
    ...{ group: "Storms", row: `${share} of the wills after`, path: `storms.untilMs.${name}`, unit: "ms" },
  })),
  ...["p50", "p99", "max"].map((name) => timeOf("Dial to CONNACK", name, "connects.latencyMs")),
];

function timeOf(group: string, row: string, path: string): Measure {
  return { group, row, path: `${path}.${row}`, unit: "ms" };
}

/** The number of a report; undefined where the run measured nothing for it. */
function valueOf(report: Report, { path, unit }: Measure): number | undefined {
  const value = numberAt(report, path);
  if (unit === "share") {
    return value === undefined || report.wills.expected === 0 ? undefined : value / report.wills.expected * 100;
  }
  return unit === "ms" && numberAt(report, path.replace(/\w+$/, "count")) === 0 ? undefined : value;
}

/** The difference of a report from the baseline; undefined where one of them has no such number. */
export function deltaOf(measure: Measure, baseline: Report, report: Report): Delta | undefined {
  const { path, unit } = measure;
  const [before, now] = [valueOf(baseline, measure), valueOf(report, measure)];
  if (before === undefined || now === undefined) return undefined;
  const change = now - before;
  const isSame = unit === "ms" ? Math.abs(change) <= Math.abs(before) * sameWithin : change === 0;
  const trend = isSame ? "same" : (change > 0) === isMoreBetter(path) ? "better" : "worse";
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
