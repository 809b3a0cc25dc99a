/// <reference lib="deno.worker" />
/** The share of the seeds that one thread runs. */
import { simulate } from "./simulation.ts";

/** Seeds `from`, `from + step` and so on, below `to`. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export interface SeedReport {
  readonly done: number;
  readonly failures: readonly { readonly seed: number; readonly message: string }[];
}

/** The number of failures after which a thread stops, since they probably have one cause. */
const failuresLimit = 5;

self.onmessage = ({ data: { from, to, step } }: MessageEvent<SeedRange>) => {
  const failures: { seed: number; message: string }[] = [];
  let done = 0;
  for (let seed = from; seed < to && failures.length < failuresLimit; seed += step, done++) {
    try {
      simulate(seed);
    } catch (error) {
      failures.push({ seed, message: error instanceof Error ? error.message : String(error) });
    }
  }
  self.postMessage({ done, failures } satisfies SeedReport);
};

self.postMessage("ready");
