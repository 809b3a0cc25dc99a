import assert from "node:assert/strict";
import { reportJunit } from "../../../src/report/export/junit.ts";
import { assertWellFormed } from "../../support/well_formed.ts";
import { assertGolden } from "../golden.ts";
import { hostile, script } from "../hostile.ts";
import { failed, passed, reportOf, voided } from "../sample.ts";

const count = (text: string, element: string) => text.split(`<${element}`).length - 1;
const told = (text: string, name: string) => Number(new RegExp(`<testsuite [^>]*${name}="(\\d+)"`).exec(text)![1]);

Deno.test("junit: a run with each fault equals its golden file", () => {
  assertGolden("fail.junit.xml", reportJunit(reportOf(failed())));
});

Deno.test("junit: the counts match the suite, and the XML is well-formed", () => {
  for (const report of [passed(), failed(), voided()].map((result) => reportOf(result)).concat(hostile())) {
    const text = reportJunit(report);
    const names = assertWellFormed(text);
    assert.deepEqual(names.slice(0, 2), ["testsuites", "testsuite"]);
    assert.equal(told(text, "tests"), count(text, "testcase"));
    assert.equal(told(text, "failures"), count(text, "failure"));
    assert.equal(told(text, "errors"), count(text, "error"));
    assert.equal(told(text, "skipped"), count(text, "skipped"));
  }
});

Deno.test("junit: has a case for each kill mode and each check; a run that passed has no failure", () => {
  const text = reportJunit(reportOf(passed()));
  for (const mode of ["reset", "close", "leave"]) {
    assert.ok(text.includes(`classname="mqtt-sim.kill-mode" name="${mode}"`));
  }
  assert.equal(text.split('classname="mqtt-sim.check"').length - 1, 8);
  assert.equal(count(text, "failure") + count(text, "error"), 0);
});

Deno.test("junit: a void run is an error without results of its cases", () => {
  const text = reportJunit(reportOf(voided()));
  assert.match(text, /<error message="Cannot reach /);
  assert.equal(count(text, "skipped"), count(text, "testcase") - 1);
});

Deno.test("junit: escapes hostile names", () => assert.ok(!reportJunit(hostile()).includes(script)));
