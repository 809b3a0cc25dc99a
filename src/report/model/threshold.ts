/**
 * Thresholds over the report's own paths, such as `latencyMs.byMode.reset.p99<200`: the conditions for a pass.
 */
import { UsageError } from "../../base/failure.ts";
import { formatNumber, listed } from "../../base/units.ts";
import { verdictOver } from "../../fleet/merge/verdict.ts";
import { noCounts, type WillCounts } from "../../fleet/result/will_counts.ts";
import { isNumberPath, nearPaths, numberAt, plainPath } from "./number_paths.ts";
import { inUnit, unitAt, unitsFor, wholeOf } from "./number_units.ts";
import { isPartsPath, leftOutReason } from "./parts/parts_thresholds.ts";
import type { Report, ThresholdResult } from "./report.ts";

/**
 * A threshold as it was written, and read. The number on the right is in the unit of the report, or percent of another
 * number of the report.
 */
export interface Threshold {
  /** The threshold as it was given. */
  readonly expression: string;
  /** The path of the number in the report. */
  readonly path: string;
  /** The comparison. */
  readonly operator: Operator;
  /** The number on the right. */
  readonly value: number;
  /** The path of the number that is 100 %, where the right side is a percentage. */
  readonly whole?: string;
}

/** A comparison of a threshold. */
export type Operator = "==" | "!=" | "<=" | ">=" | "<" | ">";

const comparisons: Readonly<Record<Operator, (actual: number, value: number) => boolean>> = {
  "==": (actual, value) => actual === value,
  "!=": (actual, value) => actual !== value,
  "<=": (actual, value) => actual <= value,
  ">=": (actual, value) => actual >= value,
  "<": (actual, value) => actual < value,
  ">": (actual, value) => actual > value,
};

