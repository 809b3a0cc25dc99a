/**
 * Latencies counted in a few fixed ranges: the histograms of a run in progress, for its metrics. The report has whole
 * histograms instead.
 */
import type { LatencyBucketCounts } from "../result/will_counts.ts";

/** The upper ends of the ranges, in milliseconds; beyond the last there is one more range. */
export const bucketEndsMs = [
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000],
] as const;

/** Counts latencies by range. */
export class LatencyBuckets {
  readonly #counts = new Array<number>(bucketEndsMs.length + 1).fill(0);
  #sumMs = 0;

  /** Counts one latency, in milliseconds. */
  record(latencyMs: number): void {
    let range = 0;
    while (range < bucketEndsMs.length && latencyMs > bucketEndsMs[range]!) range++;
    this.#counts[range]!++;
    this.#sumMs += latencyMs;
  }

  /** The counts so far. */
  data(): LatencyBucketCounts {
    return { counts: [...this.#counts], sumMs: this.#sumMs };
  }
}

/** The counts of several parts as one. */
export function addBuckets(all: readonly LatencyBucketCounts[]): LatencyBucketCounts {
  const counts = Array.from(
    { length: bucketEndsMs.length + 1 },
    (_, range) => total(all.map((each) => each.counts[range]!)),
  );
  return { counts, sumMs: total(all.map((each) => each.sumMs)) };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
