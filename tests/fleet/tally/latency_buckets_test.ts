import assert from "node:assert/strict";
import { addBuckets, bucketEndsMs, LatencyBuckets } from "../../../src/fleet/tally/latency_buckets.ts";

Deno.test("latency buckets: a latency counts in its range, bounds included, and above the last in one more", () => {
  const buckets = new LatencyBuckets();
  for (const ms of [0, 0.1, 0.2, 300_000, 300_001]) buckets.record(ms);
  const { counts, sumMs } = buckets.data();
  assert.equal(counts.length, bucketEndsMs.length + 1);
  assert.deepEqual([counts[0], counts[1], counts.at(-2), counts.at(-1)], [2, 1, 1, 1]);
  assert.ok(Math.abs(sumMs - 600_001.3) < 1e-6);
});

Deno.test("latency buckets: the counts of several squads add up", () => {
  const one = new LatencyBuckets();
  const other = new LatencyBuckets();
  one.record(3);
  other.record(4);
  other.record(400);
  const { counts, sumMs } = addBuckets([one.data(), other.data()]);
  assert.deepEqual([counts[5], counts[11], sumMs], [2, 1, 407]);
});
