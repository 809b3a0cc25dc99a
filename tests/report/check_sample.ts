/** Reports of checks: one with each outcome, and one with hostile texts. */
import { boundsOf } from "../../src/conformance/model/bounds.ts";
import type { CaseResult, ConformanceResult } from "../../src/conformance/case/result.ts";
import { type CheckReport, makeCheckReport } from "../../src/report/model/check_report.ts";
import { controls, script } from "./hostile.ts";

const line = { atMs: 12.3, link: "client", direction: ">", text: 'PUBLISH topic "a"', hex: "30 03 00 01 61" } as const;
const one: CaseResult = {
  id: "will/one",
  area: "will",
  title: "a will is sent",
  does: "resets and watches",
  protocol: "5.0",
  rules: ["3.1.2-10", "3.1.2-8"],
  outcome: "pass",
  notes: [],
  durationMs: 1_234,
};
const noWill = "watcher got no message";
const cases: readonly CaseResult[] = [
  { ...one, protocol: "3.1.1", rules: ["3.1.2-8"] },
  one,
  { ...one, id: "will/two", outcome: "fail", reason: noWill, transcript: [line], rules: ["4.13.1-1"] },
  { ...one, id: "will/three", outcome: "deviation", deviation: "loses-some", reason: noWill },
  { ...one, id: "will/four", outcome: "not testable", reason: "it needs a login" },
  { ...one, id: "connect/five", area: "connect", deviation: "is-slow", notes: ["it took its time"] },
  { ...one, id: "connect/six", area: "connect", again: { reason: noWill, lateMs: 345 } },
];

const found: ConformanceResult = {
  verdict: "fail",
  reason: "1 of 6 cases failed",
  exitCode: 1,
  target: "mqtt://broker.example:1883",
  startedAt: "2026-01-05T08:00:00.000Z",
  durationMs: 5_678,
  bounds: boundsOf(2),
  quick: false,
  profile: "some",
  counts: { pass: 4, fail: 1, deviation: 1, "not testable": 1 },
  controls: [{ protocol: "3.1.1", outcome: "pass" }, { protocol: "5.0", outcome: "pass" }],
  cases,
  warnings: ["look here"],
};

const tool = { name: "mqtt-sim", version: "1.2.3" } as const;

/** A check with each outcome. */
export function checkSample(more: Partial<ConformanceResult> = {}): CheckReport {
  return makeCheckReport({ ...found, ...more }, tool, false);
}

/** A check whose control arm of 5.0 failed. */
export function voidCheck(): CheckReport {
  const controls = [{ protocol: "5.0", outcome: "void", reason: noWill, transcript: [line] }] as const;
  const reason = "the check proves nothing: the control arm failed";
  return checkSample({
    verdict: "void",
    exitCode: 3,
    reason,
    controls,
    cases: [],
    counts: { ...found.counts, fail: 0 },
  });
}

/** Hostile texts, which try to end the syntax around them. */
export function hostileCheck(): CheckReport {
  const reason = `${script}\`|\u0000${controls}`;
  const bad = { ...one, title: script, does: script, outcome: "fail", reason } as const;
  const transcript = [{ ...line, text: `${script}\n\`\`\`\`${controls}` }];
  return checkSample({ target: `${script}${controls}`, warnings: [reason], cases: [{ ...bad, transcript }] });
}
