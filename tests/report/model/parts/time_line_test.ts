/** Parts of one run that started at different instants: the merged report has their common time line. */
import assert from "node:assert/strict";
import { mergeReports } from "../../../../src/report/model/merge_reports.ts";
import type { Report } from "../../../../src/report/model/report.ts";
import { failed, passed, reportOf } from "../../sample.ts";

const sample = reportOf(passed());
const startMs = Date.parse(sample.run.startedAt);
const stages: NonNullable<Report["stages"]> = [
  { name: "connect", fromMs: 6_500, toMs: 8_000 },
  { name: "kill", fromMs: 8_000, toMs: 14_000 },
  { name: "drain", fromMs: 14_000, toMs: 14_800 },
];

/** The same part of a run, whose process started this much later. */
function startedLater(report: Report, lateMs: number): Report {
  return { ...report, run: { ...report.run, startedAt: new Date(startMs + lateMs).toISOString() } };
}

/** The stages of a process that started this much later, at the same instants of the clock. */
const stagesAfter = (lateMs: number): NonNullable<Report["stages"]> =>
  stages.map(({ fromMs, toMs, ...stage }) => ({ ...stage, fromMs: fromMs - lateMs, toMs: toMs! - lateMs }));

const merged = (...reports: Report[]) =>
  mergeReports(reports.map((report, place) => ({ name: `${place}.json`, report })));

Deno.test("time line: a process that starts 5.5 s later changes no stage of the merged report", () => {
  const whole = merged({ ...sample, stages }, startedLater({ ...sample, stages: stagesAfter(5_500) }, 5_500));
  assert.deepEqual(whole.stages, stages);
});

Deno.test("time line: a part without the wait for counters has its other stages in the merged report", () => {
  const counters = { name: "counters", fromMs: 14_800, toMs: 16_000 } as const;
  const whole = merged({ ...sample, stages }, startedLater({ ...sample, stages: [...stages, counters] }, 1));
  assert.deepEqual(whole.stages?.map(({ name }) => name), ["connect", "kill", "drain", "counters"]);
  assert.deepEqual(whole.stages?.[1], { name: "kill", fromMs: 8_000, toMs: 14_001 });
});

Deno.test("time line: kills of one instant are in one point of the merged series", () => {
  const series = sample.series.slice(5, 12).map((point) => ({ ...point, atMs: point.atMs - 5_000 }));
  const whole = merged({ ...sample, series: sample.series.slice(5, 12) }, startedLater({ ...sample, series }, 5_000));
  const kills = sample.series.slice(5, 12).map(({ atMs, kills }) => [atMs, 2 * kills]);
  assert.deepEqual(whole.series.slice(5).map(({ atMs, kills }) => [atMs, kills]), kills);
  assert.deepEqual(whole.series.slice(0, 5).map(({ kills, alive }) => [kills, alive]), Array(5).fill([0, 0]));
});

Deno.test("time line: faults, slow lives, storms and restarts of a part count from the start of the run", () => {
  const report = reportOf(failed());
  const one = report.faults.find(({ timeline }) => timeline !== undefined)!;
  const timeline = { connectedMs: 1, killDueMs: 2, killedMs: 3, dueMs: 4, seenMs: [5, 6], readMs: 7 };
  const restart = {
    ...{ downAtMs: 10, backAtMs: 20, lives: 1, survived: 0, watchersKept: 1, watchersForgotten: 0 },
    ...{ willsBefore: 0, willsAfter: 1 },
  };
  const lives = { ...report.kills.byMode.reset!, kills: 1 };
  const late = startedLater({
    ...report,
    faults: [{ ...one, timeline }],
    slowest: [{ ...sample.slowest[0]!, timeline: { seenMs: [8] } }],
    restarts: { each: [restart], lives, unseeable: 0 },
  }, 1_500);
  const whole = merged({ ...report, faults: [], slowest: [] }, late);
  const expected = { connectedMs: 1_501, killDueMs: 1_502, killedMs: 1_503, dueMs: 1_504 };
  assert.deepEqual(whole.faults[0]?.timeline, { ...expected, seenMs: [1_505, 1_506], readMs: 1_507 });
  assert.deepEqual(whole.slowest.map(({ timeline }) => timeline), [{ seenMs: [1_508] }]);
  assert.deepEqual(whole.restarts?.each.map(({ downAtMs, backAtMs }) => [downAtMs, backAtMs]), [[1_510, 1_520]]);
});
