import assert from "node:assert/strict";
import { checkHtml, checkMain } from "../../src/report/html/check_html.ts";
import { checkJunit } from "../../src/report/export/check_junit.ts";
import { checkMarkdown } from "../../src/report/export/check_markdown.ts";
import { checkReportJson, ruleRows } from "../../src/report/model/check_report.ts";
import { checkText } from "../../src/report/terminal/check_text.ts";
import { assertWellFormed } from "../support/well_formed.ts";
import { checkSample, hostileCheck, voidCheck } from "./check_sample.ts";
import { assertGolden } from "./golden.ts";
import { script } from "./hostile.ts";
import { eachCase } from "../support/steps.ts";

Deno.test("check writers: a check with each outcome equals its golden file in each format", () => {
  const report = checkSample();
  assertGolden("check.txt", checkText(report));
  assertGolden("check.verbose.txt", checkText(report, { verbose: true }));
  assertGolden("check.md", checkMarkdown(report));
  assertGolden("check.junit.xml", checkJunit(report));
  assertGolden("check.main.html", `${checkMain(report).text.replaceAll(/^\s+|[ \t]+$/gm, "")}\n`);
  assert.deepEqual(JSON.parse(checkReportJson(report)), report);
});

Deno.test("check writers: sort rules by version and by number, not as text", () => {
  const rows = ruleRows(checkSample()).map(({ protocol, rule }) => `${protocol} ${rule}`);
  assert.deepEqual(rows.slice(0, 2), ["3.1.1 3.1.2-8", "5.0 3.1.2-8"]);
  assert.equal(rows.at(-1), "5.0 4.13.1-1");
  assert.ok(rows.indexOf("5.0 3.1.2-10") > rows.lastIndexOf("5.0 3.1.2-8"));
});

Deno.test("check writers: JUnit counts match the suites, and the XML is well-formed", async (t) => {
  await eachCase(t, [checkSample(), voidCheck(), hostileCheck()], (report) => {
    const text = checkJunit(report);
    assertWellFormed(text);
    for (const suite of text.split("<testsuite ").slice(1)) {
      const attribute = (name: string) => Number(new RegExp(`${name}="(\\d+)"`).exec(suite)![1]);
      const count = (element: string) => suite.split(`<${element}`).length - 1;
      assert.deepEqual(
        {
          tests: attribute("tests"),
          failures: attribute("failures"),
          errors: attribute("errors"),
          skipped: attribute("skipped"),
        },
        { tests: count("testcase"), failures: count("failure"), errors: count("error"), skipped: count("skipped") },
      );
    }
  });
  const timesOf = (text: string, element: string) =>
    [...text.matchAll(new RegExp(`<${element} [^>]*\\btime="([0-9.]+)"`, "g"))].map((match) => Number(match[1]));
  const text = checkJunit(checkSample());
  const [whole, suites] = [timesOf(text, "testsuites"), timesOf(text, "testsuite")];
  assert.deepEqual(whole, [checkSample().durationMs / 1_000], "the check ran once");
  assert.equal(suites.length, 2);
  assert.ok(Math.abs(suites[0]! + suites[1]! - whole[0]!) < 0.002, `${suites}`);
  assert.match(checkJunit(voidCheck()), /<error message="watcher got no message">/);
});

Deno.test("check writers: the page has each case once, in its area, with what a search needs", async (t) => {
  const report = checkSample();
  const main = checkMain(report).text;
  const areas = main.split('<details class="card area"').slice(1).map((part) => part.split("</details>")[0]!);
  assert.deepEqual(areas.map((area) => /data-area="(\w+)"/.exec(area)![1]), ["will", "connect"]);
  const outcomes = areas.map((area) => [...area.matchAll(/<tr data-outcome="([^"]+)"/g)].map(([, outcome]) => outcome));
  assert.deepEqual(outcomes, [["fail", "deviation", "not testable", "pass", "pass"], ["pass", "pass"]]);
  assert.match(areas[0]!, /will\/four[^]*?it needs a login[^]*?not testable[^]*?5\.0[^]*?3\.1\.2-10, 3\.1\.2-8/);
  assert.deepEqual([...main.matchAll(/<option value="([\d.-]+)">/g)].map(([, rule]) => rule), [
    ...["3.1.2-8", "3.1.2-10", "4.13.1-1"],
  ]);
  assert.match(main, /id="filter"[^>]* hidden/);
  await eachCase(t, areas, (area) => {
    assert.ok(!/^[^>]* open/.test(area));
  });
});

Deno.test("check writers: text and page of a void check contain the transcript of its control arm", async (t) => {
  await eachCase(t, [checkText(voidCheck()), checkHtml(voidCheck())], (form) => {
    assert.match(form, /control arm/);
    assert.match(form, /30 03 00 01 61/);
  });
});

Deno.test("check writers: escape hostile text in each format", () => {
  const report = hostileCheck();
  for (const form of [checkHtml(report), checkJunit(report)]) assert.ok(!form.includes(script));
  assert.equal(checkHtml(report).split("<script").length - 1, 2);
  const outside = checkMarkdown(report).replaceAll(/````text[^]*?\n {2}````\n/g, "");
  assert.ok(!outside.includes(script) && !outside.includes("````"), outside);
});
