import assert from "node:assert/strict";
import type { RestartResult } from "../../../../src/fleet/result/restart_result.ts";
import { plotTable } from "../../../../src/report/html/page/plot.ts";
import { fittingText, lonePoints, markHas } from "../../../../src/report/html/page/plot_script.js";
import { alivePlot, reportPlots } from "../../../../src/report/html/page/report_plots.ts";
import { marksKey, marksWithin, timeMarks } from "../../../../src/report/html/page/time_marks.ts";
import { failed, passed, reportOf } from "../../sample.ts";

const stages = [
  { name: "kill", groups: ["a", "b"], fromMs: 1_000, toMs: 3_000 },
  { name: "restart", fromMs: 3_000, toMs: 5_000 },
  { name: "hold", fromMs: 5_000 },
] as const;
const restart = { downAtMs: 3_100, backAtMs: 4_800 } as RestartResult;

Deno.test("time marks: stages are marks in seconds, and a restart lasts until the broker is back", () => {
  const [kill, , hold] = timeMarks(stages);
  assert.deepEqual(kill, { label: "kill a, b", look: "stage", from: 1, to: 3 });
  assert.deepEqual(hold, { label: "hold", look: "stage", from: 5 });
  assert.deepEqual(timeMarks(stages)[1], { label: "restart", look: "outage", from: 3, to: 5 });
  assert.deepEqual(timeMarks(stages, [restart])[1], { label: "restart", look: "outage", from: 3.1, to: 4.8 });
});

Deno.test("time marks: a step lists the marks that it is in, each once and a limited number", () => {
  const marks = timeMarks(stages, [restart]);
  assert.equal(marksWithin(marks, 1, 2), "kill a, b");
  assert.equal(marksWithin(marks, 2, 4), "kill a, b, restart");
  assert.equal(marksWithin(marks, 8, 9), "hold");
  assert.equal(marksWithin(marks, 0, 1), "");
  const many = timeMarks(
    [1, 2, 3, 4, 5].map((number) => ({ name: "kill", groups: [`${number}`], fromMs: 0, toMs: 9 })),
  );
  assert.equal(marksWithin(many, 0, 1), "kill 1, kill 2, kill 3 and 2 more");
});

Deno.test("time marks: each plot over time has the marks, and its table lists them", () => {
  const plots = reportPlots(reportOf(failed()));
  for (const plot of plots) {
    const table = plotTable(plot).text;
    assert.equal(plot.marks !== undefined, plot.x === "seconds", plot.id);
    assert.equal(
      /<th scope="row">kill sensors, gateways<\/th><td>4,000 ms<\/td><td>12.0 s</.test(table),
      plot.x === "seconds",
    );
    assert.equal(table.includes('<td class="during">hold, restart</td>'), plot.x === "seconds");
  }
});

Deno.test("time marks: plots of a report without stages have no marks", () => {
  const { stages: _, ...report } = reportOf(passed());
  assert.ok(reportPlots(report).every(({ marks }) => marks === undefined));
  assert.ok(!plotTable(alivePlot(report.series)).text.includes("during"));
});

Deno.test("time marks: a point is at the end of its step, and so at the end of a mark", () => {
  assert.deepEqual([1, 2, 3, 4].map((at) => markHas({ from: 1, to: 3 }, at)), [false, true, true, false]);
  assert.equal(markHas({ from: 1 }, 9), true);
});

Deno.test("time marks: the key lists each mark by its number on the plots, up to a limit", () => {
  const key = marksKey(timeMarks([...stages, { name: "kill", fromMs: 6_000, toMs: 6_000 }], [restart]))!.text;
  assert.deepEqual(key.match(/<li.*<\/li>/g), [
    "<li><b>kill a, b</b> from 1,000 ms to 3,000 ms</li>",
    '<li class="outage"><b>restart</b> from 3,100 ms to 4,800 ms</li>',
    "<li><b>hold</b> from 5,000 ms on</li>",
    "<li><b>kill</b> at 6,000 ms</li>",
  ]);
  const many = timeMarks(Array.from({ length: 32 }, (_, at) => ({ name: "hold", fromMs: at, toMs: at + 1 }) as const));
  assert.match(marksKey(many)!.text, /<li>2 more in the tables of the plots<\/li><\/ol>$/);
  assert.equal(marksKey([]), undefined);
});

Deno.test("time marks: a plot shows a name, its number where space is short, and nothing where there is none", () => {
  const letters = { measureText: (text: string) => ({ width: text.length }) };
  const fitted = [20, 12, 8, 4, 1, 0].map((room) => fittingText(letters, [[2, "kill sensors"]], room));
  assert.deepEqual(fitted, ["2 kill sensors", "2 kill sens…", "2 kill …", "2", "2", ""]);
  const shared = [20, 10, 4].map((room) => fittingText(letters, [[3, "kill"], [4, "drain"]], room));
  assert.deepEqual(shared, ["3 kill, 4 drain", "3 kill, 4…", "3, 4"]);
});

Deno.test("time marks: a single step, such as a storm's, is a point without a line", () => {
  assert.deepEqual(lonePoints([null, 3, null, 4, 5, null, 6]), [1, 6]);
  assert.deepEqual(lonePoints([7]), [0]);
  assert.deepEqual(lonePoints([0, 0, 0]), []);
});
