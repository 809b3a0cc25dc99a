/**
 * Planted losses under a manual clock: a broker that loses a share of all wills, canaries included, fails each of 20
 * runs, and the fleet counts exactly the wills that the broker lost. `deno task losses` does the same between
 * processes.
 */
import assert from "node:assert/strict";
import { SeededFault } from "../../src/broker/fault/seeded_fault.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";
import { lossShares } from "../support/planted_losses.ts";

const seeds = 20;

for (const share of lossShares) {
  Deno.test(`planted losses: ${share} % of the wills lost is FAIL in each of ${seeds} runs, with exact counts`, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const fault = new SeededFault({ shares: [{ kind: "lose", fraction: share / 100, timeMs: 0 }], seed });
      const { verdict, exitCode, wills, controls, reason } = simulateFleet({
        plan: {
          seed,
          clients: 100,
          killRate: { kind: "count", perSecond: 100 },
          killShares: [{ mode: "reset", weight: 1 }],
          // A longer run at the small share, so that each seed loses a will.
          durationMs: share === 1 ? 6_000 : 2_000,
          reconnectAfterMs: 200,
        },
        protocol: "mix",
        broker: { willFault: fault },
      });
      assert.deepEqual({ verdict, exitCode }, { verdict: "fail", exitCode: 1 }, `seed ${seed}: ${reason}`);
      assert.equal(wills.missing + controls.lost, fault.counts.lose, `seed ${seed}: ${reason}`);
    }
  });
}
