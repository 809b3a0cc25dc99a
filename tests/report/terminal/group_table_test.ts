import assert from "node:assert/strict";
import { groupTable } from "../../../src/report/terminal/group_table.ts";
import { reportHtml } from "../../../src/report/html/html.ts";
import { reportMarkdown } from "../../../src/report/export/markdown.ts";
import { groupPart } from "../../../src/report/html/page/group_part.ts";
import type { Report } from "../../../src/report/model/report.ts";
import { plainStyle } from "../../../src/report/terminal/style.ts";
import { reportText } from "../../../src/report/terminal/text.ts";
import { grouped } from "../grouped_sample.ts";
import { hostile, script } from "../hostile.ts";
import { failed, passed, reportOf } from "../sample.ts";

const report = reportOf(grouped());

Deno.test("group table: text has a line for each group, and a last line of all", () => {
  assert.deepEqual(groupTable(report, 130, plainStyle), [
    "group      clients    kills     due  on time  wrong  states wrong  telemetry       p50       p99  broker p50  broker p99",
    "sensors        910   99,036  89,048   89,023     30             5     30,000  7,193 ms    14.3 s    6,394 ms      12.7 s",
    "gateways        90    1,000     990      980     10             2          0  1,592 ms  3,162 ms    1,394 ms    2,767 ms",
    "no client        0        0       0        0      1             0          0         –         –           –           –",
    "all          1,000  100,036  90,038   90,003     41             7     30,000  7,995 ms    15.8 s    7,893 ms      15.6 s",
  ]);
  assert.ok(reportText(report, { width: 120 }).includes("\nno client "));
});

Deno.test("group table: a narrow terminal omits columns and says so", () => {
  const lines = groupTable(report, 80, plainStyle);
  assert.ok(lines.every((line) => line.length <= 80), lines.join("\n"));
  assert.match(
    lines.slice(-2).join(" "),
    /The table is too narrow; the other reports also have: broker p50, telemetry, broker p99, clients\.$/,
  );
  const long: Report = { ...report, byGroup: [{ ...report.byGroup![0]!, name: "n".repeat(60) }] };
  assert.ok(groupTable(long, 80, plainStyle)[1]!.startsWith(`${"n".repeat(23)}…  `));
});

Deno.test("group table: Markdown and page have the same rows and mark faults", () => {
  const markdown = reportMarkdown(report);
  assert.match(
    markdown,
    /^\| gateways \| 90 \| 1,000 \| 990 \| 980 \| \*\*10\*\* \| \*\*2\*\* \| 0 \| 1,592 ms \| 3,162 ms \| 1,394 ms \| 2,767 ms \|$/m,
  );
  const part = groupPart(report)!.text;
  assert.match(part, /<th scope="row">no client<\/th><td>0<\/td>/);
  assert.match(part, /<tr class="all"><th scope="row">all<\/th>.*<td class="bad"><b>41<\/b><\/td>/);
  assert.equal(part.split('<th scope="row">').length - 1, 4);
});

Deno.test("group table: is absent without groups; columns of presence and telemetry only if the run has them", () => {
  const plain = reportOf(failed());
  assert.deepEqual(groupTable(plain, 100, plainStyle), []);
  assert.equal(groupPart(plain), undefined);
  assert.ok(!reportMarkdown(plain).includes("| group |"));
  const { byGroup } = report;
  const [head] = groupTable({ ...reportOf(passed()), byGroup: byGroup! }, 100, plainStyle);
  assert.ok(!/states|telemetry|deviating/.test(head!), head!);
});

Deno.test("group table: escapes the name of a group", () => {
  assert.ok(!reportHtml(hostile()).includes(script));
  const [row] = reportMarkdown(hostile()).split("\n").filter((line) => line.includes("99,036 | 89,048"));
  assert.ok(!row!.includes(script) && row!.includes("alert"));
  assert.equal(row!.split(/(?<!\\)\|/).length, 14);
});
