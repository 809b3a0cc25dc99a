import assert from "node:assert/strict";
import { CpuCount, type CpuSample } from "./process_cost.ts";

const sample = (threads: Record<string, number>, userUs = 0, kernelUs = 0): CpuSample => ({
  threads: new Map(Object.entries(threads)),
  userUs,
  kernelUs,
});

Deno.test("CPU time: what the threads did since the first sample, new ones whole", () => {
  const count = new CpuCount(sample({ 1: 5_000, 2: 70 }, 10_000));
  assert.equal(count.add(sample({ 1: 5_500, 2: 70 }, 10_000)), 500);
  assert.equal(count.add(sample({ 1: 5_500, 2: 90, 3: 40 }, 20_000)), 560);
});

Deno.test("CPU time: a thread that has ended takes nothing back, and the ticks tell what it did after it was last seen", () => {
  const count = new CpuCount(sample({ 1: 0, 2: 300 }));
  assert.equal(count.add(sample({ 1: 100, 2: 400 })), 200);
  assert.equal(count.add(sample({ 1: 150 })), 250, "the ticks know of nothing more");
  const busy = new CpuCount(sample({ 1: 0, 2: 300 }));
  assert.equal(busy.add(sample({ 1: 50_000 }, 90_000, 30_000)), 100_000, "120 ms by the ticks, to two of them");
});
