import assert from "node:assert/strict";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";
import { nobodyKilled } from "../../../src/fleet/merge/verdict.ts";
import { UsageError } from "../../../src/base/failure.ts";
import { mergeReports } from "../../../src/report/model/merge_reports.ts";
import type { Report } from "../../../src/report/model/report.ts";
import { failed, modeCounts, passed, reportOf } from "../sample.ts";
import { eachCase } from "../../support/steps.ts";

const at = (report: Report, startedAt: string): Report => ({ ...report, run: { ...report.run, startedAt } });
const first = reportOf(passed());
const second = at(first, "2026-01-02T03:04:10.678Z");
const twin = at(first, "2026-01-02T03:04:05.679Z");
const merged = (...reports: Report[]) =>
  mergeReports(reports.map((report, part) => ({ name: `${part}.json`, report })));

const shard = (report: Report, number: number, of: number): Report => ({
  ...report,
  plan: { ...report.plan, shard: { number, of } },
});

Deno.test("merge: counts, kills and clients add up, histograms merge, and the verdict covers all parts", () => {
  const whole = merged(first, second);
  assert.equal(whole.verdict, "pass");
  assert.equal(whole.reason, "all 2,784 wills that were due came once, on time and unaltered");
  assert.deepEqual(
    { expected: whole.wills.expected, total: whole.kills.total, kills: whole.kills.byMode.leave?.kills },
    { expected: 2_784, total: 3_088, kills: 304 },
  );
  assert.deepEqual({ connected: whole.clients.connected, reconnects: whole.clients.reconnects }, {
    connected: 2_000,
    reconnects: 3_088,
  });
  assert.deepEqual({ all: whole.latencyMs.all.count, slipMs: whole.slipMs.count }, { all: 2_784, slipMs: 3_088 });
  assert.equal(whole.latencyMs.byMode.reset?.count, 1_406);
  assert.equal(whole.run.durationMs, 5_000 + first.run.durationMs);
  assert.equal(whole.slowest.length, 2);
});

Deno.test("merge: a warning about a machine names its part, and one that all parts have comes once", () => {
  const stalled = "this machine stalled the fleet for 900 ms";
  const { warnings } = merged(
    { ...first, warnings: ["the broker is old"] },
    { ...second, warnings: ["the broker is old", stalled] },
  );
  assert.deepEqual(warnings, ["the broker is old", `1.json: ${stalled}`]);
});

Deno.test("merge: two series become one with sums and joint percentiles", () => {
  const { series } = merged(first, twin);
  const [, one] = series;
  assert.equal(series.length, 30);
  assert.deepEqual({ alive: one!.alive, kills: one!.kills, wills: one!.wills, count: one!.byMode.reset?.count }, {
    alive: 1_902,
    kills: 106,
    wills: 96,
    count: 50,
  });
  assert.equal(one!.byMode.close?.p99, first.series[1]!.byMode.close?.p99);
});

Deno.test("merge: a fault in one part is a fault of the whole, and its counts and samples add up", () => {
  const bad = reportOf(failed());
  const whole = merged(bad, at(bad, "2026-01-02T03:05:00.000Z"));
  assert.deepEqual({ verdict: whole.verdict, exitCode: whole.exitCode }, { verdict: "fail", exitCode: 1 });
  assert.deepEqual({ missing: whole.wills.missing, expected: whole.wills.expected }, {
    missing: 50,
    expected: 180_076,
  });
  assert.deepEqual(whole.wills.missingByQos, [40, 10, 0]);
  assert.deepEqual(whole.retained, { expected: 19_000, right: 18_996, wrong: 2, missing: 2 });
  assert.equal(whole.faults.length, 30);
});

Deno.test("merge: a part that could not run makes the whole void; one without victims does not", () => {
  const nothing = {
    wills: { ...first.wills, expected: 0, onTime: 0 },
    kills: { ...first.kills, total: 0, byMode: {} },
  };
  const unreachable = { ...second, ...nothing, verdict: "void", reason: "Cannot reach it", exitCode: 3 } as const;
  assert.deepEqual([merged(first, unreachable).verdict, merged(first, unreachable).reason], [
    "void",
    "Cannot reach it",
  ]);
  const idle = { ...unreachable, reason: nobodyKilled };
  assert.equal(merged(first, idle).verdict, "pass");
  const ended = { ...unreachable, reason: "interrupted before the end of the plan", exitCode: 130 } as const;
  assert.deepEqual([merged(first, ended).verdict, merged(first, ended).exitCode], ["void", 130]);
});

