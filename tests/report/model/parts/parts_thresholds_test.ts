/** Thresholds on void and lost parts: which parts the verdict is about, and what more of them than allowed mean. */
import assert from "node:assert/strict";
import { gatheredReport } from "../../../../src/cli/over/gathered_report.ts";
import { allowsLosses, refusePartsThresholds } from "../../../../src/cli/over/allowed_losses.ts";
import type { StoredReport } from "../../../../src/parts/report_store.ts";
import { mergeReports } from "../../../../src/report/model/merge_reports.ts";
import type { Report } from "../../../../src/report/model/report.ts";
import { applyThresholds, parseThreshold } from "../../../../src/report/model/threshold.ts";
import { partsText } from "../../../../src/report/model/parts/parts_result.ts";
import { lostPartsWarning, partRow } from "../../../../src/report/model/parts/parts_thresholds.ts";
import { passed, reportOf } from "../../sample.ts";

const sound = reportOf(passed());
const shard = (report: Report, number: number, of = 3): Report => ({
  ...report,
  plan: { ...report.plan, shard: { number, of } },
});
const slow = "3 wills were late, but 5 ms passed between two turns: either the broker or this machine may be the cause";
/** A part whose machine was late itself. */
const noisy: Report = {
  ...sound,
  ...{ verdict: "void", verdictText: "VOID", reason: slow, exitCode: 3, generatorBound: "5 ms passed" } as const,
  wills: { ...sound.wills, late: 3, onTime: sound.wills.onTime - 3 },
  kills: {
    ...sound.kills,
    byMode: {
      ...sound.kills.byMode,
      reset: { ...sound.kills.byMode.reset!, late: 3, onTime: sound.kills.byMode.reset!.onTime - 3 },
    },
  },
};
const thresholds = (...texts: string[]) => texts.map((text) => parseThreshold(text));
const merged = (reports: readonly Report[], ...texts: string[]) =>
  mergeReports(reports.map((report, place) => ({ name: `${place}`, report })), thresholds(...texts));
const judged = ({ verdict, exitCode, reason }: Report) => ({ verdict, exitCode, reason });
const three = [shard(sound, 1), shard(noisy, 2), shard(sound, 3)];

Deno.test("parts: without a threshold, a void part makes the run void", () => {
  const whole = merged(three);
  assert.deepEqual([whole.verdict, whole.exitCode, whole.parts?.void, whole.parts?.lost], ["void", 3, 1, 0]);
  assert.equal(whole.wills.late, 3);
});

Deno.test("parts: the counts of a void part that a threshold allows are in its row alone", () => {
  const whole = merged(three, "parts.void<2", "wills.late<1");
  assert.deepEqual([whole.verdict, whole.exitCode, whole.wills.late], ["pass", 0, 0]);
  assert.equal(whole.wills.expected, 2 * sound.wills.expected);
  assert.equal(whole.clients.connected, 2 * sound.clients.connected);
  assert.equal(whole.generatorBound, undefined);
  assert.deepEqual(whole.parts?.leftOut, [2]);
  assert.deepEqual(whole.parts?.each[1]?.wills, { expected: noisy.wills.expected, onTime: noisy.wills.onTime });
  assert.deepEqual(whole.warnings.filter((text) => text.startsWith("the counts")), [
    `the counts of part 2 of 3 are no part of this report: it is void, because ${slow}`,
  ]);
  assert.equal(partsText(whole.parts!), "3 of 3 reports, 1 void, not counted");
  assert.equal(merged(three, "parts.void<=34%").verdict, "pass");
});

Deno.test("parts: more void parts than a threshold allows make the run void, and other failures are proven", () => {
  const two = [shard(noisy, 1), shard(noisy, 2), shard(sound, 3)];
  assert.deepEqual(judged(merged(two, "parts.void<2")), {
    ...{ verdict: "void", exitCode: 3, reason: "not met: parts.void<2 (it is 2)" },
  });
  const faulty = merged(two, "parts.void<2", "wills.expected>1000000");
  assert.deepEqual([faulty.verdict, faulty.exitCode], ["fail", 1]);
  const all = [1, 2, 3].map((number) => shard(noisy, number));
  assert.equal(merged(all, "parts.void<4").verdict, "void", "a run without a sound part proves nothing");
});

