import assert from "node:assert/strict";
import { HistogramLogReader, listTags } from "hdr-histogram-js";
import { reportHdrLog } from "../../../src/report/export/hdr_log.ts";
import { passed, reportOf, voided } from "../sample.ts";

Deno.test("hdr log: another reader finds each will again, second by second, and by kill mode", () => {
  const report = reportOf(passed());
  const text = reportHdrLog(report);
  assert.deepEqual(listTags(text), ["NO TAG", "reset", "close", "broker"]);
  const reader = new HistogramLogReader(text);
  const counts: Record<string, number> = {};
  let starts = 0;
  for (let at = reader.nextIntervalHistogram(); at !== null; at = reader.nextIntervalHistogram()) {
    counts[at.tag] = (counts[at.tag] ?? 0) + at.totalCount;
    if (at.startTimeStampMsec === Date.parse(report.run.startedAt) + 1_000) starts++;
    assert.equal(Math.round(at.endTimeStampMsec - at.startTimeStampMsec), 1_000);
  }
  assert.deepEqual(counts, { "NO TAG": 29 * 48, reset: 29 * 25, close: 29 * 23, broker: 29 * 48 });
  assert.match(text, /^#this instrument adds 0.060 ms/m);
  assert.equal(starts, 4, "the first stretch in which wills came begins a second after the run");
});

Deno.test("hdr log: a run without wills has no interval", () => {
  const text = reportHdrLog({ ...reportOf(voided()), series: [] });
  assert.ok(text.split("\n").every((line) => line === "" || /^[#"]/.test(line)));
  assert.match(text, /^#\[StartTime: 1767323045\.678 \(seconds since epoch\), 2026-01-02T03:04:05\.678Z\]$/m);
});
