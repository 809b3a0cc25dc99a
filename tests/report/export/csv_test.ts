import assert from "node:assert/strict";
import type { LifeRow } from "../../../src/fleet/ledger/life_row.ts";
import { lifeRowsCsv, lifeRowsHead, livesCsv, modeCsv } from "../../../src/report/export/csv.ts";
import { assertGolden } from "../golden.ts";
import { failed, latency, passed, reportOf } from "../sample.ts";

Deno.test("csv: a row for each kill mode", () => assertGolden("fail.csv", modeCsv(reportOf(failed()))));

Deno.test("csv: sampled lives: each fault sample and each slow life", () => {
  const text = livesCsv(reportOf(failed()));
  assertGolden("fail.lives.csv", text);
  assert.equal(text.trimEnd().split("\r\n").length, 1 + 15 + 1);
});

Deno.test("csv: quotes text that would end a cell", () => {
  const [life] = passed().slowest;
  const text = livesCsv(reportOf(passed({}, { slowest: [{ ...life!, client: 'a,"b"\nc' }] })));
  assert.ok(text.includes('slow,"a,""b""\nc",2,'));
});

Deno.test("csv: each recorded life has its group, verdict and times", () => {
  const row: LifeRow = {
    ...{ client: "c-7", group: "a,b", incarnation: 2, mode: "reset", protocol: "5", qos: 1 },
    ...{ verdict: "onTime", latencyMs: 1.5, duplicates: 1, unwanted: 0 },
    timeline: { connectedMs: 10, killDueMs: 19.5, killedMs: 20, dueMs: 20, seenMs: [21, 22] },
  };
  const alive: LifeRow = {
    ...{ client: "c-8", group: "all", incarnation: 1, mode: "alive", protocol: "3.1.1", qos: 0 },
    ...{ verdict: "none", duplicates: 0, unwanted: 0, timeline: { connectedMs: 10, seenMs: [] } },
  };
  assert.equal(
    lifeRowsHead + lifeRowsCsv([row, alive]),
    [
      "client,group,incarnation,protocol,qos,mode,verdict,latencyMs,duplicates,unwanted," +
      "connectedMs,killDueMs,killedMs,dueMs,seenMs",
      'c-7,"a,b",2,5,1,reset,onTime,1.5,1,0,10,19.5,20,20,21 22',
      "c-8,all,1,3.1.1,0,alive,none,,0,0,10,,,,",
      "",
    ].join("\r\n"),
  );
});

Deno.test("csv: a mode without a will has empty latencies, and a count of 0", () => {
  const { latencyMs, brokerLatencyMs } = passed();
  const none = latency(0, 0, 0);
  const text = modeCsv(reportOf(passed({}, {
    latencyMs: { ...latencyMs, byMode: { ...latencyMs.byMode, leave: none } },
    brokerLatencyMs: { ...brokerLatencyMs!, byMode: { ...brokerLatencyMs!.byMode, leave: none } },
  })));
  const leave = text.split("\r\n").find((line) => line.startsWith("leave,"))!;
  assert.ok(leave.endsWith(",0,0,,,,,,,,0,,,,,,,"), leave);
});

Deno.test("csv: both latencies have their columns; a report of an earlier version has the older alone", () => {
  const [head, reset] = modeCsv(reportOf(passed())).split("\r\n").map((line) => line.split(",")) as [
    string[],
    string[],
  ];
  const at = (name: string) => Number(reset[head.indexOf(name)]);
  const { latencyMs, brokerLatencyMs } = passed();
  assert.equal(at("latencyMs_p99"), latencyMs.byMode.reset!.p99);
  assert.equal(at("brokerLatencyMs_p99"), brokerLatencyMs!.byMode.reset!.p99);
  const { brokerLatencyMs: _, ...earlier } = passed();
  const [, old] = modeCsv(reportOf(earlier)).split("\r\n");
  assert.ok(old!.endsWith(",,,,,,,,"));
});
