/** How much worse a run may be than a baseline, number by number: for `report compare --tolerance`. */
import { UsageError } from "../../base/failure.ts";
import { formatCount, formatNumber, listed } from "../../base/units.ts";
import { isNumberPath, nearPaths, numberAt, plainPath } from "./number_paths.ts";
import { inUnit, unitAt, unitsFor, wholeOf } from "./number_units.ts";
import type { Report } from "./report.ts";
import { faultNames } from "./will_rows.ts";

/** A tolerance as it was written, and read. */
export interface Tolerance {
  /** The tolerance as it was given. */
  readonly expression: string;
  /** The number that it is for; absent for all that are compared. */
  readonly path?: string;
  /** The allowed change for the worse: percent of the baseline, or a difference in the unit of the report. */
  readonly allowed: { readonly percent: number } | { readonly difference: number };
}

/** The numbers that are compared without their names: what the broker does, and how fast. */
const compared: readonly string[] = [
  ...faultNames.map((name) => `wills.${name}`),
  ...["latencyMs", "brokerLatencyMs"].flatMap((kind) => ["p50", "p90", "p99"].map((name) => `${kind}.all.${name}`)),
  ...["p50", "p90", "p99", "p100"].map((name) => `storms.untilMs.${name}`),
  "willRate.perSecond",
  ...["p50", "p99"].map((name) => `connects.latencyMs.${name}`),
  ...["clients.rampPerSecond", "kills.reachedPerSecond"],
];

/** Numbers of which more is better; of all others less is better. */
const moreIsBetter =
  /\.(?:onTime|rampPerSecond|reachedPerSecond|connected|peakAlive|right|acknowledged|seen|survived|watchersKept|total|expected|perSecond)$/;

/** Whether a run with more of a number is the better one. */
export function isMoreBetter(path: string): boolean {
  return moreIsBetter.test(path);
}

const example = "expected a share for all numbers, such as 10%, or one number with its share or difference, such as " +
  "latencyMs.all.p99=20% or latencyMs.all.p99=5ms";

/** Reads a tolerance. @throws UsageError when it is none, or a report has no such number */
export function parseTolerance(expression: string): Tolerance {
  const shown = JSON.stringify(expression);
  const [, written, number, unit] =
    /^\s*(?:([^\s=]+)\s*=\s*)?(\d+(?:\.\d+)?)\s*(%|\/s|[a-zA-Zµ]+)?\s*$/.exec(expression) ?? [];
  if (number === undefined) throw new UsageError(`Cannot read tolerance ${shown}: ${example}`);
  const value = Number(number);
  if (written === undefined) {
    if (unit !== "%") throw new UsageError(`Cannot read tolerance ${shown}: ${example}`);
    return { expression: expression.trim(), allowed: { percent: value } };
  }
  const path = plainPath(written);
  if (!isNumberPath(path)) {
    const near = nearPaths(path);
    const hint = near.length === 0 ? "" : `, but at ${listed(near, "and")}`;
    throw new UsageError(`Cannot use tolerance ${shown}: a report has no number at ${path}${hint}; ${example}`);
  }
  if (unit === "%") return { expression: expression.trim(), path, allowed: { percent: value } };
  const difference = unit === undefined ? value : inUnit(value, unit, unitAt(path));
  if (difference !== undefined) return { expression: expression.trim(), path, allowed: { difference } };
  throw new UsageError(`Cannot use tolerance ${shown}: expected ${unitsFor(unitAt(path))}, or a share such as 10%`);
}

/** A run of a comparison. */
export interface NamedReport {
  readonly name: string;
  readonly report: Report;
}

/** A sentence for each number in which a run is worse than the baseline by more than its tolerance. */
export function regressions(baseline: NamedReport, run: NamedReport, tolerances: readonly Tolerance[]): string[] {
  const forAll = tolerances.findLast(({ path }) => path === undefined);
  const named = new Map(tolerances.flatMap((each) => each.path === undefined ? [] : [[each.path, each] as const]));
  const paths = [...new Set([...forAll === undefined ? [] : compared, ...named.keys()])];
  return paths.flatMap((path) => {
    const own = named.get(path);
    const sentence = regression(path, baseline, run, own ?? forAll!, own !== undefined);
    return sentence === undefined ? [] : [sentence];
  });
}

function regression(
  path: string,
  baseline: NamedReport,
  run: NamedReport,
  { allowed, expression }: Tolerance,
  isNamed: boolean,
): string | undefined {
  // The runs may differ in their kills: a count of wills is compared as a share of those that were due.
  const whole = "percent" in allowed ? wholeOf(path) : undefined;
  const [before, now] = [baseline.report, run.report].map((report) => valueOf(report, path, whole));
  const unit = whole === undefined ? unitAt(path) : `% of ${whole}`;
  const text = (value: number) => `${formatNumber(value)}${unit === "" ? "" : ` ${unit}`}`;
  if (before === undefined || now === undefined) {
    const lacking = before === undefined ? baseline.name : run.name;
    return isNamed ? `${lacking} measured nothing for ${path}, so that ${expression} cannot be met` : undefined;
  }
  const worse = isMoreBetter(path) ? before - now : now - before;
  const limit = "percent" in allowed ? Math.abs(before) * allowed.percent / 100 : allowed.difference;
  if (worse <= limit) return undefined;
  const share = before === 0 ? "" : `${formatCount(Math.abs(now - before) / Math.abs(before) * 100)}% `;
  const change = `${share}${now > before ? "more" : "less"} than ${text(before)} of ${baseline.name}`;
  return `${run.name}: ${path} is ${text(now)}, ${change} (tolerance ${expression})`;
}

function valueOf(report: Report, path: string, whole: string | undefined): number | undefined {
  const value = numberAt(report, path);
  if (value === undefined || whole === undefined) return value;
  const all = numberAt(report, whole) ?? 0;
  return all === 0 ? undefined : value / all * 100;
}
