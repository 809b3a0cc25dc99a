/** Planted losses between processes, two runs for each share; `deno task losses` makes 20. */
import assert from "node:assert/strict";
import { isExact, lossShares, plantedRun } from "../support/planted_losses.ts";
import { peerTest } from "../support/brokers/peers.ts";

for (const share of lossShares) {
  peerTest(`a broker that loses ${share} % of all wills fails, with its own count of missing wills`, [], async () => {
    const runs = await Promise.all([1, 2].map((seed) => plantedRun(share, seed)));
    assert.deepEqual(runs.filter((run) => !isExact(run)), []);
  }, 120_000);
}
