/** The findings on Sparkplug in every writer, in a saved report, in parts that are merged, and under thresholds. */
import assert from "node:assert/strict";
import { parseReport } from "../../../../src/cli/report/saved_report.ts";
import { sparkplugAssertions, type SparkplugResult } from "../../../../src/fleet/result/sparkplug/sparkplug_result.ts";
import type { FaultSample } from "../../../../src/fleet/result/fault_sample.ts";
import type { FleetResult } from "../../../../src/fleet/result/result.ts";
import { reportJson } from "../../../../src/report/export/json.ts";
import { reportJunit } from "../../../../src/report/export/junit.ts";
import { reportMarkdown } from "../../../../src/report/export/markdown.ts";
import { reportHtml } from "../../../../src/report/html/html.ts";
import { mergeReports } from "../../../../src/report/model/merge_reports.ts";
import { assertionRows, certificateText } from "../../../../src/report/model/sparkplug/sparkplug_rows.ts";
import { applyThresholds, parseThreshold } from "../../../../src/report/model/threshold.ts";
import { faultTotal } from "../../../../src/report/model/will_rows.ts";
import { reportText } from "../../../../src/report/terminal/text.ts";
import { passed, reportOf } from "../../sample.ts";

const sparkplug: SparkplugResult = {
  assertions: {
    bdSeq: { checked: 900, broken: 0 },
    order: { checked: 900, broken: 7 },
    stateRetain: { checked: 1, broken: 1 },
  },
  births: { sent: 1_000, seen: 998 },
  ownDeaths: { sent: 100, seen: 99 },
  rebirths: 3,
};

const stale: FaultSample = {
  ...{ client: "edge-1", incarnation: 1, mode: "reset", verdict: "sparkplug", protocol: "5", qos: 1 } as const,
  rule: `Sparkplug 3.0, ${sparkplugAssertions.order}`,
  text: 'stale: NDEATH of life 1 came on "spBv1.0/g/NDEATH/edge-1" after NBIRTH of life 2',
};

function broken(plan: Parameters<typeof passed>[0] = {}): FleetResult {
  const wrong = { verdict: "fail", verdictText: "FAIL", reason: "7 NDEATH after a newer NBIRTH", exitCode: 1 } as const;
  const faults = { faults: [stale], faultKinds: [{ verdict: stale.verdict, rule: stale.rule, count: 7 }] };
  return passed({ sparkplug: true, ...plan }, { sparkplug, ...wrong, ...faults });
}

Deno.test("sparkplug report: a row for each assertion that was checked, and a sentence on certificates", () => {
  const report = reportOf(broken());
  assert.deepEqual(assertionRows(report).map(({ id, checked, broken }) => [id, checked, broken]), [
    [sparkplugAssertions.bdSeq, 900, 0],
    [sparkplugAssertions.order, 900, 7],
    [sparkplugAssertions.stateRetain, 1, 1],
  ]);
  assert.equal(
    certificateText(report),
    "Nodes published 1,000 NBIRTH (998 seen by watchers, 3 for a Rebirth command) and left with 100 NDEATH (99 seen).",
  );
  assert.equal(faultTotal(report), 8);
  assert.deepEqual([assertionRows(reportOf(passed())), certificateText(reportOf(passed()))], [[], undefined]);
});

Deno.test("sparkplug report: text, Markdown, JUnit and page have the assertions with their counts", () => {
  const report = reportOf(broken());
  const text = reportText(report, { width: 120 });
  assert.match(text, /\nNDEATH before the next NBIRTH +900 +7\n/);
  assert.match(text, /\nsparkplug +7 of this kind: .*stale: NDEATH of life 1/);
  assert.match(reportMarkdown(report), /\| NDEATH before the next NBIRTH \(`tck-id-[a-z-]+`\) \| 900 \| \*\*7\*\* \|/);
  const junit = reportJunit(report);
  assert.match(
    junit,
    /<testcase [^>]*name="NDEATH before the next NBIRTH \(tck-id-[a-z-]+\)"[^>]*>\s*<failure message="7 of 900 broke it"/,
  );
  assert.match(junit, /name="bdSeq of NDEATH is that of its NBIRTH \(tck-id-payloads-ndeath-bdseq\)"[^>]*\/>/);
  const page = reportHtml(report);
  assert.ok(page.includes('id="sparkplug-title"') && page.includes(sparkplugAssertions.stateRetain));
  assert.ok(page.includes("edge nodes with 2 devices, host mqtt-sim-"));
  assert.ok(!reportHtml(reportOf(passed())).includes("sparkplug-title"));
});

Deno.test("sparkplug report: a saved report is read again, and a wrong one refused", () => {
  const text = reportJson(reportOf(broken()));
  const { sparkplug: read, faults } = parseReport(text, "r.json");
  assert.deepEqual(read, sparkplug);
  assert.equal(faults[0]!.verdict, "sparkplug");
  assert.throws(() => parseReport(text.replace('"rebirths": 3', '"rebirths": "3"'), "r.json"), /rebirths/);
});

Deno.test("sparkplug report: parts of a run are summed, and fail together", () => {
  const part = (number: number) => {
    const report = reportOf(broken({ shard: { number, of: 2 }, watchers: 2 }));
    return { name: `${number}.json`, report };
  };
  const merged = mergeReports([part(1), part(2)]);
  assert.deepEqual(merged.sparkplug!.assertions, {
    bdSeq: { checked: 1_800, broken: 0 },
    order: { checked: 1_800, broken: 14 },
    stateRetain: { checked: 2, broken: 2 },
  });
  assert.deepEqual(merged.sparkplug!.births, { sent: 2_000, seen: 1_996 });
  assert.equal(merged.verdict, "fail");
  assert.match(merged.reason, /14 NDEATH after a newer NBIRTH, the death certificate of the host not retained/);
});

Deno.test("sparkplug report: thresholds on other numbers leave the fault, one on its count decides", () => {
  const held = (...expressions: string[]) => applyThresholds(reportOf(broken()), expressions.map(parseThreshold));
  assert.equal(held("latencyMs.all.p99<60s").verdict, "fail");
  assert.equal(held("sparkplug.assertions.order.broken<1%").verdict, "pass");
  assert.equal(held("sparkplug.assertions.order.broken<5").verdict, "fail");
});

Deno.test("threshold: a message without DUP fails the run beside any threshold, but for one on its count", () => {
  const report = reportOf(passed({}, { redeliveries: { total: 9, withoutDup: 2 } }));
  const held = (expression: string) => applyThresholds(report, [parseThreshold(expression)]);
  assert.equal(held("latencyMs.all.p99<60s").verdict, "fail");
  assert.equal(held("redeliveries.withoutDup<5").verdict, "pass");
});
