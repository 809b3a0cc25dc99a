/** The floor, the rate and the storms in words. */
import assert from "node:assert/strict";
import type { StormResult } from "../../../../src/fleet/result/storm_result.ts";
import { modeCsv } from "../../../../src/report/export/csv.ts";
import { reportJunit } from "../../../../src/report/export/junit.ts";
import { reportMarkdown } from "../../../../src/report/export/markdown.ts";
import { reportHtml } from "../../../../src/report/html/html.ts";
import { stormPlot } from "../../../../src/report/html/page/storm/storm_plot.ts";
import {
  floorText,
  latencyNote,
  shownStorms,
  stormCurve,
  stormText,
  willRateText,
} from "../../../../src/report/model/arrivals/arrival_text.ts";
import { comparisonRows } from "../../../../src/report/model/comparison_rows.ts";
import { mergeReports } from "../../../../src/report/model/merge_reports.ts";
import { applyThresholds, parseThreshold } from "../../../../src/report/model/threshold.ts";
import { reportText } from "../../../../src/report/terminal/text.ts";
import { storm, stormFigures } from "../../long_sample.ts";
import { context, passed, reportOf } from "../../sample.ts";
import { comparedRun, makeComparison } from "../../../../src/report/model/comparison.ts";

const two = () => reportOf({ ...passed(), ...stormFigures(800, 0, 0.5, true) });
const earlier = () => {
  const { brokerLatencyMs: _, floorMs: __, willRate: ___, ...result } = passed();
  return reportOf(result);
};

Deno.test("storms in words: shares that the wills did not reach are named", () => {
  assert.equal(
    stormText(storm().storms!.each[0]!),
    "1,400 lives ended by kills at 2,100 ms; 1,392 of 1,400 wills arrived: 50% after 96.4 ms, 90% after 217 ms, " +
      "99% after 250 ms, 100% not reached; 5,573 wills/s",
  );
  const [one] = two().storms!.each as [StormResult];
  assert.match(
    stormText({ ...one, seen: 0, untilMs: {} }),
    /0 of 800 wills arrived: 50%, 90%, 99% and 100% not reached$/,
  );
  assert.match(stormText({ ...one, due: 0, seen: 0, untilMs: {} }), /; no will was due$/);
});

Deno.test("storms in words: the curve has its full bar where all wills have arrived, and only there", () => {
  assert.match(stormCurve(two().storms!.each[0]!)!, /^0 │▁.*▇█│ 801 ms$/);
  assert.match(stormCurve(storm().storms!.each[0]!)!, /^0 │▁[^█]*▇│ 252 ms$/);
  const [one] = two().storms!.each as [StormResult];
  assert.equal(stormCurve({ ...one, curve: [{ atMs: 5, share: 1 }] }), undefined);
  assert.equal(stormCurve(one, 12)!.length, "0 │".length + 12 + "│ 801 ms".length);
});

Deno.test("storms in words: of many storms the slowest are shown, in their order", () => {
  const [one] = two().storms!.each as [StormResult];
  const each = Array.from({ length: 12 }, (_, place): StormResult => ({
    ...{ ...one, phase: place, untilMs: place === 3 ? { p50: 1 } : { p100: place === 5 ? 1 : 100 + place } },
  }));
  const { shown, left } = shownStorms({ ...two(), storms: { ...two().storms!, each } });
  assert.deepEqual(shown.map(({ phase }) => phase), [3, 4, 6, 7, 8, 9, 10, 11]);
  assert.equal(left, 4);
  assert.match(reportText({ ...two(), storms: { ...two().storms!, each } }), /4 faster storms in the JSON report/);
});

const writers = { text: reportText, markdown: reportMarkdown, junit: reportJunit, page: reportHtml };
for (const [name, write] of Object.entries(writers)) {
  Deno.test(`${name}: states both latencies, the floor with its engine, and each storm`, () => {
    const text = write(two());
    const { all } = two().brokerLatencyMs!;
    assert.equal(all.p50, 1.938);
    for (const part of ["1.94 ms", "0.060 ms", "loopback echoes with engine epoll", "801 ms", "401 ms"]) {
      assert.ok(text.includes(part), part);
    }
    assert.match(text, /restart/);
  });

  Deno.test(`${name}: a report of an earlier version is written without them`, () => {
    const text = write(earlier());
    assert.doesNotMatch(text, /broker alone|completed kill|instrument adds/i);
  });
}

Deno.test("floor: the sentence names the engine", () => {
  assert.match(
    floorText({ ...two(), engine: "deno" })!,
    /^this instrument adds 0.060 ms .* engine deno; p99 0.079 ms\)$/,
  );
  assert.equal(floorText(earlier()), undefined);
  assert.equal(latencyNote(earlier()), undefined);
});

