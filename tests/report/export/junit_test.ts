import assert from "node:assert/strict";
import { reportJunit } from "../../../src/report/export/junit.ts";
import { applyThresholds, parseThreshold } from "../../../src/report/model/threshold.ts";
import { assertWellFormed } from "../../support/well_formed.ts";
import { assertGolden } from "../golden.ts";
import { hostile, script } from "../hostile.ts";
import { failed, passed, reportOf, voided } from "../sample.ts";
import { eachCase } from "../../support/steps.ts";

const count = (text: string, element: string) => text.split(`<${element}`).length - 1;
const attribute = (text: string, name: string) => Number(new RegExp(`<testsuite [^>]*${name}="(\\d+)"`).exec(text)![1]);

Deno.test("junit: a run with each fault equals its golden file", () => {
  assertGolden("fail.junit.xml", reportJunit(reportOf(failed())));
});

Deno.test("junit: the counts match the suite, and the XML is well-formed", async (t) => {
  await eachCase(t, [passed(), failed(), voided()].map((result) => reportOf(result)).concat(hostile()), (report) => {
    const text = reportJunit(report);
    const names = assertWellFormed(text);
    assert.deepEqual(names.slice(0, 2), ["testsuites", "testsuite"]);
    assert.equal(attribute(text, "tests"), count(text, "testcase"));
    assert.equal(attribute(text, "failures"), count(text, "failure"));
    assert.equal(attribute(text, "errors"), count(text, "error"));
    assert.equal(attribute(text, "skipped"), count(text, "skipped"));
  });
});

Deno.test("junit: has a case for each check and the wills of each kill mode; a run that passed has no failure", async (t) => {
  const text = reportJunit(reportOf(passed()));
  await eachCase(t, ["reset", "close", "leave"], (mode) => {
    assert.match(text, new RegExp(`<property name="kill mode ${mode}" value="[0-9]+ kills, [0-9]+ wills due`));
  });
  assert.equal(text.split('classname="mqtt-sim.check"').length - 1, 8);
  assert.equal(count(text, "failure") + count(text, "error"), 0);
});

Deno.test("junit: a void run is an error without results of its cases", () => {
  const text = reportJunit(reportOf(voided()));
  assert.match(text, /<error message="Cannot reach /);
  assert.equal(count(text, "skipped"), count(text, "testcase") - 1);
});

Deno.test("junit: escapes hostile names", () => assert.ok(!reportJunit(hostile()).includes(script)));

Deno.test("junit: each kind of fault fails one case, and a count that a threshold judges fails at most there", () => {
  const { wills, kills: { byMode } } = passed();
  const lost = { ...byMode.reset!, onTime: 653, missing: 50 };
  const result = passed({}, {
    ...{ verdict: "fail", verdictText: "FAIL", reason: "50 missing", exitCode: 1 },
    kills: { ...passed().kills, byMode: { ...byMode, reset: lost } },
    wills: { ...wills, onTime: 1_342, missing: 50 },
  });
  const text = reportJunit(reportOf(result));
  assert.equal(count(text, "failure"), 1);
  assert.match(text, /<failure message="50 missing \(50 of reset\); 1392 wills were due">/);
  const judged = (expression: string) => applyThresholds(reportOf(result), [parseThreshold(expression)]);
  assert.equal(count(reportJunit(judged("wills.missing<40")), "failure"), 1);
  const tolerated = judged("wills.missing<4%");
  assert.equal(tolerated.verdict, "pass");
  assert.equal(count(reportJunit(tolerated), "failure"), 0, "the run passed");
});

Deno.test("junit: a message that came again without DUP is a failure", () => {
  const redeliveries = { total: 9, withoutDup: 3 };
  const text = reportJunit(reportOf(passed({}, { verdict: "fail", reason: "3", exitCode: 1, redeliveries })));
  assert.match(text, /name="each redelivered message has DUP"[^]*<failure message="3 of 9 redelivered messages/);
});
