import assert from "node:assert/strict";
import { checkAnnotations, comparisonAnnotations, reportAnnotations } from "../../../src/report/export/annotations.ts";
import { applyThresholds, parseThreshold } from "../../../src/report/model/threshold.ts";
import { checkSample, hostileCheck, voidCheck } from "../check_sample.ts";
import { everyOutcome } from "../comparison_sample.ts";
import { hostile } from "../hostile.ts";
import { failed, passed, reportOf, voided } from "../sample.ts";

const linesOf = (text: string) => text.split("\n").slice(0, -1);

Deno.test("annotations: a failed run has one for each kind of fault, the most frequent first", () => {
  const lines = linesOf(reportAnnotations(reportOf(failed())));
  assert.match(
    lines[0]!,
    /^::error title=mqtt-sim fleet%3A 25 missing::mqtt-sim-k3x9a-0 life 1 \(reset, MQTT 5\.0, QoS 1\): /,
  );
  assert.equal(lines.filter((line) => line.startsWith("::error ")).length, failed().faultKinds.length);
  assert.ok(lines.every((line) => /^::(error|warning) title=[^:,]+::\S/.test(line)), lines.join("\n"));
});

Deno.test("annotations: a run that passed has none; a void run has its reason, an unmet threshold its value", () => {
  assert.equal(reportAnnotations(reportOf(passed())), "");
  assert.match(reportAnnotations(reportOf(voided())), /^::error title=mqtt-sim fleet%3A VOID::/);
  const late = applyThresholds(reportOf(passed()), [parseThreshold("latencyMs.all.max<1us")]);
  assert.match(
    reportAnnotations(late),
    /^::error title=mqtt-sim fleet%3A threshold not met::latencyMs\.all\.max<1us: it is /,
  );
});

Deno.test("annotations: a check has one for each failed case, at most ten", () => {
  assert.match(
    checkAnnotations(checkSample()),
    /^::error title=mqtt-sim check%3A will\/two::watcher got no message \[MQTT 5\.0, 4\.13\.1-1\]\n/,
  );
  assert.match(checkAnnotations(voidCheck()), /^::error title=mqtt-sim check%3A VOID::/);
  const [, , two] = checkSample().cases;
  const many = checkSample({ cases: Array.from({ length: 30 }, () => two!), warnings: [] });
  const lines = linesOf(checkAnnotations(many));
  assert.equal(lines.length, 10);
  assert.equal(lines.at(-1), "::error title=mqtt-sim::21 more are in the report");
});

Deno.test("annotations: a comparison names each broker that failed", () => {
  const lines = linesOf(comparisonAnnotations(everyOutcome()));
  assert.ok(lines.some((line) => line.startsWith("::error title=mqtt-sim brittle%3A 25 missing::")), lines.join("\n"));
  assert.ok(lines.at(-1)!.startsWith("::error title=mqtt-sim%3A FAIL::"));
});

Deno.test("annotations: hostile text ends no line, adds no property and begins no command", () => {
  for (const text of [reportAnnotations(hostile()), checkAnnotations(hostileCheck())]) {
    for (const line of linesOf(text)) assert.match(line, /^::(error|warning) title=[^:,\r]+::[^\r]*$/);
    assert.doesNotMatch(text.replaceAll("%25", "").replaceAll("%3A", "").replaceAll("%2C", ""), /%/);
  }
});
