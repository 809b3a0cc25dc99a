import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import type { FleetResult, WillCounts } from "../../src/fleet/result.ts";
import { makeReport, type Report } from "../../src/report/report.ts";
import { applyThresholds, parseThreshold } from "../../src/report/threshold.ts";
import { failed, passed } from "./sample.ts";

const context = { tool: { name: "mqtt-sim", version: "0" }, embedded: true, program: "mqtt-sim" } as const;

function reportWith(wills: Partial<WillCounts> = {}, different: Partial<FleetResult> = {}): Report {
  const base = passed();
  const faulty = Object.entries(wills).some(([name, count]) => name !== "expected" && count > 0);
  const verdict = faulty ? { verdict: "fail", reason: "faults", exitCode: 1 } as const : {};
  return makeReport({ ...base, wills: { ...base.wills, ...wills }, ...verdict, ...different }, context);
}

function held(report: Report, ...expressions: string[]): Report {
  return applyThresholds(report, expressions.map(parseThreshold));
}

const read: readonly [expression: string, path: string, operator: string, value: number][] = [
  ["wills.missing==0", "wills.missing", "==", 0],
  [" latencyMs.all.p99 <= 200.5 ", "latencyMs.all.p99", "<=", 200.5],
  ["latencyMs.byMode.half-packet.p999<5000", "latencyMs.byMode.half-packet.p999", "<", 5_000],
  ["kills.byMode.second-connect.missing>=1", "kills.byMode.second-connect.missing", ">=", 1],
  ["slipMs.max>0", "slipMs.max", ">", 0],
  ["clients.lost!=3", "clients.lost", "!=", 3],
];
for (const [expression, path, operator, value] of read) {
  Deno.test(`threshold: ${expression.trim()} is read`, () => {
    assert.deepEqual(parseThreshold(expression), { expression: expression.trim(), path, operator, value });
  });
}

const refused = [
  "",
  "wills.missing",
  "wills.missing=0",
  "wills.missing==none",
  "wills.gone==0",
  "latencyMs.byMode.boredom.p99<1",
  "latencyMs.byMode.reset.late<1",
  "kills.byMode.reset.p99<1",
  "kills.byMode.reset.late.more<1",
  "verdict==1",
  "wills.constructor==1",
];
for (const expression of refused) {
  Deno.test(`threshold: "${expression}" is refused in a sentence`, () => {
    assert.throws(() => parseThreshold(expression), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Cannot (read|use) threshold .*expected a path of the report/);
      return true;
    });
  });
}

Deno.test("threshold: every path that can be named is in a report, and a number there", () => {
  const report = reportWith({}, { retained: { expected: 1, right: 1, wrong: 0, missing: 0 } });
  for (
    const path of ["wills.expected", "run.durationMs", "retained.right", "resources.cpuMs", "kills.byMode.reset.kills"]
  ) {
    const { thresholds } = held(report, `${path}>0`);
    assert.equal(thresholds![0]!.met, true, path);
  }
});

Deno.test("threshold: met, the run passes as it did", () => {
  const report = held(reportWith(), "latencyMs.all.p99<200", "wills.missing==0");
  assert.equal(report.verdict, "pass");
  assert.deepEqual(report.thresholds!.map(({ met }) => met), [true, true]);
});

Deno.test("threshold: not met, a run that would pass fails, with the value", () => {
  const { verdict, exitCode, reason, thresholds } = held(reportWith(), "latencyMs.all.max<0.001");
  assert.deepEqual([verdict, exitCode, thresholds![0]!.met], ["fail", 1, false]);
  assert.match(reason, /^not met: latencyMs\.all\.max<0\.001 \(it is [\d.,]+\)$/);
});

Deno.test("threshold: one on a count of faults takes the place of none at all", () => {
  const late = reportWith({ late: 4 });
  assert.equal(held(late, "wills.late<5").verdict, "pass");
  assert.equal(held(late, "wills.late<5").reason, "every threshold is met: wills.late<5");
  assert.equal(held(late, "wills.late<4").verdict, "fail");
  assert.equal(held(late, "latencyMs.all.p50<1000").verdict, "fail", "another threshold excuses nothing");
  assert.equal(
    held(reportWith({ late: 4, missing: 1 }), "wills.late<5").verdict,
    "fail",
    "nor does it excuse other faults",
  );
});

Deno.test("threshold: a void run stays void, an interrupted one keeps its exit code", () => {
  const void_ = reportWith({}, { verdict: "void", reason: "blind", exitCode: 3 });
  assert.deepEqual([held(void_, "wills.late<5").verdict, held(void_, "wills.late<5").exitCode], ["void", 3]);
  const interrupted = reportWith({ late: 4 }, { verdict: "fail", reason: "late", exitCode: 130 });
  assert.equal(held(interrupted, "wills.late<4").exitCode, 130);
});

Deno.test("threshold: a mode in which nobody was killed counts as nothing", () => {
  assert.equal(held(reportWith(), "kills.byMode.garbage.missing==0").thresholds![0]!.actual, 0);
});

Deno.test("threshold: one on presence takes the place of its being the truth, kind by kind", () => {
  const { presence } = failed();
  const base = passed();
  const wrong = { presence: presence!, verdict: "fail", reason: "states", exitCode: 1 } as const;
  const report = makeReport({ ...base, ...wrong }, context);
  assert.equal(held(report, "wills.missing==0").verdict, "fail");
  assert.match(held(report, "wills.missing==0").reason, /7 of 28,000 presence states not the truth/);
  assert.equal(held(report, "presence.wrong<=7").verdict, "pass");
  assert.match(held(report, "presence.wrong==0").reason, /^not met: presence.wrong==0 \(it is 7\)$/);
  const some = held(report, "presence.stale<=2", "presence.absent<=3");
  assert.deepEqual([some.verdict, some.exitCode], ["fail", 1]);
  assert.match(some.reason, /2 of 28,000 presence states not the truth \(1 unwanted, 1 altered\)/);
  assert.equal(
    held(report, "presence.byMoment.left.absent==1", "presence.online.refused==0").thresholds!.every(({ met }) => met),
    true,
  );
  assert.throws(() => parseThreshold("presence.byMoment.left.gone==1"), UsageError);
});
