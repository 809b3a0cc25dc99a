/// <reference lib="deno.worker" />
/** The share of the seeds of `deno task sim:open` that one thread runs. */
import { addTally, noTally, type OpenTally, simulateOpen } from "./open_seed.ts";
import type { SeedRange } from "../broker/sim_worker.ts";

/** The task of a thread. */
export interface OpenRange extends SeedRange {
  /** The number of failures after which it stops. */
  readonly failuresLimit: number;
}

/** The findings of a thread. */
export interface OpenReport {
  readonly tally: OpenTally;
  readonly failures: readonly { readonly seed: number; readonly message: string }[];
}

self.onmessage = async ({ data: { from, to, step, failuresLimit } }: MessageEvent<OpenRange>) => {
  const failures: { seed: number; message: string }[] = [];
  const tally = noTally();
  for (let seed = from; seed < to && failures.length < failuresLimit; seed += step) {
    try {
      // In sequence: each uses the whole thread.
      // deno-lint-ignore no-await-in-loop
      addTally(tally, await simulateOpen(seed));
    } catch (error) {
      failures.push({ seed, message: error instanceof Error ? error.message : String(error) });
    }
  }
  self.postMessage({ tally, failures } satisfies OpenReport);
};

self.postMessage("ready");
