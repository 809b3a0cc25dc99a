import assert from "node:assert/strict";
import { Histogram } from "../../../src/base/histogram.ts";
import { besidesOf, mergedRow, sumsOf } from "../../../src/fleet/merge/merge_parts.ts";
import { noCanaries } from "../../../src/fleet/result/canary_counts.ts";

const nothing = { controls: noCanaries(), retained: undefined, presence: undefined, telemetry: undefined };

Deno.test("merge parts: sums have the order of the names, and no other names", () => {
  const parts = [{ a: 1, b: 2, c: 3 }, { a: 10, b: 20, c: 30 }];
  assert.equal(JSON.stringify(sumsOf(parts, ["b", "a"])), '{"b":22,"a":11}');
});

Deno.test("merge parts: histograms are merged through their encoding", () => {
  const [one, other] = [new Histogram(), new Histogram()];
  one.record(10);
  for (const ms of [20, 30]) other.record(ms);
  const row = mergedRow([one.row().hdr, other.row().hdr]);
  assert.deepEqual({ count: row.count, max: Math.round(row.max) }, { count: 3, max: 30 });
});

Deno.test("merge parts: a count that no part has is absent", () => {
  assert.deepEqual(besidesOf([nothing, nothing]), { controls: noCanaries() });
});

Deno.test("merge parts: adds up retained wills and canaries of all parts", () => {
  const found = besidesOf([
    { ...nothing, controls: { ...noCanaries(), total: 2 }, retained: { expected: 3, right: 1, wrong: 1, missing: 1 } },
    { ...nothing, controls: { ...noCanaries(), total: 3 } },
    { ...nothing, retained: { expected: 1, right: 1, wrong: 0, missing: 0 } },
  ]);
  assert.deepEqual(found.retained, { expected: 4, right: 2, wrong: 1, missing: 1 });
  assert.equal(found.controls.total, 5);
});
