/** The verdict of a check with its sentence and exit code, by the outcomes of its control arms and cases. */
import assert from "node:assert/strict";
import type { CaseOutcome, CaseResult, ControlResult } from "../../../src/conformance/case/result.ts";
import { countsOf, verdictOf } from "../../../src/conformance/check/verdict.ts";

function aCase(outcome: CaseOutcome, over: Partial<CaseResult> = {}): CaseResult {
  const about = { id: "will/reset", area: "will", title: "", does: "", protocol: "5.0", rules: [] } as const;
  return { ...about, notes: [], durationMs: 0, outcome, ...over };
}

function cases(pass: number, fail = 0, deviation = 0, untested = 0): CaseResult[] {
  const counts = { pass, fail, deviation, "not testable": untested };
  return (Object.keys(counts) as CaseOutcome[]).flatMap((outcome) =>
    Array.from({ length: counts[outcome] }, () => aCase(outcome))
  );
}

const fine: ControlResult = { protocol: "5.0", outcome: "pass" };
const lost: ControlResult = { protocol: "5.0", outcome: "fail", reason: "the will is lost" };
const blind: ControlResult = { protocol: "3.1.1", outcome: "void", reason: "it saw nothing" };
const mute: ControlResult = { protocol: "3.1.1", outcome: "not spoken", reason: "it closed" };
const gone = aCase("fail", { id: "broker/unavailable", reason: "the broker is gone" });

const table: readonly [what: string, controls: ControlResult[], found: CaseResult[], verdict: string][] = [
  ["all passed", [fine], cases(2), "pass 0 all 2 cases passed"],
  ["some deviate", [fine], cases(2, 0, 1), "pass 0 2 of 3 cases passed, 1 deviate as the profile describes"],
  [
    "some are not testable",
    [fine],
    cases(2, 0, 0, 3),
    "pass 0 all 2 cases passed, 3 are not testable with this broker",
  ],
  ["one version is not spoken", [fine, mute], cases(2), "pass 0 all 2 cases passed"],
  ["some failed", [fine], cases(2, 1), "fail 1 1 of 3 cases failed"],
  [
    "some failed, with the rest",
    [fine],
    cases(1, 1, 1, 2),
    "fail 1 1 of 3 cases failed, 1 deviate as the profile describes, 2 are not testable with this broker",
  ],
  ["the control's will is lost", [lost], cases(2), "fail 1 in MQTT 5.0 the will is lost"],
  ["the control's will is lost, no case tried", [lost], [], "fail 1 in MQTT 5.0 the will is lost"],
  ["lost, and cases failed", [lost], cases(0, 2), "fail 1 in MQTT 5.0 the will is lost; 2 of 2 cases failed"],
  ["a failure comes before a blind version", [fine, blind], cases(2, 1), "fail 1 1 of 3 cases failed"],
  ["the broker went", [fine], [...cases(1), gone], "fail 1 the broker is gone; 1 of 2 cases failed"],
  [
    "a blind version",
    [fine, blind],
    cases(2),
    "void 3 the check proves nothing: the control arm of MQTT 3.1.1 failed: it saw nothing; otherwise all 2 cases passed",
  ],
  [
    "a blind version alone",
    [blind],
    cases(0, 0, 0, 2),
    "void 3 the check proves nothing: the control arm of MQTT 3.1.1 failed: it saw nothing",
  ],
  [
    "nothing spoken",
    [mute],
    cases(0, 0, 0, 1),
    "void 3 the check proves nothing: the broker does not support MQTT 3.1.1 (it closed)",
  ],
  [
    "nothing testable",
    [fine],
    cases(0, 0, 0, 2),
    "void 3 the check proves nothing: no case can be tested with this broker",
  ],
  ["as many lost as failed", [lost], cases(0, 1), "fail 1 in MQTT 5.0 the will is lost; 1 of 1 cases failed"],
  [
    "the broker went twice",
    [fine],
    [gone, { ...gone, reason: "again" }],
    "fail 1 the broker is gone; 2 of 2 cases failed",
  ],
  [
    "two blind versions",
    [blind, { ...blind, protocol: "5.0" }],
    [],
    "void 3 the check proves nothing: the control arm of MQTT 3.1.1 failed: it saw nothing",
  ],
  ["one is not testable", [fine], cases(1, 0, 0, 1), "pass 0 all 1 cases passed, 1 are not testable with this broker"],
  ["one case", [fine], cases(1), "pass 0 all 1 cases passed"],
];

for (const [what, controls, found, expected] of table) {
  Deno.test(`verdict of a check: ${what}`, () => {
    const { verdict, exitCode, reason } = verdictOf({ controls, cases: found }, false);
    assert.equal(`${verdict} ${exitCode} ${reason}`, expected);
  });
}

Deno.test("verdict of a check: an interrupt makes the check void, whatever the outcomes", () => {
  assert.deepEqual(verdictOf({ controls: [lost], cases: cases(1, 1) }, true), {
    verdict: "void",
    reason: "the check was interrupted",
    exitCode: 130,
  });
});

Deno.test("verdict of a check: counts each outcome", () => {
  assert.deepEqual(countsOf(cases(1, 2, 3, 4)), { pass: 1, fail: 2, deviation: 3, "not testable": 4 });
});