Deno.test("parts: a saved report without its void part is judged again by other thresholds", () => {
  const whole = merged(three, "parts.void<2");
  assert.deepEqual(judged(applyThresholds(whole, thresholds("parts.void<1"))), {
    ...{ verdict: "void", exitCode: 3, reason: "not met: parts.void<1 (it is 1)" },
  });
  assert.deepEqual(judged(applyThresholds(whole, thresholds("wills.late<1"))), {
    ...{ verdict: "void", exitCode: 3, reason: `part 2 of 3 is void: ${slow}` },
  });
  assert.equal(applyThresholds(whole, thresholds("parts.void<3", "wills.late<1")).verdict, "pass");
});

Deno.test("parts: a threshold on lost parts replaces the rule that none is missing", () => {
  const two = [shard(sound, 1), shard(sound, 3)];
  assert.match(merged(two).reason, /^the run is incomplete: shard 2 of 3 is missing/);
  const allowed = merged(two, "parts.lost<2");
  assert.equal(allowed.verdict, "pass");
  const named = "no report came from part 2 of 3: its kills and wills are no part of this report";
  assert.ok(allowed.warnings.includes(named), `${allowed.warnings}`);
  assert.deepEqual(judged(merged([shard(sound, 1), shard(sound, 3, 3)], "parts.lost==0")), {
    ...{ verdict: "void", exitCode: 3, reason: "not met: parts.lost==0 (it is 1)" },
  });
});

Deno.test("parts: a part that begins late is void, also where the coordinator is gone", () => {
  const stored = (part: number, lateMs: number): StoredReport => ({
    ...{ who: { id: `${part}`, host: `node-${part}`, pid: 7, version: "1" }, part, of: 2, lateMs },
    report: JSON.parse(JSON.stringify(shard(sound, part, 2))),
  });
  const lateMs = sound.plan.lateAfterMs + 250;
  const join = (...texts: string[]) =>
    gatheredReport([stored(1, 0), stored(2, lateMs)], { of: 2 }, thresholds(...texts), (report) => report as Report)!;
  assert.match(join().reason, /^part 2 of 2 \(node-2\) began to kill .* after the others$/);
  assert.deepEqual([join().verdict, join().exitCode], ["void", 3]);
  const allowed = join("parts.void<2");
  assert.deepEqual([allowed.verdict, allowed.parts?.leftOut, allowed.parts?.void], ["pass", [2], 1]);
});

Deno.test("parts: a report names the parts that left none, with their hosts while the coordinator knows them", () => {
  const parts = (of: number, ...here: number[]) => ({
    ...{ of, void: 0, lost: of - here.length },
    each: here.map((part) => partRow(sound, { part })),
  });
  assert.equal(lostPartsWarning(parts(2, 1, 2)), undefined);
  const names = new Map([[2, "part 2 of 3 (node-2, process 7)"]]);
  assert.equal(
    lostPartsWarning(parts(3, 1), names),
    "no report came from part 2 of 3 (node-2, process 7) and part 3 of 3: their kills and wills are no part of this report",
  );
  assert.match(lostPartsWarning(parts(9, 1))!, /part 2 of 9, part 3 of 9, part 4 of 9 and 5 more: their kills/);
});

Deno.test("parts: the coordinator goes on after the losses that thresholds allow", () => {
  const allows = (text: string, voids: number, lost: number, of = 4) =>
    allowsLosses(thresholds(text), of, { voids, lost });
  assert.deepEqual(
    [allows("parts.void<2", 1, 0), allows("parts.void<2", 2, 0), allows("parts.void<2", 0, 1)],
    [true, false, false],
  );
  assert.deepEqual([allows("parts.lost<=25%", 0, 1), allows("parts.lost<9", 0, 4)], [true, false]);
  assert.equal(allows("wills.late<9", 1, 0), false);
  assert.throws(() => refusePartsThresholds(thresholds("wills.late<2", "parts.void<2")), {
    message: 'Cannot use threshold "parts.void<2" without --over: expected a run in several parts',
  });
});
