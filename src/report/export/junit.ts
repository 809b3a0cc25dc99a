import { escapeXml } from "../../base/escape.ts";
import { formatMs } from "../../base/units.ts";
import type { FaultSample } from "../../fleet/result/fault_sample.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import type { LatencyRow } from "../../fleet/result/will_counts.ts";
import { deviationsIn } from "../../fleet/merge/verdict.ts";
import { floorText, stormText, willRateText } from "../model/arrivals/arrival_text.ts";
import { controlFaultTexts, inListOrder } from "../model/fault_list.ts";
import { assertionRows } from "../model/sparkplug/sparkplug_rows.ts";
import { presenceRows, stateFaultNames } from "../model/presence_rows.ts";
import { findingsOf, findingText } from "../model/profile_text.ts";
import type { Report } from "../model/report.ts";
import { actualText, thresholdOn } from "../model/threshold.ts";
import { type CountedFault, countRows, faultNames, lifeText, willsWrong } from "../model/will_rows.ts";

/** Samples in one failure, or as many as there are kinds. */
const samplesShown = 10;

interface Case {
  readonly group: "check" | "deviation" | "threshold";
  readonly name: string;
  /** The output of a case that passes. */
  readonly note?: string;
  /** Why it failed; a run that proves nothing has errors instead. */
  readonly failure?: { readonly message: string; readonly samples: Samples };
}

type Samples = readonly FaultSample[];

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

/** The whole document of these suites, which ran one after the other, or each in its share of the whole time. */
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
    ...checkCases(report),
    ...presenceCases(report),
    ...sparkplugCases(report),
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
  const fields = { name, ...counts, time: counts.time.toFixed(3), timestamp: report.run.startedAt.slice(0, 19) };
  const lines = [
    `  <testsuite${attributes(fields)}>`,
    ...properties(report),
    ...runCase(report),
    ...cases.flatMap((each) => caseLines(each, isVoid, report)),
    "  </testsuite>",
  ];
  return { lines, counts };
}

/** A suite of one case, for a run that did not happen: skipped, or an error. */
export function emptySuite(name: string, kind: "error" | "skipped" | "failure", message: string): Suite {
  const one = (wanted: typeof kind) => kind === wanted ? 1 : 0;
  const sums = { failures: one("failure"), errors: one("error"), skipped: one("skipped") };
  const counts: SuiteCounts = { tests: 1, ...sums, time: 0 };
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

function properties(report: Report): string[] {
  const { run: { id, seed, protocol, repeat }, tool, verdictText } = report;
  const named = { verdict: verdictText, run: id, seed, protocol, repeat, version: tool.version };
  const each = Object.entries({ ...named, ...modeProperties(report), ...arrivalProperties(report) }).map((
    [name, value],
  ) => `      <property${attributes({ name, value })}/>`);
  return ["    <properties>", ...each, "    </properties>"];
}

/** The latencies, the floor and the storms. */
function arrivalProperties(report: Report): Readonly<Record<string, string>> {
  const { latencyMs, brokerLatencyMs } = report;
  const figures = ({ count, p50, p99, max }: LatencyRow) =>
    count === 0 ? "no will" : `p50 ${formatMs(p50)}, p99 ${formatMs(p99)}, max ${formatMs(max)}`;
  const [floor, rate] = [floorText(report), willRateText(report)];
  const storms = (report.storms?.each ?? []).map((storm, place) => [`storm ${place + 1}`, stormText(storm)]);
  return {
    "latency from the scheduled kill": figures(latencyMs.all),
    ...brokerLatencyMs && { "latency from the completed kill": figures(brokerLatencyMs.all) },
    ...floor !== undefined && { instrument: floor },
    ...rate !== undefined && { "rate of the wills": rate },
    ...Object.fromEntries(storms),
  };
}

/** The wills of each kill mode. They are no test cases: the case of its kind counts each fault, and once. */
function modeProperties(report: Report): Readonly<Record<string, string>> {
  return Object.fromEntries(
    countRows(report).filter(({ name }) => name !== "all").map((row) => {
      const wrong = willsWrong(row).map(({ name, count }) => `, ${count} ${name}`);
      return [
        `kill mode ${row.name}`,
        `${row.kills} kills, ${row.expected} wills due, ${row.onTime} on time${wrong.join("")}`,
      ];
    }),
  );
}

/** A case that failed; a count that a threshold judges fails there, where it does, and not here too. */
function judgedCase(
  name: string,
  judge: string | undefined,
  isWrong: boolean,
  message: string,
  samples: Samples,
): Case {
  if (!isWrong) return { group: "check", name };
  if (judge !== undefined) return { group: "check", name, note: `${message}; judged by the threshold ${judge}` };
  return { group: "check", name, failure: { message, samples } };
}

function checkCases(report: Report): Case[] {
  const { wills, faults, retained, redeliveries } = report;
  const rows = countRows(report).filter(({ name }) => name !== "all");
  const checks = faultNames.map((name): Case => {
    const modes = rows.filter((row) => row[name] > 0).map((row) => `${row[name]} of ${row.name}`);
    const message = `${wills[name]} ${name} (${modes.join(", ")}); ${wills.expected} wills were due`;
    const samples = faults.filter(({ verdict }) => verdict === name);
    return judgedCase(checkText[name], thresholdOn(report, `wills.${name}`), wills[name] > 0, message, samples);
  });
  const ofCanaries = controlFaultTexts(report).join("; ");
  const isWrong = canaryFaultsIn(report.controls) > 0;
  checks.push(judgedCase("no canary will is wrong", thresholdOn(report, "controls."), isWrong, ofCanaries, []));
  if (redeliveries !== undefined) {
    const { withoutDup, total } = redeliveries;
    const message = `${withoutDup} of ${total} redelivered messages came without DUP`;
    const samples = faults.filter(({ verdict }) => verdict === "redelivery");
    checks.push(judgedCase("each redelivered message has DUP", undefined, withoutDup > 0, message, samples));
  }
  if (retained === undefined) return checks;
  const { expected, wrong, missing } = retained;
  const message = `of ${expected} retained wills: ${wrong} wrong, ${missing} missing`;
  const name = "a late subscriber finds the retained wills";
  return [...checks, judgedCase(name, thresholdOn(report, "retained."), wrong + missing > 0, message, [])];
}

/** One case for each reading of the retained messages. */
function presenceCases(report: Report): Case[] {
  const samples = report.faults.filter(({ verdict }) => verdict === "presence");
  const judge = thresholdOn(report, "presence.");
  return presenceRows(report).filter(({ name }) => name !== "all").map((row) => {
    const kinds = stateFaultNames.filter((name) => row[name] > 0).map((name) => `${row[name]} ${name}`).join(", ");
    return judgedCase(
      `presence is right ${row.name}`,
      judge,
      row.wrong > 0,
      `of ${row.judged} states: ${kinds}`,
      samples,
    );
  });
}

/** One case for each assertion of Sparkplug. */
function sparkplugCases(report: Report): Case[] {
  const judge = thresholdOn(report, "sparkplug.");
  return assertionRows(report).map(({ id, name, checked, broken }) => {
    const samples = report.faults.filter(({ rule }) => rule.endsWith(id));
    return judgedCase(`${name} (${id})`, judge, broken > 0, `${broken} of ${checked} broke it`, samples);
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
  const head = `    <testcase${attributes({ classname: `mqtt-sim.${group}`, name, time: "0.000" })}`;
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
