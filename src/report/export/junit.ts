import { escapeXml } from "../../base/escape.ts";
import type { FaultSample } from "../../fleet/result/fault_sample.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import { deviationsIn } from "../../fleet/merge/verdict.ts";
import { controlFaultTexts, inListOrder } from "../model/fault_list.ts";
import { presenceRows, stateFaultNames } from "../model/presence_rows.ts";
import { findingsOf, findingText } from "../model/profile_text.ts";
import type { Report } from "../model/report.ts";
import { actualText } from "../model/threshold.ts";
import {
  type CountedFault,
  type CountRow,
  countRows,
  faultNames,
  lifeText,
  rowNameOf,
  willsWrong,
} from "../model/will_rows.ts";

/** Samples in one failure, or as many as there are kinds. */
const samplesShown = 10;

interface Case {
  readonly group: "kill mode" | "check" | "deviation" | "threshold";
  readonly name: string;
  /** The output of a case that passes. */
  readonly note?: string;
  /** Why it failed; a run that proves nothing has errors instead. */
  readonly failure?: { readonly message: string; readonly samples: readonly FaultSample[] };
}

const checkText: Readonly<Record<CountedFault, string>> = {
  late: "no will is late",
  early: "no will is early",
  missing: "no will is missing",
  duplicate: "no will is duplicate",
  unwanted: "no will is unwanted",
  altered: "no will is altered",
};

/** The report as one JUnit XML document. */
export function reportJunit(report: Report): string {
  const { lines, counts } = reportSuite(report, `mqtt-sim fleet: ${report.run.target}`);
  return junitDocument([{ lines, counts }]);
}

/** A suite's lines, and its share in the sums. */
export interface Suite {
  readonly lines: readonly string[];
  readonly counts: SuiteCounts;
}

/** The counts of a suite; `time` in seconds. */
export interface SuiteCounts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  readonly time: number;
}

