/** The bottleneck of a run over several processes, computed from their peaks. */
import assert from "node:assert/strict";
import { Gauge, limitText, type Peak } from "./scale_limits.ts";

const peak = (name: string, most: Partial<Peak> = {}): Peak => ({
  ...{ name, threads: 1, cores: 0.1, cpuS: 1, rssMiB: 10, files: 100, filesLimit: 20_000 },
  ...most,
});
const roomy = { taken: 100, had: 28_232 };

Deno.test("limits: each has its own line, descriptors and ports before CPU", () => {
  const line = (peaks: Peak[], ports = roomy, cores = 8) => limitText(peaks, ports, cores);
  assert.match(line([peak("a"), peak("b", { files: 17_000 })]), /^limited by descriptors: b has 17000 of 20000 files/);
  assert.match(line([peak("a")], { taken: 24_000, had: 28_232 }), /^limited by ports: a shard takes 24000 of 28232/);
  assert.equal(line([peak("a"), peak("b", { cores: 0.9 })]), "limited by CPU: b at 90% of its 1 cores");
  assert.equal(
    line([peak("a", { cores: 0.9, threads: 2 })]).startsWith("limit not found: CPU is nearest, a at "),
    true,
  );
  const both = [peak("a", { cores: 0.8 }), peak("b", { cores: 0.82 }), peak("c", { cores: 0.2 })];
  assert.equal(line(both, roomy, 2), "limited by CPU: all together use 1.8 of 2 cores, b most, 0.8");
  assert.match(line([peak("a"), peak("b", { cores: 0.5 })]), /^limit not found: CPU is nearest, b at 50%/);
});

Deno.test("limits: a gauge keeps the busiest interval, and the peaks of memory and files", () => {
  const gauge = new Gauge("a", 1, 1_000);
  const add = (atMs: number, cpuS: number, rssMiB: number, files: number) => gauge.add({ atMs, cpuS, rssMiB, files });
  add(0, 5, 10, 3);
  add(1_000, 5.9, 10, 3);
  assert.equal(gauge.peak.cores, 0, "a stretch that is too short says nothing");
  add(2_000, 6.8, 30, 9);
  add(4_000, 6.8, 20, 4);
  const { cores, cpuS, rssMiB, files } = gauge.peak;
  assert.deepEqual([Math.round(cores * 100), Math.round(cpuS * 10), rssMiB, files], [90, 18, 30, 9]);
  assert.equal(gauge.firstRssMiB, 10);
});