Deno.test("merge: a proven failure in one part fails the whole, also when another part is void", async (t) => {
  const bad = reportOf(failed());
  const nothing = {
    wills: { ...bad.wills, ...noCounts() },
    kills: { ...bad.kills, total: 0, byMode: {} },
    presence: { ...bad.presence!, wrong: 0 },
    retained: { expected: 0, right: 0, wrong: 0, missing: 0 },
    ...{ faults: [], faultKinds: [] },
  };
  const unreachable: Report = {
    ...at({ ...bad, ...nothing }, "2026-01-02T03:05:00.000Z"),
    ...{ verdict: "void", verdictText: "VOID", reason: "Cannot reach it", exitCode: 3 } as const,
  };
  await eachCase(t, [[bad, unreachable], [unreachable, bad]] as const, (parts) => {
    const { verdict, verdictText, exitCode, reason, faults } = merged(...parts);
    assert.deepEqual({ verdict, verdictText, exitCode }, { verdict: "fail", verdictText: "FAIL", exitCode: 1 });
    assert.match(reason, /^of 90,038 wills that were due: 25 missing, .*; then the run ended early: Cannot reach it$/);
    assert.equal(faults.length, 15);
  });
  const whole = merged(shard(bad, 1, 3), shard(at(bad, "2026-01-02T03:05:00.000Z"), 3, 3));
  assert.deepEqual({ verdict: whole.verdict, exitCode: whole.exitCode }, { verdict: "fail", exitCode: 1 });
  assert.match(whole.reason, /50 missing.*: the run is incomplete: shard 2 of 3 is missing$/);
  const ended = { ...unreachable, reason: "interrupted before the end of the plan", exitCode: 130 } as const;
  assert.deepEqual([merged(bad, ended).verdict, merged(bad, ended).exitCode], ["fail", 130]);
});

Deno.test("merge: faults of a void part count for nothing", () => {
  const gap: Report = {
    ...at(reportOf(failed()), "2026-01-02T03:05:00.000Z"),
    ...{ verdict: "void", verdictText: "VOID", reason: "the recording has a gap", exitCode: 3 } as const,
  };
  const right = { ...first, plan: gap.plan, run: { ...first.run, target: gap.run.target } };
  const { verdict, reason, exitCode, wills } = merged(right, gap);
  assert.deepEqual({ verdict, reason, exitCode }, { verdict: "void", reason: "the recording has a gap", exitCode: 3 });
  assert.equal(wills.missing, 25, "it is counted");
});

Deno.test("merge: joins wills of canaries, unobservable wills and restarts", () => {
  const restart = { downAtMs: 1, backAtMs: 2, lives: 3, survived: 0, watchersKept: 1, watchersForgotten: 0 };
  const each = [{ ...restart, willsBefore: 1, willsAfter: 2 }];
  const lives = modeCounts(3, { onTime: 1, missing: 2 });
  const one: Report = {
    ...first,
    controls: { total: 14, blind: 0, lost: 1, altered: 2 },
    wills: {
      ...first.wills,
      expected: first.wills.expected + 3,
      onTime: first.wills.onTime + 1,
      missing: 2,
      unseeable: 4,
    },
    restarts: { each, lives, unseeable: 4 },
    ...{ verdict: "fail", verdictText: "FAIL", exitCode: 1 } as const,
  };
  const { controls, wills, restarts, verdict, reason } = merged(one, at(one, "2026-01-02T03:05:00.000Z"));
  assert.deepEqual(controls, { total: 28, blind: 0, lost: 2, altered: 4 });
  assert.deepEqual({ missing: wills.missing, unseeable: wills.unseeable }, { missing: 4, unseeable: 8 });
  assert.deepEqual({ each: restarts!.each.length, missing: restarts!.lives.missing, unseeable: restarts!.unseeable }, {
    each: 2,
    missing: 4,
    unseeable: 8,
  });
  assert.equal(verdict, "fail");
  assert.match(reason, /4 missing; of 28 wills of canaries: 2 missing, 4 altered$/);
});

Deno.test("merge: the parts of one run have findings on the same restarts", () => {
  const one = { downAtMs: 100, backAtMs: 200, commandMs: 40, lives: 3, survived: 0, watchersKept: 1 };
  const counts = { watchersForgotten: 0, willsBefore: 1, willsAfter: 2 };
  const lives = modeCounts(3, { onTime: 3 });
  const part = (report: Report, number: number, backAtMs: number) => {
    const each = [{ ...one, ...counts, backAtMs }, { ...one, ...counts, downAtMs: 900 + number, backAtMs: 1_000 }];
    return shard({ ...report, restarts: { each, lives, unseeable: 0 } }, number, 2);
  };
  const { restarts } = merged(part(first, 1, 200), part(first, 2, 230));
  const sum = { lives: 6, survived: 0, watchersKept: 2, watchersForgotten: 0, willsBefore: 2, willsAfter: 4 };
  assert.deepEqual(restarts!.each, [
    { ...one, ...sum, downAtMs: 100, backAtMs: 230 },
    { ...one, ...sum, downAtMs: 901, backAtMs: 1_000 },
  ]);
});

