import assert from "node:assert/strict";
import { deltaOf, measureOf } from "../../../src/report/model/comparison_delta.ts";
import { makeComparison } from "../../../src/report/model/comparison.ts";
import { comparisonRows } from "../../../src/report/model/comparison_rows.ts";
import { bad, gone, good } from "../comparison_sample.ts";
import { parseTolerance } from "../../../src/report/model/tolerance.ts";
import { comparisonHtml } from "../../../src/report/html/comparison_html.ts";
import { context } from "../sample.ts";

const comparison = makeComparison([gone(), good("embedded"), good("slow", 3), good("swift", 0.5), bad()], context.tool);
const deltas = (group: string, row: string) =>
  comparisonRows(comparison).find(({ name }) => name === group)!.rows.find(({ name }) => name === row)!.cells
    .map(({ delta }) => delta && `${delta.text} ${delta.trend}`);

const cases = [
  { group: "Wills", row: "missing", expected: [undefined, undefined, "±0 same", "±0 same", "+25 worse"] },
  { group: "Wills", row: "on time", expected: [undefined, undefined, "±0 points same", "±0 points same"] },
  { group: "Kill to will", row: "p99", expected: [undefined, undefined, "+200% worse", "−50% better"] },
  { group: "Run", row: "kills", expected: [undefined, undefined, undefined, undefined, undefined] },
] as const;

for (const { group, row, expected } of cases) {
  Deno.test(`comparison delta: ${row} differs from the first broker that ran`, () => {
    assert.deepEqual(deltas(group, row).slice(0, expected.length), expected);
  });
}

Deno.test("comparison delta: times within a tenth are the same, counts are not", () => {
  const { report } = good("one");
  const p99 = measureOf("Kill to will", "p99")!;
  const slower = (factor: number) => good("other", factor).report!;
  assert.equal(deltaOf(p99, report!, slower(1.08))!.trend, "same");
  assert.equal(deltaOf(p99, report!, slower(1.12))!.trend, "worse");
  assert.equal(deltaOf(p99, report!, slower(0.88))!.trend, "better");
  assert.equal(deltaOf(p99, report!, slower(30))!.text, "30 times");
});

Deno.test("comparison page: wrong wills come first, with deltas and marks, and no rule is in a cell", () => {
  const page = comparisonHtml(comparison).replaceAll(/\s+/g, " ");
  const table = page.split('<table id="compare">')[1]!.split("</table>")[0]!;
  const groups = [...table.matchAll(/scope="rowgroup">([^<]+)</g)].map(([, name]) => name);
  assert.deepEqual(groups, [
    "Wills",
    "By kill mode: on time / due",
    "Kill to will",
    "Completed kill to will",
    "Run",
    "Other figures",
  ]);
  assert.match(table, /embedded<small>baseline<\/small>/);
  assert.match(table, /<small class="delta worse">\+25 worse<\/small>/);
  assert.match(table, /<small class="delta better">−50% better<\/small>/);
  assert.ok(!table.includes("3.1.2-8"));
  assert.match(page, /<li><b>brittle<\/b>: 25 missing by MQTT 5.0, 3.1.2-8; /);
});

Deno.test("comparison page: what exceeds a tolerance is a list above the table, not a note", () => {
  const { brokers } = comparison;
  const worse = makeComparison([brokers[1]!, brokers[2]!], context.tool, [parseTolerance("10%")]);
  const page = comparisonHtml(worse).replaceAll(/\s+/g, " ");
  assert.match(page, /What got worse<\/h2> <ul[^>]*><li>slow: latencyMs.all.p50 is [^<]+ 200% more than/);
  assert.ok(page.indexOf('id="worse"') < page.indexOf('id="compare"'));
  assert.equal(page.split("slow: latencyMs.all.p50 is").length, 2);
});
