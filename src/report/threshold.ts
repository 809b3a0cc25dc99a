/**
 * Thresholds over the report's own paths, such as `latencyMs.byMode.reset.p99<200`: what a run must hold to pass.
 */
import { UsageError } from "../base/failure.ts";
import { type KillMode, killModes } from "../fleet/kill_mode.ts";
import { noPresence, noWords, presenceMoments } from "../fleet/presence_result.ts";
import { noTelemetry } from "../fleet/telemetry_result.ts";
import { verdictOver } from "../fleet/verdict.ts";
import type { WillCounts } from "../fleet/result.ts";
import { noCounts } from "../fleet/tally.ts";
import type { Report } from "./report.ts";

/** A threshold as it was written, and read. */
export interface Threshold {
  readonly expression: string;
  readonly path: string;
  readonly operator: Operator;
  readonly value: number;
}

/** What became of a threshold. */
export interface ThresholdResult {
  readonly expression: string;
  /** The value that the report has at its path. */
  readonly actual: number;
  readonly met: boolean;
}

const comparisons = {
  "==": (actual: number, value: number) => actual === value,
  "!=": (actual: number, value: number) => actual !== value,
  "<=": (actual: number, value: number) => actual <= value,
  ">=": (actual: number, value: number) => actual >= value,
  "<": (actual: number, value: number) => actual < value,
  ">": (actual: number, value: number) => actual > value,
} as const;

type Operator = keyof typeof comparisons;

const form = /^\s*([\w.-]+)\s*(==|!=|<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/;
const latencyNames: readonly string[] = ["count", "min", "mean", "p50", "p90", "p99", "p999", "max"];
const willNames: readonly string[] = Object.keys(noCounts());

/** The paths that hold a number, beside those by kill mode. */
const paths: ReadonlySet<string> = new Set([
  ...["asked", "connected", "peakAlive", "reconnects", "refused", "lost", "rampPerSecond"].map((name) =>
    `clients.${name}`
  ),
  ...["total", "askedPerSecond", "reachedPerSecond", "deferred"].map((name) => `kills.${name}`),
  ...[...willNames, "eitherWay", "undecided"].map((name) => `wills.${name}`),
  ...latencyNames.flatMap((name) => [`latencyMs.all.${name}`, `slipMs.${name}`]),
  ...["expected", "right", "wrong", "missing"].map((name) => `retained.${name}`),
  ...Object.keys(noPresence()).map((name) => `presence.${name}`),
  ...presenceMoments.flatMap((moment) =>
    Object.keys(noPresence()).map((name) => `presence.byMoment.${moment}.${name}`)
  ),
  ...["online", "left"].flatMap((word) => Object.keys(noWords()).map((name) => `presence.${word}.${name}`)),
  ...Object.keys(noTelemetry()).map((name) => `telemetry.${name}`),
  ...["cpuMs", "rssBytes"].map((name) => `resources.${name}`),
  "run.durationMs",
]);

const example =
  "expected a path of the report, a comparison and a number, such as wills.late<10 or latencyMs.all.p99<=200";

/** Reads a threshold. @throws UsageError when it is none, or its path is not the report's */
export function parseThreshold(expression: string): Threshold {
  const [, path, operator, value] = form.exec(expression) ?? [];
  if (path === undefined) throw new UsageError(`Cannot read threshold ${JSON.stringify(expression)}: ${example}`);
  if (!paths.has(path) && !isByMode(path)) {
    throw new UsageError(
      `Cannot use threshold ${JSON.stringify(expression)}: the report has no number at ${path}; ${example}`,
    );
  }
  return { expression: expression.trim(), path, operator: operator as Operator, value: Number(value) };
}

/** Paths by kill mode: `kills.byMode.<mode>.<count>` and `latencyMs.byMode.<mode>.<figure>`. */
function isByMode(path: string): boolean {
  const [part, byMode, mode, name, ...more] = path.split(".");
  if (byMode !== "byMode" || more.length > 0 || !killModes.includes(mode as KillMode)) return false;
  if (part === "kills") return name === "kills" || willNames.includes(name!);
  return part === "latencyMs" && latencyNames.includes(name!);
}

/** The value at a path; 0 where the run had nothing there: nobody was killed in that mode, nothing was retained. */
function valueAt(report: Report, path: string): number {
  let value: unknown = report;
  for (const name of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[name];
  return typeof value === "number" ? value : 0;
}

/**
 * Holds a report against thresholds. A threshold on a count of faults, such as `wills.late<10`, takes the place of the
 * rule that there must be none. A void report stays void.
 */
export function applyThresholds(report: Report, thresholds: readonly Threshold[]): Report {
  if (thresholds.length === 0) return report;
  const results = thresholds.map(({ expression, path, operator, value }): ThresholdResult => {
    const actual = valueAt(report, path);
    return { expression, actual, met: comparisons[operator](actual, value) };
  });
  return { ...report, ...verdictWith(report, thresholds, results), thresholds: results };
}

function verdictWith(
  report: Report,
  thresholds: readonly Threshold[],
  results: readonly ThresholdResult[],
): Pick<Report, "verdict" | "reason" | "exitCode"> {
  const { verdict, reason, exitCode } = report;
  if (verdict === "void") return { verdict, reason, exitCode };
  const failing = exitCode === 130 ? 130 : 1;
  const missed = results.filter(({ met }) => !met).map(({ expression, actual }) =>
    `${expression} (it is ${rounded(actual)})`
  );
  const base = withoutCovered(report, thresholds);
  if (missed.length > 0) {
    const also = base.verdict === "fail" ? `; ${base.reason}` : "";
    return { verdict: "fail", reason: `not met: ${missed.join(", ")}${also}`, exitCode: failing };
  }
  if (base.verdict !== "pass" || verdict === "pass") return base;
  return { ...base, reason: `every threshold is met: ${results.map(({ expression }) => expression).join(", ")}` };
}

/** The verdict as it would be without the faults that a threshold of their own speaks of. */
function withoutCovered(
  report: Report,
  thresholds: readonly Threshold[],
): Pick<Report, "verdict" | "reason" | "exitCode"> {
  const wills: WillCounts = { ...report.wills };
  for (const { path } of thresholds) {
    const name = path.replace(/^wills\./, "") as keyof WillCounts;
    if (path.startsWith("wills.") && name !== "expected" && name !== "onTime" && name in noCounts()) wills[name] = 0;
  }
  const coversRetained = thresholds.some(({ path }) => path.startsWith("retained."));
  return verdictOver({
    wills,
    kills: report.kills.total,
    undecided: report.wills.undecided,
    retained: coversRetained ? undefined : report.retained,
    presence: presenceWithout(report.presence, thresholds),
    interrupted: report.exitCode === 130,
    generatorBound: report.generatorBound,
    dropped: report.brokerDropped,
    profile: report.plan.profile,
    voidReason: undefined,
  });
}

/** States of presence without the kinds that a threshold of their own speaks of. */
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

function rounded(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
