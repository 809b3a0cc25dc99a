/**
 * A check as JUnit XML, for CI: a suite for each version, a test case for each case, and failures with their
 * transcripts.
 */
import { escapeXml } from "../../base/escape.ts";
import { type TranscriptLine, transcriptText } from "../../conformance/probe/transcript.ts";
import type { Protocol } from "../../conformance/model/protocol.ts";
import type { CaseResult } from "../../conformance/case/result.ts";
import { boundsText, caseRulesText, type CheckReport } from "../model/check_report.ts";
import { attributes, junitDocument, type Suite } from "./junit.ts";

/** The check as one JUnit XML document. */
export function checkJunit(report: CheckReport): string {
  return junitDocument(report.controls.map(({ protocol }) => suiteOf(report, protocol)));
}

function suiteOf(report: CheckReport, protocol: Protocol): Suite {
  const control = report.controls.find((each) => each.protocol === protocol)!;
  const cases = report.cases.filter((each) => each.protocol === protocol);
  const count = (outcome: CaseResult["outcome"]) => cases.filter((each) => each.outcome === outcome).length;
  const isFault = control.outcome === "fail";
  const isError = control.outcome === "void" || (report.exitCode !== 0 && report.exitCode !== 1);
  const counts = {
    tests: cases.length + 1,
    failures: count("fail") + (isFault && !isError ? 1 : 0),
    errors: isError ? 1 : 0,
    skipped: count("not testable") + (control.outcome === "not spoken" && !isError ? 1 : 0),
    time: report.durationMs * shareOfTime(report, protocol) / 1_000,
  };
  const named = {
    verdict: report.verdictText,
    target: report.target,
    bounds: boundsText(report),
    version: report.tool.version,
  };
  const profile = report.profile === undefined ? {} : { profile: report.profile };
  const fields = {
    name: `mqtt-sim check: ${report.target}, MQTT ${protocol}`,
    ...counts,
    time: counts.time.toFixed(3),
    timestamp: report.startedAt.slice(0, 19),
  };
  const properties = Object.entries({ ...named, ...profile }).map(([name, value]) =>
    `      <property${attributes({ name, value })}/>`
  );
  const lines = [
    `  <testsuite${attributes(fields)}>`,
    "    <properties>",
    ...properties,
    "    </properties>",
    ...controlLines(report, control, isError),
    ...cases.flatMap(caseLines),
    "  </testsuite>",
  ];
  return { lines, counts };
}

/** The cases of both versions run side by side: the whole time is divided as the times of the cases. */
function shareOfTime({ controls, cases }: CheckReport, protocol: Protocol): number {
  const sum = (of: readonly CaseResult[]) => of.reduce((total, { durationMs }) => total + durationMs, 0);
  const all = sum(cases);
  return all === 0 ? 1 / controls.length : sum(cases.filter((each) => each.protocol === protocol)) / all;
}

function controlLines(report: CheckReport, control: CheckReport["controls"][number], isError: boolean): string[] {
  const head = `    <testcase${attributes({ classname: "mqtt-sim.control", name: "the control arm", time: "0.000" })}`;
  if (!isError && control.outcome === "pass") return [`${head}/>`];
  const message = control.reason ?? report.reason;
  if (!isError && control.outcome === "fail") {
    return [
      `${head}>`,
      `      <failure${attributes({ message })}>${transcript(control.transcript)}</failure>`,
      "    </testcase>",
    ];
  }
  if (!isError) return [`${head}>`, `      <skipped${attributes({ message })}/>`, "    </testcase>"];
  return [
    `${head}>`,
    `      <error${attributes({ message })}>${transcript(control.transcript)}</error>`,
    "    </testcase>",
  ];
}

function caseLines(result: CaseResult): string[] {
  const { id, area, rules, protocol, title, outcome, reason = "", durationMs } = result;
  const name = `${id}: ${title} [${caseRulesText({ protocol, rules })}]`;
  const time = (durationMs / 1_000).toFixed(3);
  const head = `    <testcase${attributes({ classname: `mqtt-sim.check.${area}`, name, time })}`;
  if (outcome === "pass") return [`${head}/>`];
  const element = {
    fail: `      <failure${attributes({ message: reason })}>${transcript(result.transcript)}</failure>`,
    deviation: `      <system-out>${
      escapeXml(`deviates as the profile describes (${result.deviation}): ${reason}`)
    }</system-out>`,
    "not testable": `      <skipped${attributes({ message: reason })}/>`,
  }[outcome];
  return [`${head}>`, element, "    </testcase>"];
}

function transcript(lines: readonly TranscriptLine[] = []): string {
  return lines.map((line) => `${escapeXml(transcriptText(line))}\n${line.hex === undefined ? "" : `    ${line.hex}\n`}`)
    .join("");
}
