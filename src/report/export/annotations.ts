/**
 * A report as annotations of a GitHub workflow: a line for each kind of fault, threshold or failed case, which GitHub
 * shows at the job. Pure: a report in, lines out.
 */
import { escapeAnnotation, escapeAnnotationTitle } from "../../base/escape.ts";
import { formatCount } from "../../base/units.ts";
import type { CheckReport } from "../model/check_report.ts";
import { caseRulesText } from "../model/check_report.ts";
import type { Comparison } from "../model/comparison.ts";
import { controlFaultTexts, faultList } from "../model/fault_list.ts";
import type { Report } from "../model/report.ts";
import { actualText } from "../model/threshold.ts";
import { lifeText } from "../model/will_rows.ts";

/** GitHub shows ten of a kind for each step. */
const most = 10;

interface Annotation {
  readonly title: string;
  readonly text: string;
}

/** The annotations of a run. */
export function reportAnnotations(report: Report, name = "mqtt-sim fleet"): string {
  const { verdict, verdictText, reason, thresholds = [], warnings } = report;
  if (verdict === "void") return lines("error", [{ title: `${name}: ${verdictText}`, text: reason }]);
  const kinds = verdict === "pass" ? [] : faultList(report, 0).kinds.map(({ verdict, count, rule, sample }) => ({
    title: `${name}: ${formatCount(count)} ${verdict}`,
    text: `${lifeText(sample)}: ${sample.text} [${rule}]`,
  }));
  const unmet = thresholds.filter(({ met }) => !met).map((result) => ({
    title: `${name}: threshold not met`,
    text: `${result.expression}: ${actualText(result)}`,
  }));
  const canaries = verdict === "pass"
    ? []
    : controlFaultTexts(report).map((text) => ({ title: `${name}: canaries`, text }));
  const found = [...unmet, ...kinds, ...canaries];
  const all = verdict === "fail" && found.length === 0 ? [{ title: `${name}: ${verdictText}`, text: reason }] : found;
  return lines("error", all) + lines("warning", warnings.map((text) => ({ title: name, text })));
}

/** The annotations of a check. */
export function checkAnnotations({ verdict, verdictText, reason, cases, controls, warnings }: CheckReport): string {
  const name = "mqtt-sim check";
  const arms = controls.filter(({ outcome }) => outcome === "fail").map(({ protocol, reason: text = "" }) => ({
    title: `${name}: control arm, MQTT ${protocol}`,
    text,
  }));
  const failed = cases.filter(({ outcome }) => outcome === "fail").map((each) => ({
    title: `${name}: ${each.id}`,
    text: `${each.reason} [${caseRulesText(each)}]`,
  }));
  const whole = [{ title: `${name}: ${verdictText}`, text: reason }];
  const found = verdict === "void" ? whole : [...arms, ...failed];
  return lines("error", verdict === "fail" && found.length === 0 ? whole : found) +
    lines("warning", warnings.map((text) => ({ title: name, text })));
}

/** The annotations of a comparison. */
export function comparisonAnnotations({ verdict, verdictText, reason, brokers }: Comparison): string {
  const name = "mqtt-sim";
  const own = brokers.flatMap(({ name: broker, outcome, reason, report }) => {
    if (outcome === "fail" && report !== undefined) return [reportAnnotations(report, `${name} ${broker}`)];
    return outcome === "fail" || outcome === "void"
      ? [lines("error", [{ title: `${name} ${broker}: ${outcome}`, text: reason }])]
      : [];
  });
  return own.join("") +
    (verdict === "pass" ? "" : lines("error", [{ title: `${name}: ${verdictText}`, text: reason }]));
}

function lines(level: "error" | "warning", all: readonly Annotation[]): string {
  const shown = all.length > most ? all.slice(0, most - 1) : all;
  const left = all.length - shown.length;
  const rest = left === 0 ? [] : [{ title: "mqtt-sim", text: `${formatCount(left)} more are in the report` }];
  return [...shown, ...rest].map(({ title, text }) =>
    `::${level} title=${escapeAnnotationTitle(title)}::${escapeAnnotation(text)}\n`
  ).join("");
}
