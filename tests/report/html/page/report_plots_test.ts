import assert from "node:assert/strict";
import { everyKillMode } from "../../../../src/fleet/plan/kill_mode.ts";
import { drawnSeries } from "../../../../src/report/html/page/drawn_series.ts";
import { reportPlots } from "../../../../src/report/html/page/report_plots.ts";
import { failed, latency, passed, reportOf } from "../../sample.ts";

const idsOf = (report: Parameters<typeof reportPlots>[0]) => reportPlots(report).map(({ id }) => id);
const plotOf = (report: Parameters<typeof reportPlots>[0], id: string) =>
  reportPlots(report).find((plot) => plot.id === id)!;

Deno.test("plots: of a pass show due and seen wills as equal, although clients left without a will", () => {
  const { lines, data } = plotOf(reportOf(passed()), "rate");
  assert.deepEqual(lines.map(({ label }) => label), ["seen", "due"]);
  assert.deepEqual(data[1], data[2]);
});

Deno.test("plots: each will is due at each of its watchers", () => {
  const { data } = plotOf(reportOf(passed({ fanOut: 3, watchers: 3 })), "rate");
  assert.equal(data[2]![5], 3 * 48);
});

Deno.test("plots: of a report of an earlier version show the seen wills alone", () => {
  const series = passed().series.map(({ due: _, ...point }) => point);
  const { lines, title } = plotOf(reportOf(passed({}, { series })), "rate");
  assert.deepEqual({ lines: lines.map(({ label }) => label), title }, { lines: ["seen"], title: "Wills seen" });
});

Deno.test("plots: wrong wills over time come first in a failure, by kind, and are absent in a pass", () => {
  const [first] = reportPlots(reportOf(failed()));
  assert.equal(first!.id, "fault-times");
  assert.deepEqual(first!.lines.map(({ label }) => label), ["missing", "late", "duplicate"]);
  assert.deepEqual(first!.data.map((column) => column[12]), [13, 5, 6, 4]);
  assert.ok(!idsOf(reportOf(passed())).includes("fault-times"));
});

Deno.test("plots: a storm shows the share of wills by millisecond, and no latency by second", () => {
  const series = passed().series.slice(0, 5).map((point, second) =>
    second === 2 ? { ...point, wills: 1_392, due: 1_400 } : { ...point, wills: 0, due: 0, byMode: {} }
  );
  const sample = passed({}, { series });
  const report = reportOf({ ...sample, wills: { ...sample.wills, expected: 1_400, missing: 8 } });
  assert.deepEqual(idsOf(report), ["rate", "alive", "arrivals", "percentiles"]);
  const { x, unit, data: [within, share] } = plotOf(report, "arrivals");
  assert.deepEqual({ x, unit }, { x: "ms", unit: "percent" });
  assert.ok(within!.length > 90, `${within!.length} points`);
  assert.ok(within!.every((ms, at) => at === 0 || ms! > within![at - 1]!), "each instant once");
  assert.equal(share!.at(-1), 99.43);
  assert.ok(within!.at(-1)! < 10);
});

Deno.test("plots: with many kill modes show the three slowest and the others as one line", () => {
  const byMode = Object.fromEntries(everyKillMode.map((mode, index) => [mode, latency(200, 1 + index * 10, 0.01)]));
  const point = passed().series[5]!;
  const modes = Object.fromEntries(everyKillMode.map((mode, index) => [mode, { ...latency(5, 1 + index * 10, 0.01) }]));
  const sample = passed();
  const report = reportOf({
    ...sample,
    latencyMs: { all: sample.latencyMs.all, byMode },
    series: sample.series.map((each) => ({ ...each, byMode: each.wills === 0 ? {} : { ...point.byMode, ...modes } })),
  });
  const slowest = everyKillMode.slice(-3);
  const { lines, data } = plotOf(report, "modes");
  assert.deepEqual(lines.map(({ label }) => label), [...slowest, "7 others"]);
  assert.equal(Math.round(data[4]![5]!), 1 + (everyKillMode.length - 4) * 10);
  assert.deepEqual(plotOf(report, "percentiles").lines.map(({ label }) => label), ["all", ...slowest, "7 others"]);
});

Deno.test("plots: ten hours are at most 300 intervals, whose counts add up and whose latencies are joined", () => {
  const fast = latency(99, 1, 0);
  const slow = latency(1, 500, 0);
  const series = Array.from({ length: 1_000 }, (_, at) => ({
    ...{ atMs: (at + 1) * 36_000, alive: at, kills: 2, wills: 100, due: 101, faults: { missing: 1 } },
    ...{ p50: 1, p99: 1, max: 500, byMode: at % 4 === 0 ? { reset: fast, close: slow } : { reset: fast } },
  }));
  const drawn = drawnSeries(series);
  assert.equal(drawn.length, 250);
  const [first] = drawn;
  assert.deepEqual([first!.atMs, first!.alive, first!.kills, first!.wills, first!.due, first!.faults], [
    ...[144_000, 3, 8, 400, 404],
    { missing: 4 },
  ]);
  assert.deepEqual([first!.p50, first!.p99, first!.max].map(Math.round), [1, 1, 500]);
  assert.equal(Math.round(first!.byMode.close!.p99), 500);
  const sum = (points: readonly { readonly wills: number }[]) => points.reduce((all, { wills }) => all + wills, 0);
  assert.equal(sum(drawn), sum(series));
  assert.equal(drawnSeries(series.slice(0, 300)).length, 300);
});