Deno.test("merge: refuses reports that are not parts of one run in a sentence", async (t) => {
  const other = reportOf(passed({ seed: 7 }));
  const more = reportOf(passed({ clients: 2_000 }));
  const elsewhere = { ...second, run: { ...second.run, target: "mqtt://elsewhere:1883" } };
  const cases: [Report[], RegExp][] = [
    [[first], /^Cannot merge 1 report: expected two or more parts of one run$/],
    [[first, other], /^Cannot merge "1.json" with "0.json": its seed is 7, not 12345; expected parts of one run/],
    [[first, more], /its clients is 2000, not 1000/],
    [[first, elsewhere], /its broker is "mqtt:\/\/elsewhere:1883"/],
    [[first, second, first], /^Cannot merge "2.json" with "0.json": they are the same part of the run$/],
  ];
  await eachCase(t, cases, ([reports, sentence]) => {
    assert.throws(() => merged(...reports), (error) => error instanceof UsageError && sentence.test(error.message));
  });
});

Deno.test("merge: a missing shard makes the whole void, and the reason has its number", async (t) => {
  const whole = merged(shard(first, 1, 2), shard(second, 2, 2));
  assert.deepEqual({ verdict: whole.verdict, shard: whole.plan.shard }, { verdict: "pass", shard: undefined });
  const cases: [number[], number, string][] = [
    [[1, 3], 3, "shard 2 of 3 is missing"],
    [[2, 3], 5, "shards 1, 4 and 5 of 5 are missing"],
    [[4, 1, 2], 5, "shards 3 and 5 of 5 are missing"],
  ];
  await eachCase(t, cases, ([had, of, text]) => {
    const { verdict, reason, exitCode, wills } = merged(...had.map((number) => shard(first, number, of)));
    assert.deepEqual({ verdict, reason, exitCode }, {
      verdict: "void",
      reason: `the run is incomplete: ${text}`,
      exitCode: 3,
    });
    assert.equal(wills.expected, had.length * first.wills.expected, "the present parts are still counted");
  });
});

Deno.test("merge: refuses foreign and repeated shards in a sentence", async (t) => {
  const cases: [Report[], string][] = [
    [
      [shard(first, 1, 2), shard(second, 1, 2)],
      'Cannot merge "1.json" with "0.json": they are the same part of the run',
    ],
    [
      [shard(first, 1, 2), shard(second, 2, 3)],
      'Cannot merge "1.json" with "0.json": it is shard 2/3 of its run, the other shard 1/2; expected parts of one ' +
      "run, each with its --shard",
    ],
    [
      [first, shard(second, 2, 3)],
      'Cannot merge "1.json" with "0.json": it is shard 2/3 of its run, the other no shard; expected parts of one ' +
      "run, each with its --shard",
    ],
    [
      [shard(first, 1, 2), shard({ ...second, plan: { ...second.plan, run: "other" } }, 2, 2)],
      `Cannot merge "1.json" with "0.json": its run is "other", not ${
        JSON.stringify(first.plan.run)
      }; expected parts ` +
      "of one run, with one plan and one seed",
    ],
  ];
  await eachCase(t, cases, ([reports, sentence]) => {
    assert.throws(() => merged(...reports), new UsageError(sentence));
  });
});

Deno.test("merge: shards may have their own brokers: the report names both, and their drops add up", () => {
  const on = (report: Report, target: string, before: number, after: number): Report => ({
    ...report,
    run: { ...report.run, target, repeat: `mqtt-sim fleet --url ${target}` },
    brokerDropped: { before, after },
  });
  const [one, two] = ["mqtt://a:1", "mqtt://b:1"] as const;
  const whole = merged(
    on(shard(first, 1, 3), one, 5, 6),
    on(shard(second, 2, 3), one, 4, 9),
    on(shard(second, 3, 3), two, 100, 102),
  );
  assert.equal(whole.run.target, "mqtt://a:1, mqtt://b:1");
  assert.equal(whole.run.repeat.split(" & ").length, 3);
  assert.deepEqual(whole.brokerDropped, { before: 104, after: 111 });
});
