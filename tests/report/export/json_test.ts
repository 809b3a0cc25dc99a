import assert from "node:assert/strict";
import { reportJson } from "../../../src/report/export/json.ts";
import { assertGolden } from "../golden.ts";
import { failed, passed, reportOf } from "../sample.ts";

const willNames = ["expected", "onTime", "late", "early", "missing", "altered", "duplicate", "unwanted", "deviating"];
const rowNames = ["count", "min", "mean", "p50", "p90", "p99", "p999", "max", "hdr"];

const read = (result = passed()) => JSON.parse(reportJson(reportOf(result)));
const names = (value: object) => Object.keys(value).sort();

Deno.test("json: a report has exactly the documented names", () => {
  const report = read();
  assert.deepEqual(names(report), [
    ..."brokerLatencyMs clients controls engine exitCode faultKinds faults floorMs killTimeMs kills".split(" "),
    ..."latencyMs plan reason".split(" "),
    ..."resources run schema series slipMs slowest stages tool verdict verdictText warnings willRate wills".split(" "),
  ]);
  assert.equal(report.schema, "mqtt-sim/report/1");
  assert.deepEqual(names(report.tool), ["name", "version"]);
  assert.deepEqual(names(report.run), "durationMs id protocol repeat seed startedAt target".split(" "));
  assert.deepEqual(names(report.clients), "asked connected lost peakAlive rampPerSecond reconnects refused".split(" "));
  assert.deepEqual(names(report.kills), "askedPerSecond byMode deferred reachedPerSecond total".split(" "));
  assert.deepEqual(names(report.wills), [...willNames, "missingByQos", "eitherWay", "undecided"].sort());
  assert.deepEqual(names(report.latencyMs), ["all", "byMode"]);
  assert.deepEqual(names(report.resources), ["cpuMs", "rssBytes"]);
});

Deno.test("json: each kill mode has the same names", () => {
  const report = read(failed());
  assert.equal(names(report.kills.byMode).length, 10);
  for (const counts of Object.values(report.kills.byMode)) {
    assert.deepEqual(names(counts as object), ["kills", ...willNames].sort());
  }
  for (const row of [report.latencyMs.all, report.slipMs, ...Object.values(report.latencyMs.byMode)]) {
    assert.deepEqual(names(row as object), [...rowNames].sort());
  }
  assert.deepEqual(names(report.retained), ["expected", "missing", "right", "wrong"]);
  const states = "absent altered eitherWay judged right stale unsettled unwanted wrong".split(" ");
  assert.deepEqual(names(report.presence), [...states, "byMoment", "left", "online"].sort());
  assert.deepEqual(names(report.presence.byMoment), ["end", "left", "middle"]);
  assert.deepEqual(names(report.presence.byMoment.end), states);
  assert.deepEqual(names(report.presence.online), ["acknowledged", "refused", "seen", "sent"]);
  assert.deepEqual(
    names(report.faults[0]),
    "client incarnation mode protocol qos rule text verdict".split(" "),
  );
});

Deno.test("json: the whole document equals its golden file", () => {
  // Another zlib may compress the same histogram to different bytes.
  const text = reportJson(reportOf(passed(), { embedded: true })).replaceAll(/"hdr": "HIST[^"]+"/g, '"hdr": "HIST"');
  assertGolden("pass.json", text);
});

Deno.test("json: contains the user name and not the password", () => {
  const text = reportJson(reportOf(passed({ username: "fleet", password: "s3cret-word" })));
  assert.ok(!text.includes("s3cret-word"));
  assert.equal(JSON.parse(text).plan.username, "fleet");
  assert.ok(!("password" in JSON.parse(text).plan));
});

Deno.test("json: the port of an embedded broker is no target", () => {
  assert.equal(read().run.target, "mqtt://127.0.0.1:41883");
  assert.equal(reportOf(passed(), { embedded: true }).run.target, "embedded");
});
