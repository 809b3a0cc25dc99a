/** The matrix of a cluster as text, Markdown and HTML, with and without the cells of a node with itself. */
import assert from "node:assert/strict";
import type { NodeCell } from "../../../src/fleet/result/group_result.ts";
import { reportMarkdown } from "../../../src/report/export/markdown.ts";
import { nodePart } from "../../../src/report/html/page/group_part.ts";
import { nodeTable } from "../../../src/report/terminal/node_table.ts";
import { plainStyle } from "../../../src/report/terminal/style.ts";
import { passed, reportOf } from "../sample.ts";

const latencyMs = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, hdr: "" };

function cell(from: string, at: string, seen: number): NodeCell {
  return { from, at, due: 9, seen, missing: 9 - seen, duplicates: 0, latencyMs };
}

const whole = {
  ...reportOf(passed()),
  byNode: [cell("a", "a", 9), cell("a", "b", 8), cell("b", "a", 7), cell("b", "b", 6)],
};
const apart = { ...whole, byNode: whole.byNode.filter(({ from, at }) => from !== at) };

Deno.test("node table: each cell is below its node, also where a node has no cell with itself", () => {
  assert.deepEqual(nodeTable(whole, 80, plainStyle), [
    "died on  seen on a  seen on b",
    "a           9 of 9     8 of 9",
    "b           7 of 9     6 of 9",
  ]);
  assert.deepEqual(nodeTable(apart, 80, plainStyle), [
    "died on  seen on a  seen on b",
    "a                –     8 of 9",
    "b           7 of 9          –",
  ]);
});

Deno.test("node table: a narrow terminal, Markdown and the page have the same cells", () => {
  assert.deepEqual(nodeTable(apart, 20, plainStyle), [
    "died on a, seen on b: 8 of 9",
    "died on b, seen on a: 7 of 9",
  ]);
  assert.match(reportMarkdown(apart), /^\| a \| – \| \*\*8 of 9\*\* \|\n\| b \| \*\*7 of 9\*\* \| – \|$/m);
  assert.match(nodePart(apart)!.text, /<th scope="row">a<\/th><td>–<\/td><td class="bad"><b>8 of 9<\/b><\/td>/);
});