const form = /^\s*([^\s<>=!](?:[^<>=!]*[^\s<>=!])?)\s*(==|!=|<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*(%|\/s|[a-zA-Zµ]+)?\s*$/;

const example =
  "expected a path of the report, a comparison and a number, such as wills.late<10, wills.missing<1% or " +
  "latencyMs.all.p99<=200ms; mqtt-sim fleet thresholds lists the paths";

/** Reads a threshold. @throws UsageError when it is none, or the report has no such path */
export function parseThreshold(expression: string): Threshold {
  const [, written, operator, number, unit] = form.exec(expression) ?? [];
  const shown = JSON.stringify(expression);
  if (written === undefined) throw new UsageError(`Cannot read threshold ${shown}: ${example}`);
  const path = plainPath(written);
  if (!isNumberPath(path)) {
    const near = nearPaths(path);
    const hint = near.length === 0 ? "" : `, but at ${listed(near, "and")}`;
    throw new UsageError(`Cannot use threshold ${shown}: a report has no number at ${path}${hint}; ${example}`);
  }
  const right = rightSide(path, Number(number), unit);
  if (typeof right === "string") throw new UsageError(`Cannot use threshold ${shown}: ${right}`);
  return { expression: expression.trim(), path, operator: operator as Operator, ...right };
}

/** The number on the right in the unit of the path, or why it cannot be. */
function rightSide(path: string, value: number, unit?: string): Pick<Threshold, "value" | "whole"> | string {
  if (unit === undefined) return { value };
  if (unit === "%") {
    const whole = wholeOf(path);
    return whole === undefined
      ? `${path} is no share of another number: expected ${unitsFor(unitAt(path))}`
      : { value, whole };
  }
  const converted = inUnit(value, unit, unitAt(path));
  if (converted !== undefined) return { value: converted };
  const kind = unitAt(path) === "" ? `${path} is a count` : `${path} is in ${unitAt(path)}`;
  return `${kind}: expected ${unitsFor(unitAt(path))}`;
}

/** The first threshold of a report whose path begins so; undefined where there is none. */
export function thresholdOn({ thresholds = [] }: Pick<Report, "thresholds">, start: string): string | undefined {
  return thresholds.find(({ expression }) => expression.startsWith(start))?.expression;
}

/** The report's value for a threshold, in words. */
export function actualText({ actual, unit = "" }: ThresholdResult): string {
  if (actual === undefined) return "the run measured nothing for it";
  return `it is ${formatNumber(actual)}${unit === "" ? "" : ` ${unit}`}`;
}

/** The value of a report for a threshold, with its unit. */
function actualOf(
  report: Partial<Report>,
  { path, whole }: Threshold,
): Pick<ThresholdResult, "actual" | "unit"> | undefined {
  const actual = numberAt(report, path);
  const unit = unitAt(path);
  if (actual === undefined) return undefined;
  if (whole === undefined) return { actual, ...unit !== "" && { unit } };
  const all = numberAt(report, whole) ?? 0;
  return all === 0 ? undefined : { actual: actual / all * 100, unit: `% of ${whole}` };
}

/**
 * Compares a report with thresholds. A threshold on a count of faults, such as `wills.late<10`, replaces the rule that
 * there must be none. A void report stays void. More void or lost parts than a threshold allows make the run void.
 */
export function applyThresholds(report: Report, thresholds: readonly Threshold[]): Report {
  if (thresholds.length === 0) return report;
  const results = thresholds.map((threshold) => resultOf(report, threshold));
  return { ...report, ...verdictWith(report, thresholds, results), thresholds: results };
}

/** Compares the numbers of a report, or of a part of one, with a threshold. */
export function resultOf(report: Partial<Report>, threshold: Threshold): ThresholdResult {
  const { expression, operator, value } = threshold;
  const found = actualOf(report, threshold);
  if (found === undefined) return { expression, met: false };
  return { expression, ...found, met: comparisons[operator](found.actual!, value) };
}

type Judged = Pick<Report, "verdict" | "verdictText" | "reason" | "exitCode">;

function verdictWith(report: Report, thresholds: readonly Threshold[], results: readonly ThresholdResult[]): Judged {
  const { verdict, verdictText, reason, exitCode } = report;
  if (verdict === "void") return { verdict, verdictText, reason, exitCode };
  const missed = results.flatMap((result, place) =>
    result.met ? [] : [{ path: thresholds[place]!.path, text: `${result.expression} (${actualText(result)})` }]
  );
  const base = withoutCovered(report, thresholds);
  if (missed.length > 0) {
    const proves = base.verdict === "fail" || report.parts === undefined ||
      missed.some(({ path }) => !isPartsPath(path));
    const also = base.verdict === "pass" ? "" : `; ${base.reason}`;
    const reason = `not met: ${missed.map(({ text }) => text).join(", ")}${also}`;
    const as = proves ? { verdict: "fail", exitCode: 1 } as const : { verdict: "void", exitCode: 3 } as const;
    return {
      ...{ verdict: as.verdict, verdictText: as.verdict.toUpperCase(), reason },
      exitCode: exitCode === 130 ? 130 : as.exitCode,
    };
  }
  if (base.verdict !== "pass" || verdict === "pass") return base;
  return { ...base, reason: `every threshold is met: ${results.map(({ expression }) => expression).join(", ")}` };
}

/** The verdict without the faults that have a threshold of their own. */
function withoutCovered(report: Report, thresholds: readonly Threshold[]): Judged {
  const wills: WillCounts = { ...report.wills };
  for (const { path } of thresholds) {
    const name = path.replace(/^wills\./, "") as keyof WillCounts;
    if (path.startsWith("wills.") && faultCounts.includes(name)) wills[name] = 0;
  }
  const covers = (part: string) => thresholds.some(({ path }) => path.startsWith(part));
  return verdictOver({
    wills,
    kills: report.kills.total,
    undecided: report.wills.undecided,
    unseeable: report.wills.unseeable,
    retained: covers("retained.") ? undefined : report.retained,
    presence: presenceWithout(report.presence, thresholds),
    sparkplug: covers("sparkplug.") ? undefined : report.sparkplug,
    redeliveries: covers("redeliveries.") ? undefined : report.redeliveries,
    controls: controlsWithout(report.controls, covers),
    interrupted: report.exitCode === 130 || report.aborted !== undefined,
    aborted: report.aborted,
    generatorBound: report.generatorBound,
    dropped: report.brokerDropped,
    profile: report.plan.profile,
    voidReason: report.voidReason ?? leftOutReason(report, thresholds),
  });
}

/** Counts of faults. A deviation that the profile describes fails no threshold, and remains a deviation. */
const faultCounts: readonly string[] = Object.keys(noCounts())
  .filter((name) => name !== "expected" && name !== "onTime" && name !== "deviating");

function controlsWithout(controls: Report["controls"], covers: (part: string) => boolean): Report["controls"] {
  const left = { ...controls };
  for (const name of ["lost", "altered", "late", "duplicate"] as const) if (covers(`controls.${name}`)) left[name] = 0;
  return left;
}

/** States of presence without the kinds that have a threshold of their own. */
function presenceWithout(presence: Report["presence"], thresholds: readonly Threshold[]): Report["presence"] {
  const covered = (name: string) => thresholds.some(({ path }) => path === `presence.${name}`);
  if (presence === undefined || covered("wrong")) return undefined;
  const left = { ...presence };
  for (const kind of ["stale", "unwanted", "absent", "altered"] as const) {
    if (!covered(kind)) continue;
    left.wrong -= left[kind];
    left[kind] = 0;
  }
  return left;
}
