import assert from "node:assert/strict";
import { livesCsv, modeCsv } from "../../src/report/csv.ts";
import { assertGolden } from "./golden.ts";
import { failed, passed, reportOf } from "./sample.ts";

Deno.test("kill modes", () => assertGolden("fail.csv", modeCsv(reportOf(failed()))));

Deno.test("lives: every fault sample and every slow one", () => {
  const text = livesCsv(reportOf(failed()));
  assertGolden("fail.lives.csv", text);
  assert.equal(text.trimEnd().split("\r\n").length, 1 + 15 + 1);
});

Deno.test("what would end a cell is quoted", () => {
  const [life] = passed().slowest;
  const text = livesCsv(reportOf(passed({}, { slowest: [{ ...life!, client: 'a,"b"\nc' }] })));
  assert.ok(text.includes('slow,"a,""b""\nc",2,'));
});
