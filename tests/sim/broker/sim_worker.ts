/// <reference lib="deno.worker" />
/** One thread's share of the seeds. */
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

/** After so many failures a thread gives up: they have the same cause. */
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
