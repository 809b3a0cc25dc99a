import assert from "node:assert/strict";
import { joinSeries, mergeSeries, Series, stretchMs } from "../../../src/fleet/tally/series.ts";

const minuteMs = 60_000;

Deno.test("series: a step is one second until a run has more than a thousand steps", () => {
  assert.equal(stretchMs(30_000), 1_000);
  assert.equal(stretchMs(1_000_000), 1_000);
  assert.equal(stretchMs(1_000_001), 2_000);
  assert.equal(stretchMs(86_400_000), 87_000);
});

Deno.test("series: cumulative counts become counts of each step", () => {
  const series = new Series(100, minuteMs);
  series.advance({ alive: 10, kills: 2, wills: 1 }, 1_099);
  series.recordLatency(4, "reset", 3);
  series.advance({ alive: 9, kills: 3, wills: 2 }, 1_100);
  series.advance({ alive: 8, kills: 7, wills: 6 }, 2_500);
  const points = mergeSeries([series.finish({ alive: 8, kills: 7, wills: 7 })], minuteMs);
  assert.deepEqual(points.map(({ atMs, alive, kills, wills }) => [atMs, alive, kills, wills]), [
    [1_000, 9, 3, 2],
    [2_000, 8, 4, 4],
    [3_000, 8, 0, 1],
  ]);
  assert.deepEqual(points.map(({ max }) => Math.round(max)), [4, 0, 0]);
});

Deno.test("series: several squads add up, and a squad without data keeps its last number of living clients", () => {
  const one = [
    { index: 0, alive: 5, kills: 1, wills: 1, latencies: {} },
    { index: 2, alive: 3, kills: 2, wills: 2, latencies: {} },
  ];
  const other = [{ index: 0, alive: 7, kills: 0, wills: 0, latencies: {} }];
  const points = mergeSeries([one, other], minuteMs);
  assert.deepEqual(points.map(({ alive, kills }) => [alive, kills]), [[12, 1], [12, 0], [10, 2]]);
});

Deno.test("series: latencies of several squads form one distribution, not an average", () => {
  const squads = [1, 100].map((latencyMs) => {
    const series = new Series(0, minuteMs);
    for (let count = 0; count < 10; count++) series.recordLatency(latencyMs, "close", latencyMs / 2);
    return series.finish({ alive: 0, kills: 0, wills: 0 });
  });
  const [point] = mergeSeries(squads, minuteMs);
  assert.equal(Math.round(point!.p50), 1);
  assert.equal(Math.round(point!.p99), 100);
  assert.deepEqual([point!.broker?.count, Math.round(point!.broker!.p99)], [20, 50]);
});

Deno.test("series: due and faulty wills count in the step of their instant, also when they are judged later", () => {
  const series = new Series(100, minuteMs);
  series.advance({ alive: 9, kills: 3, wills: 2 }, 1_100);
  series.advance({ alive: 8, kills: 3, wills: 2 }, 2_100);
  series.count(600, { expected: 1, onTime: 1 });
  series.count(1_099, { expected: 1, missing: 1 });
  series.count(1_100, { expected: 1, late: 1, duplicate: 2 });
  series.count(90, { unwanted: 1 });
  series.count(4_200, { expected: 1, onTime: 1 });
  const data = series.finish({ alive: 7, kills: 3, wills: 3 });
  const points = mergeSeries([data, data], minuteMs);
  assert.deepEqual(points.map(({ atMs, alive, due, faults }) => [atMs, alive, due, faults]), [
    [1_000, 18, 4, { missing: 2, unwanted: 2 }],
    [2_000, 16, 2, { late: 2, duplicate: 4 }],
    [3_000, 14, 0, undefined],
    [4_000, 14, 0, undefined],
    [5_000, 14, 2, undefined],
  ]);
  assert.deepEqual(joinSeries([points], minuteMs), points);
});

Deno.test("series: parts joined with one that has not counted due wills have none", () => {
  const series = new Series(0, minuteMs);
  series.count(10, { expected: 1, late: 1 });
  const points = mergeSeries([series.finish({ alive: 1, kills: 1, wills: 1 })], minuteMs);
  const older = points.map(({ due: _, faults: __, ...point }) => point);
  assert.deepEqual(joinSeries([points, older], minuteMs).map(({ due, faults }) => [due, faults]), [[
    undefined,
    undefined,
  ]]);
});

Deno.test("series: no squad gives no series", () => assert.deepEqual(mergeSeries([], minuteMs), []));

Deno.test("series: has latencies by kill mode, and saved parts join to the same series", () => {
  const squads = [["reset", 3], ["close", 9], ["reset", 5]].map(([mode, latencyMs]) => {
    const series = new Series(0, minuteMs);
    series.recordLatency(latencyMs as number, mode as string, 2);
    series.advance({ alive: 1, kills: 1, wills: 1 }, 1_000);
    return series.finish({ alive: 1, kills: 1, wills: 1 });
  });
  const whole = mergeSeries(squads, minuteMs);
  assert.deepEqual(Object.entries(whole[0]!.byMode).map(([mode, { count, max }]) => [mode, count, Math.round(max)]), [
    ["reset", 2, 5],
    ["close", 1, 9],
  ]);
  assert.deepEqual(joinSeries(squads.map((squad) => mergeSeries([squad], minuteMs)), minuteMs), whole);
  assert.equal(whole[0]!.broker?.count, 3);
  const older = squads.map((squad) => mergeSeries([squad], minuteMs).map(({ broker: _, ...point }) => point));
  assert.equal(joinSeries(older, minuteMs)[0]!.broker, undefined);
});
