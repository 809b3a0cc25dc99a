/// <reference lib="deno.worker" />
/** One thread's share of the seeds of `deno task sim:open`. */
import { addTally, noTally, type OpenTally, simulateOpen } from "./open_seed.ts";
import type { SeedRange } from "../broker/sim_worker.ts";

/** What a thread is given. */
export interface OpenRange extends SeedRange {
  /** After so many failures it gives up. */
  readonly failuresLimit: number;
}

/** What a thread found. */
export interface OpenReport {
  readonly tally: OpenTally;
  readonly failures: readonly { readonly seed: number; readonly message: string }[];
}

self.onmessage = async ({ data: { from, to, step, failuresLimit } }: MessageEvent<OpenRange>) => {
  const failures: { seed: number; message: string }[] = [];
  const tally = noTally();
  for (let seed = from; seed < to && failures.length < failuresLimit; seed += step) {
    try {
      // One after the other: each takes a thread for itself.
      // deno-lint-ignore no-await-in-loop
      addTally(tally, await simulateOpen(seed));
    } catch (error) {
      failures.push({ seed, message: error instanceof Error ? error.message : String(error) });
    }
  }
  self.postMessage({ tally, failures } satisfies OpenReport);
};

self.postMessage("ready");
