import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import type { WillCounts } from "../../../src/fleet/result/will_counts.ts";
import { makeReport, type Report } from "../../../src/report/model/report.ts";
import { applyThresholds, parseThreshold } from "../../../src/report/model/threshold.ts";
import { isNumberPath } from "../../../src/report/model/number_paths.ts";
import { wholeOf } from "../../../src/report/model/number_units.ts";
import { thresholdTable } from "../../../src/report/terminal/threshold_table.ts";
import { reportJson } from "../../../src/report/export/json.ts";
import { failed, latency, modeCounts, passed } from "../sample.ts";
import { eachCase } from "../../support/steps.ts";

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
  Deno.test(`threshold: parses ${expression.trim()}`, () => {
    assert.deepEqual(parseThreshold(expression), { expression: expression.trim(), path, operator, value });
  });
}

const converted: readonly [expression: string, value: number, whole?: string][] = [
  ["latencyMs.all.p99<0.2s", 200],
  ["latencyMs.all.p99<=250us", 0.25],
  ["latencyMs.all.p(99.9)<1m", 60_000],
  ["plan.keepAliveS<2m", 120],
  ["resources.cpuMsPerLife<2ms", 2],
  ["resources.bytesPerClient<64KiB", 65_536],
  ["resources.rssBytes<1.5MB", 1_500_000],
  ["kills.reachedPerSecond>40/s", 40],
  ["wills.missing<1%", 1, "wills.expected"],
  ["byGroup.sensors.late <= 0.5 %", 0.5, "byGroup.sensors.expected"],
  ["controls.lost<10%", 10, "controls.total"],
];
for (const [expression, value, whole] of converted) {
  Deno.test(`threshold: ${expression} has its number in the unit of the report`, () => {
    const { value: read, whole: of } = parseThreshold(expression);
    assert.deepEqual({ read, of }, { read: value, of: whole });
  });
}

const misfits: readonly [expression: string, why: RegExp][] = [
  ["wills.late<10ms", /: wills\.late is a count: expected a number without a unit$/],
  ["latencyMs.all.p99<1%", /: latencyMs\.all\.p99 is no share of another number: expected a time such as/],
  ["latencyMs.all.p99<1KiB", /: latencyMs\.all\.p99 is in ms: expected a time such as 250us, 20ms or 1\.5s$/],
  ["latencyMs.all.p99<1parsec", /: latencyMs\.all\.p99 is in ms: expected a time/],
  ["latencyMs.all.p100<1", /a report has no number at latencyMs\.all\.p100/],
  ["wills.p95<1", /a report has no number at wills\.p95/],
];
for (const [expression, why] of misfits) {
  Deno.test(`threshold: refuses "${expression}" for its unit or percentile`, () => {
    assert.throws(() => parseThreshold(expression), { name: "UsageError", message: why });
  });
}

Deno.test("threshold: a percentile that the report does not name comes from its histogram", () => {
  const latencyMs = { all: latency(100, 1, 1), byMode: {} };
  const report = reportWith({}, { latencyMs });
  const [p95, p75] = held(report, "latencyMs.all.p95<1s", "latencyMs.all.p(75)<1s").thresholds!;
  assert.ok(Math.abs(p95!.actual! - 95) < 0.2 && Math.abs(p75!.actual! - 75) < 0.2, `${p95!.actual} ${p75!.actual}`);
  assert.equal(p95!.unit, "ms");
  const none = held(reportWith({}, { latencyMs: { all: latency(0, 0, 0), byMode: {} } }), "latencyMs.all.p95<1s");
  assert.deepEqual(none.thresholds, [{ expression: "latencyMs.all.p95<1s", met: false }]);
});

Deno.test("threshold: a percentage is of the number that the list names, and of nothing it is not met", () => {
  const report = reportWith({ expected: 200, missing: 3, onTime: 197 });
  const { thresholds, verdict } = held(report, "wills.missing<2%");
  assert.deepEqual(thresholds, [
    { expression: "wills.missing<2%", actual: 1.5, unit: "% of wills.expected", met: true },
  ]);
  assert.equal(verdict, "pass");
  assert.match(
    held(report, "wills.missing<1%").reason,
    /^not met: wills\.missing<1% \(it is 1\.5 % of wills\.expected\)/,
  );
  assert.equal(held(reportWith({}, { controls: { total: 0, blind: 0, lost: 0 } }), "controls.lost<1%").verdict, "fail");
});

