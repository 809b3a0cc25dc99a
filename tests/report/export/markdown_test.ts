import assert from "node:assert/strict";
import { reportMarkdown } from "../../../src/report/export/markdown.ts";
import { assertGolden } from "../golden.ts";
import { hostile, script } from "../hostile.ts";
import { failed, passed, reportOf, voided } from "../sample.ts";

Deno.test("markdown: a run that passed equals its golden file", () =>
  assertGolden("pass.md", reportMarkdown(reportOf(passed(), { embedded: true }))));

Deno.test("markdown: a run that failed equals its golden file", () =>
  assertGolden("fail.md", reportMarkdown(reportOf(failed()))));

Deno.test("markdown: a void run has no table", () => assert.ok(!reportMarkdown(reportOf(voided())).includes("| mode")));

Deno.test("markdown: escapes names, so that they format nothing, mention no user and close no table", () => {
  const [text = "", code = ""] = reportMarkdown(hostile()).split("Repeat this run:");
  assert.ok(!text.includes(script));
  assert.doesNotMatch(text, /@team|(?<!\\)`|(?<!\\)\[x\]/);
  const [, fence = ""] = /^(`+)sh$/m.exec(code)!;
  assert.ok(code.slice(code.indexOf("sh\n") + 3, code.lastIndexOf(fence)).search(fence) === -1, "the fence holds");
});
