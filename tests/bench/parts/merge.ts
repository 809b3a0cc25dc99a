/** The join of the reports of a run's parts, from their bytes in the store to the whole report. */
import process from "node:process";
import { Histogram } from "../../../src/base/histogram.ts";
import { Random } from "../../../src/base/random.ts";
import { gatheredReport } from "../../../src/cli/over/gathered_report.ts";
import { checkedReport } from "../../../src/cli/report/saved_report.ts";
import type { SeriesLatency, SeriesPoint } from "../../../src/fleet/result/series_data.ts";
import type { Rendezvous } from "../../../src/parts/rendezvous.ts";
import { readReport, storeReport } from "../../../src/parts/report_store.ts";
import { passed, reportOf } from "../../report/sample.ts";

const run = "bench";
const modes = ["reset", "close", "takeover", "freeze"] as const;

function memoryStore(): Rendezvous {
  const values = new Map<string, Uint8Array>();
  return {
    publish() {},
    listen: () => () => {},
    get: (key) => Promise.resolve(values.get(key)),
    put: (key, bytes) => Promise.resolve(void values.set(key, bytes)),
    putIfNew: () => Promise.resolve(false),
    close: () => Promise.resolve(),
  };
}

/** The latencies of some wills, most of them short. */
function latencyOf(wills: number, random: Random): SeriesLatency {
  const histogram = new Histogram();
  for (let will = 0; will < wills; will++) histogram.record(0.3 + 8 * random.fraction() ** 4);
  const { count, max } = histogram;
  return { count, p50: histogram.percentile(50), p99: histogram.percentile(99), max, hdr: histogram.encodeShort() };
}

/** Each second has 100 kills of four modes: 1 % a second of 10,000 clients. No two histograms are the same. */
function seriesOf(seconds: number, random: Random): SeriesPoint[] {
  return Array.from({ length: seconds }, (_, second) => ({
    ...{ atMs: (second + 1) * 1_000, alive: 9_900, kills: 100, wills: 100, due: 100, p50: 0.5, p99: 8, max: 9 },
    broker: latencyOf(100, random),
    byMode: Object.fromEntries(modes.map((mode) => [mode, latencyOf(25, random)])),
  }));
}

/** The largest resident memory since the last call, in MiB, where Linux has it. */
function peakMiB(): number {
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1] ?? NaN);
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
  return Math.round(peakKiB / 1_024);
}

/** Stores so many reports, and joins them. */
export async function mergeBench(parts: number, seconds: number, print: (line: string) => void): Promise<void> {
  const store = memoryStore();
  const sample = reportOf(passed());
  let bytes = 0;
  for (let part = 1; part <= parts; part++) {
    const report = { ...sample, series: seriesOf(seconds, new Random(part)) };
    const plan = { ...sample.plan, shard: { number: part, of: parts } };
    const who = { id: `p${part}`, host: `node-${part}`, pid: part, version: "1" };
    await storeReport(store, run, { who, part, of: parts, report: { ...report, plan } });
    bytes += JSON.stringify(report).length;
  }
  peakMiB();
  const [beforeMiB, fromMs, fromCpu] = [Math.round(Deno.memoryUsage().rss / 2 ** 20), performance.now(), cpuS()];
  const stored = [];
  for (let part = 1; part <= parts; part++) stored.push((await readReport(store, run, part))!);
  const readMs = performance.now() - fromMs;
  const whole = gatheredReport(stored, { of: parts, interrupted: false }, [], checkedReport)!;
  const [allS, allCpuS] = [(performance.now() - fromMs) / 1_000, cpuS() - fromCpu];
  print(
    `${parts} reports of ${whole.series.length} s (${(bytes / 2 ** 20).toFixed(0)} MiB of JSON) joined in ` +
      `${allS.toFixed(2)} s (goal 5), ${(readMs / 1_000).toFixed(2)} s of them to read; ${
        allCpuS.toFixed(2)
      } s of CPU; ` +
      `memory ${beforeMiB} MiB before, ${peakMiB()} MiB at most`,
  );
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