Deno.test("threshold: the list has each path once, with its unit and the number that is 100 %", async (t) => {
  const lines = thresholdTable().split("\n");
  const paths = lines.slice(1, lines.indexOf("")).map((line) => line.split(" ")[0]!);
  assert.equal(new Set(paths).size, paths.length);
  await eachCase(t, paths, (path) => {
    const real = path.replaceAll("MODE", "reset").replaceAll("MOMENT", "end").replaceAll("INDEX", "0");
    assert.ok(isNumberPath(real), real);
    const whole = wholeOf(real);
    if (whole !== undefined) assert.ok(isNumberPath(whole), whole);
  });
  assert.ok(lines.some((line) => /^connects\.latencyMs\.p99 +ms$/.test(line)));
  assert.ok(lines.some((line) => /^kills\.byMode\.MODE\.missing +count +kills\.byMode\.MODE\.expected$/.test(line)));
  assert.doesNotMatch(thresholdTable("CONTROLS"), /^wills\./m);
});

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
  "faults==1",
  "wills.missingByQos==1",
  "wills.missingByQos.first.second==1",
  "wills.constructor==1",
];
for (const expression of refused) {
  Deno.test(`threshold: refuses "${expression}" in a sentence`, () => {
    assert.throws(() => parseThreshold(expression), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Cannot (read|use) threshold .*expected a path of the report/);
      return true;
    });
  });
}

Deno.test("threshold: each path that can be named is a number in a report", () => {
  const report = reportWith({}, { retained: { expected: 1, right: 1, wrong: 0, missing: 0 } });
  for (
    const path of ["wills.expected", "run.durationMs", "retained.right", "resources.cpuMs", "kills.byMode.reset.kills"]
  ) {
    const { thresholds } = held(report, `${path}>0`);
    assert.equal(thresholds![0]!.met, true, path);
  }
});

Deno.test("threshold: a run that meets it passes as without it", () => {
  const report = held(reportWith(), "latencyMs.all.p99<200", "wills.missing==0");
  assert.equal(report.verdict, "pass");
  assert.deepEqual(report.thresholds!.map(({ met }) => met), [true, true]);
});

Deno.test("threshold: a run that passes otherwise fails when it does not meet it, with the value", () => {
  const { verdict, exitCode, reason, thresholds } = held(reportWith(), "latencyMs.all.max<0.001");
  assert.deepEqual({ verdict, exitCode, met: thresholds![0]!.met }, { verdict: "fail", exitCode: 1, met: false });
  assert.match(reason, /^not met: latencyMs\.all\.max<0\.001 \(it is [\d.,]+ ms\)$/);
});

Deno.test("threshold: a threshold on a count of faults replaces the limit of 0", () => {
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

const unmeasured: readonly [expression: string, different?: Partial<FleetResult>][] = [
  ["kills.byMode.garbage.missing==0"],
  ["latencyMs.byMode.freeze.p99<200"],
  ["latencyMs.byMode.leave.p99<200"],
  ["latencyMs.all.p99<200", { latencyMs: { all: latency(0, 0, 0), byMode: {} } }],
  ["connects.latencyMs.p99<200"],
  ["retained.missing==0"],
  ["restarts.each.0.lives>=0"],
  ["byGroup.sensors.missing==0"],
  ["described.mosquitto<5"],
];
for (const [expression, different = {}] of unmeasured) {
  Deno.test(`threshold: ${expression} is not met if the run measured no such value`, () => {
    const { verdict, exitCode, reason, thresholds } = held(reportWith({}, different), expression);
    assert.deepEqual(thresholds, [{ expression, met: false }]);
    assert.deepEqual({ verdict, exitCode }, { verdict: "fail", exitCode: 1 });
    assert.equal(reason, `not met: ${expression} (the run measured nothing for it)`);
  });
}

const measured: readonly [expression: string, actual: number][] = [
  ["resources.cpuMsPerLife<5", 2.5],
  ["controls.lost==0", 0],
  ["controls.total>10", 14],
  ["connects.latencyMs.count==7", 7],
  ["wills.missingByQos.1==0", 0],
  ["byGroup.sensors.missing==0", 0],
  ["byGroup.0.kills>1", 5],
  ["byGroup.sensors.latencyMs.count>=3", 3],
  ["plan.clients==1000", 1_000],
  ["exitCode==0", 0],
];
for (const [expression, actual] of measured) {
  Deno.test(`threshold: ${expression} applies to a number of the JSON report`, () => {
    const group = { ...modeCounts(5), name: "sensors", connected: 2, presenceWrong: 0, latencyMs: latency(3, 1, 1) };
    const report = reportWith({}, {
      byGroup: [group],
      connects: { latencyMs: latency(7, 1, 1), underWayLimit: 64, mostUnderWay: 3 },
      resources: { cpuMs: 3_210, rssBytes: 1, cpuMsPerLife: 2.5 },
    });
    const [{ unit: _, ...result } = { expression: "", met: false }] = held(report, expression).thresholds!;
    assert.deepEqual(result, { expression, actual, met: true });
  });
}

Deno.test("threshold: each number of a written report can be named, and its value is found", async (t) => {
  await eachCase(t, [makeReport(failed(), context), reportWith()], (report) => {
    const paths = numberPathsIn(JSON.parse(reportJson(report)), "");
    assert.ok(paths.length > 300, `${paths.length}`);
    for (const [path, value] of paths) {
      const { thresholds } = held(report, `${path}==${Math.abs(value)}`);
      const { actual } = thresholds![0]!;
      assert.ok(actual === value || (actual === undefined && value === 0), `${path}: ${actual}, not ${value}`);
    }
  });
});

/** Each number of a document with its path; a threshold has no exponents. */
function numberPathsIn(value: unknown, path: string): [string, number][] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => numberPathsIn(part, path === "" ? name : `${path}.${name}`));
}

