/**
 * A fleet of one seed: a small squad, with a plan drawn from the seed, against the broker's core. The fleet's oracle
 * judges it; it shares no code with the broker or with the simulation's model.
 */
import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { everyKillMode } from "../../../src/fleet/plan/kill_mode.ts";
import { simulateFleet } from "../../support/simulated_fleet.ts";

/** Throws unless the oracle finds no fault. */
export function simulateFleetOf(seed: number): void {
  const random = new Random(seed);
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
  const result = simulateFleet({
    protocol: pick(["3.1.1", "5", "mix"]),
    plan: {
      seed,
      clients: 12,
      killRate: { kind: "fraction", perSecond: pick([0.1, 0.3, 0.6]) },
      killShares: everyKillMode.filter(() => random.below(3) > 0).concat("reset").map((mode) => ({ mode, weight: 1 })),
      durationMs: 8_000,
      keepAliveS: pick([1, 2, 4]),
      willQos: "mix",
      willRetain: random.below(2) === 0,
      willDelayS: pick([0, 0, 1, 3]),
      sessionExpiryS: pick([0, 1, 2, 60]),
      cleanStart: pick(["yes", "no", "mix"]),
      reconnectAfterMs: pick([100, 1_500, 2_500]),
    },
  });
  assert.deepEqual(result.faults, []);
  // If no killed client had to leave a will, the run is void and says so.
  assert.equal(result.verdict, result.wills.expected > 0 ? "pass" : "void", result.reason);
}
