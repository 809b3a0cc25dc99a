import assert from "node:assert/strict";
import { CpuCount, type CpuSample } from "./process_cost.ts";

const sample = (threads: Record<string, number>, userUs = 0, kernelUs = 0): CpuSample => ({
  threads: new Map(Object.entries(threads)),
  userUs,
  kernelUs,
});

Deno.test("CPU time: adds up the threads since the first sample, new threads completely", () => {
  const count = new CpuCount(sample({ 1: 5_000, 2: 70 }, 10_000));
  assert.equal(count.add(sample({ 1: 5_500, 2: 70 }, 10_000)), 500);
  assert.equal(count.add(sample({ 1: 5_500, 2: 90, 3: 40 }, 20_000)), 560);
});

Deno.test("CPU time: an ended thread keeps its share, and ticks add its time after the last sample", () => {
  const count = new CpuCount(sample({ 1: 0, 2: 300 }));
  assert.equal(count.add(sample({ 1: 100, 2: 400 })), 200);
  assert.equal(count.add(sample({ 1: 150 })), 250, "the ticks know of nothing more");
  const busy = new CpuCount(sample({ 1: 0, 2: 300 }));
  assert.equal(busy.add(sample({ 1: 50_000 }, 90_000, 30_000)), 100_000, "120 ms by the ticks, to two of them");
});