const near: readonly [path: string, proposed: string][] = [
  ["byMode.freeze.p99", "latencyMs.byMode.freeze.p99"],
  ["wills.mising", "wills.missing"],
  ["Wills.Late", "wills.late"],
  ["latencyMs.byMode.rest.p99", "latencyMs.byMode.reset.p99"],
  ["cpuMsPerLife", "resources.cpuMsPerLife"],
];
for (const [path, proposed] of near) {
  Deno.test(`threshold: for ${path} the refusal names ${proposed}`, () => {
    assert.throws(() => parseThreshold(`${path}<1`), (error) => {
      assert.ok(error instanceof UsageError);
      assert.ok(error.message.includes(`a report has no number at ${path}, but at ${proposed}`), error.message);
      return true;
    });
  });
}

Deno.test("threshold: a threshold on wills of canaries replaces the limit of 0 lost ones", () => {
  const controls = { total: 14, blind: 0, lost: 2, altered: 1 };
  const report = reportWith({}, { controls, verdict: "fail", reason: "lost", exitCode: 1 });
  assert.match(held(report, "wills.late<5").reason, /^of 14 wills of canaries: 2 missing, 1 altered$/);
  assert.match(held(report, "controls.lost<=2").reason, /^of 14 wills of canaries: 1 altered$/);
  assert.equal(held(report, "controls.lost<=2", "controls.altered<=1").verdict, "pass");
});

Deno.test("threshold: with covered faults a run stays void that ended early or could not see", () => {
  const early = reportWith({ late: 4 }, { voidReason: "the watcher was lost" });
  assert.deepEqual([held(early, "wills.late<5").verdict, held(early, "wills.late<5").exitCode], ["void", 3]);
  const base = passed().wills;
  const blind = reportWith({}, { wills: { ...base, late: 4, unseeable: 3 }, verdict: "fail", reason: "", exitCode: 1 });
  assert.match(held(blind, "wills.late<5").reason, /^3 wills could not be received/);
  assert.equal(held(blind, "wills.late<5").exitCode, 3);
});

Deno.test("threshold: a threshold on presence replaces the limit of 0, kind by kind", () => {
  const { presence } = failed();
  const base = passed();
  const wrong = { presence: presence!, verdict: "fail", reason: "states", exitCode: 1 } as const;
  const report = makeReport({ ...base, ...wrong }, context);
  assert.equal(held(report, "wills.missing==0").verdict, "fail");
  assert.match(held(report, "wills.missing==0").reason, /7 of 28,000 presence states wrong/);
  assert.equal(held(report, "presence.wrong<=7").verdict, "pass");
  assert.match(held(report, "presence.wrong==0").reason, /^not met: presence.wrong==0 \(it is 7\)$/);
  const some = held(report, "presence.stale<=2", "presence.absent<=3");
  assert.deepEqual({ verdict: some.verdict, exitCode: some.exitCode }, { verdict: "fail", exitCode: 1 });
  assert.match(some.reason, /2 of 28,000 presence states wrong \(1 unwanted, 1 altered\)/);
  assert.equal(
    held(report, "presence.byMoment.left.absent==1", "presence.online.refused==0").thresholds!.every(({ met }) => met),
    true,
  );
  assert.throws(() => parseThreshold("presence.byMoment.left.gone==1"), UsageError);
});
