/**
 * The report of a check: the JSON document, under names that keep their meaning, and the rows that its other writers
 * share.
 */
import { escapeJson } from "../../base/escape.ts";
import { formatMs } from "../../base/units.ts";
import { type Area, areas } from "../../conformance/case/case.ts";
import type { Protocol } from "../../conformance/model/protocol.ts";
import type { CaseResult, ConformanceResult } from "../../conformance/case/result.ts";
import { verdictText } from "../../fleet/merge/verdict.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import type { Tool } from "./report.ts";

/** The form of the document; the number changes when a name changes its meaning or disappears. */
export const checkReportSchema = "mqtt-sim/check/1";

/** A check's report: the JSON that `check --report` writes. Milliseconds unless a name says otherwise. */
export interface CheckReport extends ConformanceResult {
  /** The name of the schema. */
  readonly schema: typeof checkReportSchema;
  /** The program that wrote the report. */
  readonly tool: Tool;
  /** The verdict for people: `PASS`, `PASS with 42 deviations`, `FAIL` or `VOID`. */
  readonly verdictText: string;
}

/** Makes the report of a result; `embedded` when the broker was our own. */
export function makeCheckReport(result: ConformanceResult, tool: Tool, embedded: boolean): CheckReport {
  return {
    schema: checkReportSchema,
    tool,
    verdictText: verdictText(result.verdict, result.counts.deviation),
    ...result,
    reason: withMaskedUrls(result.reason),
    warnings: result.warnings.map(withMaskedUrls),
    target: embedded ? "embedded" : withMaskedUrls(result.target),
    durationMs: Math.round(result.durationMs),
  };
}

/** The whole report as one JSON document, indented, with a line end. */
export function checkReportJson(report: CheckReport): string {
  return `${escapeJson(JSON.stringify(report, null, 2))}\n`;
}

/** A case under one of its rules. */
export interface RuleRow {
  readonly rule: string;
  readonly protocol: Protocol;
  readonly result: CaseResult;
}

/** Every case under each of its rules, by version and number. */
export function ruleRows({ cases }: Pick<CheckReport, "cases">): RuleRow[] {
  const rows = cases.flatMap((result) => result.rules.map((rule) => ({ rule, protocol: result.protocol, result })));
  return rows.toSorted((one, other) =>
    one.protocol.localeCompare(other.protocol) || compareRules(one.rule, other.rule)
  );
}

/** A case's version and rules: `MQTT 5.0, 3.1.2-8`; the version alone where no rule has a number. */
export function caseRulesText({ protocol, rules }: Pick<CaseResult, "protocol" | "rules">): string {
  const first = rules[0]?.startsWith("tck-id-") ? `Sparkplug 3.0 over MQTT ${protocol}` : `MQTT ${protocol}`;
  return [first, ...rules].join(", ");
}

/** Counts by area, in the catalog's order; areas without a case are left out. */
export function areaRows({ cases }: Pick<CheckReport, "cases">): { area: Area; name: string; cases: CaseResult[] }[] {
  return (Object.keys(areas) as Area[])
    .map((area) => ({ area, name: areas[area], cases: cases.filter((each) => each.area === area) }))
    .filter((row) => row.cases.length > 0);
}

/** The order of rules: `3.1.2-8` before `3.1.2-10`, and a section before its statements. */
export function compareRules(one: string, other: string): number {
  // Identifiers of Sparkplug have no numbers, and follow those of MQTT.
  if (one.startsWith("tck-id-") || other.startsWith("tck-id-")) return one.localeCompare(other);
  const [left, right] = [one, other].map((number) => number.split(/[.-]/).map(Number)) as [number[], number[]];
  for (let place = 0; place < Math.max(left.length, right.length); place++) {
    const difference = (left[place] ?? -1) - (right[place] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Deviations of the profile that showed in none of the cases that could show them, in words. */
export function unseenDeviations({ cases, profile }: Pick<CheckReport, "cases" | "profile">): string[] {
  const known = Map.groupBy(cases.filter(({ deviation }) => deviation !== undefined), ({ deviation }) => deviation!);
  return [...known].filter(([, each]) => each.every(({ outcome }) => outcome === "pass")).map(([deviation, each]) =>
    `profile ${profile} expects ${deviation}, but ${
      each.length === 1 ? "the case that can show it passes" : `all ${each.length} cases that can show it pass`
    }: ${[...new Set(each.map(({ id }) => id))].join(", ")}`
  );
}

/** Cases that failed beside others or while this process was late, and were run again, in words. */
export function againLines({ cases }: Pick<CheckReport, "cases">): string[] {
  return cases.flatMap(({ id, protocol, outcome, again }) =>
    again === undefined ? [] : [
      `${id} in ${protocol} failed ${
        again.lateMs === 0 ? "while other cases ran" : `while this process was ${formatMs(again.lateMs)} late`
      } (${again.reason}), ran again, alone; the result of the second run counts: ${outcome}`,
    ]
  );
}

/** The versions that the check tried, in words. */
export function protocolsText({ controls }: Pick<CheckReport, "controls">): string {
  const spoken = controls.filter(({ outcome }) => outcome !== "not spoken").map(({ protocol }) => protocol);
  return spoken.length === 0 ? "no version spoken" : `MQTT ${spoken.join(" and ")}`;
}

/** The time bounds that cases were held to, in words. */
export function boundsText({ bounds, quick }: Pick<CheckReport, "bounds" | "quick">): string {
  const seconds = (ms: number) => `${Number((ms / 1_000).toFixed(3))} s`;
  return [
    `an answer within ${seconds(bounds.answerMs)}`,
    `anything due later: at most ${seconds(bounds.lateMs)} late and ${bounds.earlyMs} ms early`,
    `silence is ${seconds(bounds.silenceMs)}`,
    `a case that fails while other cases run, or while this process is more than ${bounds.lagMs} ms late, runs once more, alone`,
    `slack ${bounds.slack}`,
    ...quick ? ["quick: without the cases that wait for time spans of the standard"] : [],
  ].join(", ");
}
