import assert from "node:assert/strict";
import { comparisonJunit } from "../../../src/report/export/comparison_junit.ts";
import { comparedRun, makeComparison } from "../../../src/report/model/comparison.ts";
import type { Report } from "../../../src/report/model/report.ts";
import { parseTolerance } from "../../../src/report/model/tolerance.ts";
import { comparisonBody, comparisonText } from "../../../src/report/terminal/comparison_text.ts";
import { failed, latency, passed, reportOf, voided } from "../sample.ts";

const tool = { name: "mqtt-sim", version: "1.2.3" } as const;
const base = reportOf(passed());

Deno.test("tolerance: covers the latency of the broker alone, the storms and the rate of the wills", () => {
  const untilMs = (p50: number) => ({ p50, p90: 20, p99: 30, p100: 40 });
  const stormy = (p50: number, brokerMs: number, perSecond: number): Report => ({
    ...base,
    brokerLatencyMs: { all: latency(1_392, brokerMs, 0), byMode: {} },
    storms: { due: 9, seen: 9, each: [], untilMs: untilMs(p50) },
    willRate: { wills: 9, firstMs: 0, lastMs: 9, perSecond },
  });
  const worse = (one: Report, other: Report) =>
    makeComparison([comparedRun("old", one), comparedRun("new", other)], tool, [parseTolerance("10%")]).notes
      .map((note) => note.replace(/ is .*/, ""));
  assert.deepEqual(worse(stormy(10, 1, 900), stormy(12, 2, 700)), [
    ...["p50", "p90", "p99"].map((name) => `new: brokerLatencyMs.all.${name}`),
    "new: storms.untilMs.p50",
    "new: willRate.perSecond",
  ]);
  assert.deepEqual(worse(stormy(10, 1, 900), stormy(9, 0.5, 1_100)), []);
});

/** A run whose latencies are so many times those of the baseline. */
function slower(factor: number): Report {
  const byMode = base.latencyMs.byMode;
  return { ...base, latencyMs: { all: latency(1_392, 0.4 * factor, 0.003 * factor), byMode } };
}

const compared = (other: Report, ...tolerances: string[]) =>
  makeComparison([comparedRun("old", base), comparedRun("new", other)], tool, tolerances.map(parseTolerance));

Deno.test("tolerance: a run within it passes, and the reason says so", () => {
  const { verdict, exitCode, reason, tolerance } = compared(slower(1.05), "10%");
  assert.deepEqual([verdict, exitCode, tolerance], ["pass", 0, { expressions: ["10%"], regressions: [] }]);
  assert.match(reason, /^no number is worse than in old by more than the tolerance; new: /);
  assert.equal(compared(slower(0.1), "0%").verdict, "pass", "faster is better");
});

Deno.test("tolerance: a run beyond it fails with a sentence for each number", () => {
  const comparison = compared(slower(2), "10%");
  assert.deepEqual([comparison.verdict, comparison.exitCode], ["fail", 1]);
  assert.equal(comparison.reason, "3 numbers are worse than in old by more than the tolerance");
  const [first = ""] = comparison.tolerance!.regressions;
  assert.match(
    first,
    /^new: latencyMs\.all\.p50 is [\d.]+ ms, (99|100)[\d.]*% more than [\d.]+ ms of old \(tolerance 10%\)$/,
  );
  assert.ok(comparisonText(comparison, { width: 1_000 }).includes(first));
  assert.equal(comparisonJunit(comparison).split("<failure ").length - 1, 3);
  assert.equal(compared(slower(2)).verdict, "pass", "without a tolerance");
});

Deno.test("tolerance: one number has its own, as a share or a difference, and a direction", () => {
  assert.equal(
    compared(slower(2), "10%", "latencyMs.all.p50=200%", "latencyMs.all.p90=9ms", "latencyMs.all.p99=300%").verdict,
    "pass",
  );
});

Deno.test("tolerance: more kills a second are better, and fewer are worse", () => {
  const kills = (reachedPerSecond: number): Report => ({ ...base, kills: { ...base.kills, reachedPerSecond } });
  assert.equal(compared(kills(90), "5%").verdict, "pass");
  assert.match(
    compared(kills(40), "5%").notes[0]!,
    /^new: kills\.reachedPerSecond is 40 \/s, 19\.8\d*% less than 49\.9 \/s of old/,
  );
});

Deno.test("tolerance: faults are compared as a share of the wills that were due", () => {
  const lost = (missing: number, expected: number): Report => ({
    ...base,
    wills: { ...base.wills, missing, expected },
  });
  const from = (one: Report, other: Report) =>
    makeComparison([comparedRun("old", one), comparedRun("new", other)], tool, [parseTolerance("10%")]);
  assert.equal(from(lost(10, 1_000), lost(100, 10_000)).verdict, "pass");
  const worse = from(lost(0, 1_000), lost(1, 1_000));
  assert.deepEqual(worse.notes.filter((note) => note.includes("missing")), [
    "new: wills.missing is 0.1 % of wills.expected, more than 0 % of wills.expected of old (tolerance 10%)",
  ]);
});

Deno.test("tolerance: the verdict of the baseline does not count, unless it proves nothing", () => {
  const from = (old: Report, fresh: Report) =>
    makeComparison([comparedRun("old", old), comparedRun("new", fresh)], tool, [parseTolerance("clients.lost=5")]);
  assert.deepEqual([from(reportOf(failed()), base).verdict, from(base, reportOf(failed())).verdict], ["pass", "fail"]);
  assert.deepEqual([from(reportOf(voided()), base).verdict, from(reportOf(voided()), base).exitCode], ["void", 3]);
});

Deno.test("tolerance: a named number that a run did not measure fails", () => {
  const { verdict, notes } = compared(base, "latencyMs.byMode.freeze.p99=10%");
  assert.equal(verdict, "fail");
  assert.match(notes[0]!, /^old measured nothing for latencyMs\.byMode\.freeze\.p99, so that /);
});

const refused: readonly [tolerance: string, why: RegExp][] = [
  ["", /^Cannot read tolerance "": expected a share/],
  ["10", /^Cannot read tolerance "10": expected a share/],
  ["5ms", /^Cannot read tolerance "5ms": expected a share/],
  ["wills.mising=1%", /a report has no number at wills\.mising, but at wills\.missing/],
  ["wills.missing=5ms", /^Cannot use tolerance "wills\.missing=5ms": expected a number without a unit, or a share/],
];
for (const [tolerance, why] of refused) {
  Deno.test(`tolerance: refuses "${tolerance}" in a sentence`, () => {
    assert.throws(() => parseTolerance(tolerance), { name: "UsageError", message: why });
  });
}

Deno.test("tolerance: the text has the difference from the baseline beside each number that differs", () => {
  const text = comparisonText(compared(slower(2)), { width: 120 });
  assert.match(text, /^ {2}p99 +\S+ ms +\S+ ms \(\+100%\)$/m);
  assert.match(text, /^ {2}missing +0 +0$/m);
});

Deno.test("comparison: on a small screen the text leaves out parts, and the regressions stay", () => {
  const rows = 19;
  const body = comparisonBody(compared(slower(2), "10%"), { width: 80, rows });
  assert.ok(body.trimEnd().split("\n").length <= 30, body);
  assert.doesNotMatch(body, /^(Run|Other figures|Dial to CONNACK)$/m);
  assert.match(body, /^note: new: latencyMs\.all\.p50 is /m);
});