Deno.test("rate: a run whose wills arrived in one instant has none", () => {
  const { willRate: rate, ...report } = two();
  assert.equal(willRateText({ ...report, willRate: rate! }), "1,200 in 10.3 s, 116 wills/s from the first to the last");
  assert.equal(willRateText({ ...report, willRate: { wills: 3, firstMs: 5, lastMs: 5 } }), undefined);
});

Deno.test("storm plot: a line for each storm, which ends at its last will", () => {
  const { lines, data: [instants, kills, restart] } = stormPlot(two());
  assert.deepEqual(lines.map(({ label }) => label), ["kills at 2,100 ms", "restart at 12.0 s"]);
  assert.equal(kills!.at(-1), 100);
  const last = restart!.findLastIndex((share) => share !== null);
  assert.deepEqual([restart![last], Math.round(instants![last]!)], [100, 401]);
  assert.ok(kills!.every((share, place) => place === 0 || share! >= kills![place - 1]!));
});

Deno.test("thresholds: of several storms the slowest counts, and a share that was not reached is not met", () => {
  const met = (report: ReturnType<typeof two>, expression: string) =>
    applyThresholds(report, [parseThreshold(expression)]).thresholds![0]!.met;
  assert.equal(met(two(), "storms.untilMs.p100<802ms"), true);
  assert.equal(met(two(), "storms.untilMs.p100<800ms"), false);
  assert.equal(met(two(), "storms.each.1.untilMs.p100<402"), true);
  assert.equal(met(storm(), "storms.untilMs.p99<1s"), true);
  assert.equal(met(storm(), "storms.untilMs.p100<1h"), false);
  assert.equal(met(two(), "brokerLatencyMs.all.p95<1s"), true);
  assert.equal(met(two(), "brokerLatencyMs.byMode.reset.p99<1us"), false);
  assert.equal(met(storm(), "storms.seen>99%"), true);
  assert.equal(met(two(), "willRate.perSecond>100/s"), true);
});

Deno.test("comparison: brokers have rows for both latencies and the storms", () => {
  const brokers = [comparedRun("one", two()), comparedRun("two", storm())];
  const rows = comparisonRows(makeComparison(brokers, context.tool));
  const group = (name: string) => rows.find((each) => each.name === name)!.rows;
  const texts = group("Storms").map(({ name, cells }) => [name, ...cells.map(({ text }) => text)]);
  assert.deepEqual(texts, [
    ["50% of the wills after", "301 ms", "96.4 ms"],
    ["90% of the wills after", "685 ms", "217 ms"],
    ["99% of the wills after", "789 ms", "250 ms"],
    ["100% of the wills after", "801 ms", "not reached"],
    ["wills a second", "1,000.6/s", "5,573.5/s"],
  ]);
  assert.equal(group("Completed kill to will")[0]!.cells[0]!.text, "1.94 ms");
});

Deno.test("merge: parts add up their storms and latencies; a part of an earlier version leaves them out", () => {
  const part = (report: ReturnType<typeof two>, name: string, startedAt: string) => ({
    name,
    report: { ...report, run: { ...report.run, startedAt, durationMs: 1 } },
  });
  const parts = [part(two(), "a", "2026-01-02T03:04:05.000Z"), part(two(), "b", "2026-01-02T03:04:06.000Z")];
  const merged = mergeReports(parts);
  assert.equal(merged.brokerLatencyMs!.all.count, 2 * 1_392);
  assert.equal(merged.floorMs!.count, 400);
  const [{ due, seen, untilMs }] = merged.storms!.each as [StormResult];
  assert.deepEqual({ due, seen, p100: Math.round(untilMs.p100!) }, { due: 1_600, seen: 1_600, p100: 801 });
  const { wills, firstMs, lastMs } = merged.willRate!;
  const own = two().willRate!;
  assert.deepEqual({ wills, firstMs, lastMs }, { wills: 2_400, firstMs: own.firstMs, lastMs: own.lastMs + 1_000 });
  const mixed = mergeReports([parts[0]!, part(earlier(), "c", "2026-01-02T03:04:06.000Z")]);
  const { brokerLatencyMs, storms, floorMs } = mixed;
  assert.deepEqual({ brokerLatencyMs, storms, floorMs }, {
    ...{ brokerLatencyMs: undefined, storms: undefined, floorMs: undefined },
  });
  assert.equal(modeCsv(merged).split("\r\n")[0]!.split(",").length, 27);
});