/** The whole document of these suites. */
export function junitDocument(suites: readonly Suite[]): string {
  const sum = (name: keyof SuiteCounts) => suites.reduce((total, { counts }) => total + counts[name], 0);
  const [tests, failures, errors, skipped] = [sum("tests"), sum("failures"), sum("errors"), sum("skipped")];
  const counts = { tests, failures, errors, skipped, time: sum("time").toFixed(3) };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: "mqtt-sim", ...counts })}>`,
    ...suites.flatMap(({ lines }) => lines),
    "</testsuites>",
    "",
  ].join("\n");
}

/** The suite of one report. */
export function reportSuite(report: Report, name: string): Suite {
  const cases = [
    ...modeCases(report),
    ...checkCases(report),
    ...presenceCases(report),
    ...deviationCases(report),
    ...thresholdCases(report),
  ];
  const isVoid = report.verdict === "void";
  const failures = isVoid ? 0 : cases.filter(({ failure }) => failure !== undefined).length;
  const counts: SuiteCounts = {
    tests: cases.length + 1,
    failures,
    errors: isVoid ? 1 : 0,
    skipped: isVoid ? cases.length : 0,
    time: report.run.durationMs / 1_000,
  };
  const told = { name, ...counts, time: counts.time.toFixed(3), timestamp: report.run.startedAt.slice(0, 19) };
  const lines = [
    `  <testsuite${attributes(told)}>`,
    ...properties(report),
    ...runCase(report),
    ...cases.flatMap((each) => caseLines(each, isVoid, report)),
    "  </testsuite>",
  ];
  return { lines, counts };
}

/** A suite of one case, for a run that did not happen: skipped, or an error. */
export function emptySuite(name: string, kind: "error" | "skipped", message: string): Suite {
  const errors = kind === "error" ? 1 : 0;
  const counts: SuiteCounts = { tests: 1, failures: 0, errors, skipped: 1 - errors, time: 0 };
  const lines = [
    `  <testsuite${attributes({ name, ...counts, time: "0.000" })}>`,
    `    <testcase${attributes({ classname: "mqtt-sim.check", name: provesSomething, time: "0.000" })}>`,
    `      <${kind}${attributes({ message })}/>`,
    "    </testcase>",
    "  </testsuite>",
  ];
  return { lines, counts };
}

const provesSomething = "the run proves something";

function properties({ run, tool, verdictText }: Report): string[] {
  const { id, seed, protocol, repeat } = run;
  const named = Object.entries({ verdict: verdictText, run: id, seed, protocol, repeat, version: tool.version });
  const each = named.map(([name, value]) => `      <property${attributes({ name, value })}/>`);
  return ["    <properties>", ...each, "    </properties>"];
}

function modeCases(report: Report): Case[] {
  return countRows(report).filter(({ name }) => name !== "all").map((row) => ({
    group: "kill mode",
    name: row.name,
    ...failureOf(
      row,
      report.faults.filter((sample) => sample.verdict !== "presence" && rowNameOf(sample) === row.name),
    ),
  }));
}

function failureOf(row: CountRow, samples: readonly FaultSample[]): Pick<Case, "failure"> {
  const wrong = willsWrong(row);
  if (wrong.length === 0) return {};
  const message = `of ${row.expected} wills due: ${wrong.map(({ name, count }) => `${count} ${name}`).join(", ")}`;
  return { failure: { message, samples } };
}

function checkCases(report: Report): Case[] {
  const { wills, faults, retained } = report;
  const checks = faultNames.map((name): Case => ({
    group: "check",
    name: checkText[name],
    ...wills[name] > 0 && {
      failure: { message: `${wills[name]} ${name}`, samples: faults.filter(({ verdict }) => verdict === name) },
    },
  }));
  const lost = canaryFaultsIn(report.controls) === 0 ? [] : controlFaultTexts(report);
  checks.push({
    group: "check",
    name: "no canary will is wrong",
    ...lost.length > 0 && { failure: { message: lost.join("; "), samples: [] } },
  });
  if (retained === undefined) return checks;
  const { expected, wrong, missing } = retained;
  const message = `of ${expected} retained wills: ${wrong} wrong, ${missing} missing`;
  const failed = wrong + missing > 0;
  const name = "a late subscriber finds the retained wills";
  return [...checks, { group: "check", name, ...failed && { failure: { message, samples: [] } } }];
}

/** One case for each reading of the retained messages. */
function presenceCases(report: Report): Case[] {
  const samples = report.faults.filter(({ verdict }) => verdict === "presence");
  return presenceRows(report).filter(({ name }) => name !== "all").map((row) => {
    const kinds = stateFaultNames.filter((name) => row[name] > 0).map((name) => `${row[name]} ${name}`).join(", ");
    const failure = { message: `of ${row.judged} states: ${kinds}`, samples };
    return { group: "check", name: `presence is right ${row.name}`, ...row.wrong > 0 && { failure } };
  });
}

/** A known deviation passes, with the number of its occurrences. */
function deviationCases(report: Report): Case[] {
  const name = report.profile?.name;
  return findingsOf(report).map((finding) => ({
    group: "deviation",
    name: `${name}: ${finding.id}`,
    note: [`${findingText(finding)}`, ...finding.samples.map(sampleLine)].join("\n"),
  }));
}

function thresholdCases({ thresholds = [] }: Report): Case[] {
  return thresholds.map((result) => ({
    group: "threshold",
    name: result.expression,
    ...!result.met && { failure: { message: actualText(result), samples: [] } },
  }));
}

/** Whether the run proves anything. */
function runCase({ verdict, verdictText, reason, run, voidReason, ...found }: Report): string[] {
  const seconds = (run.durationMs / 1_000).toFixed(3);
  const head = `    <testcase${attributes({ classname: "mqtt-sim.check", name: provesSomething, time: seconds })}`;
  const note = verdict === "pass" && deviationsIn(found) > 0
    ? `${verdictText}: ${reason}`
    : verdict === "fail" && voidReason !== undefined
    ? `the run ended early: ${voidReason}`
    : undefined;
  if (note !== undefined) return [`${head}>`, `      <system-out>${escapeXml(note)}</system-out>`, "    </testcase>"];
  if (verdict !== "void") return [`${head}/>`];
  return [`${head}>`, `      <error${attributes({ message: reason })}/>`, "    </testcase>"];
}

function caseLines({ group, name, note, failure }: Case, isVoid: boolean, report: Report): string[] {
  const head = `    <testcase${attributes({ classname: `mqtt-sim.${group.replace(" ", "-")}`, name, time: "0.000" })}`;
  if (isVoid) return [`${head}>`, "      <skipped/>", "    </testcase>"];
  if (failure === undefined) {
    return note === undefined
      ? [`${head}/>`]
      : [`${head}>`, `      <system-out>${escapeXml(note)}</system-out>`, "    </testcase>"];
  }
  const samples = inListOrder(failure.samples, report, samplesShown).map(sampleLine);
  return [
    `${head}>`,
    `      <failure${attributes({ message: failure.message })}>${
      samples.map((line) => `${escapeXml(line)}\n`).join("")
    }</failure>`,
    "    </testcase>",
  ];
}

function sampleLine(sample: FaultSample): string {
  return `${sample.verdict}: ${lifeText(sample)}: ${sample.text} [${sample.rule}]`;
}

/** Attributes as a tag has them. */
export function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`).join("");
}
