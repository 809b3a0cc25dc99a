/** The plan of a fleet on the broker of a seed, drawn from the seed. */
import { mix, Random } from "../../../src/base/random.ts";
import { everyKillMode, needsVersion5 } from "../../../src/fleet/plan/kill_mode.ts";
import type { PhasePlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";

/** Draws a plan. */
export function openPlanOf(seed: number): Partial<PlanRequest> {
  const random = new Random(mix(seed, 0xf1ee));
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
  const chance = (of: number) => random.below(of) === 0;
  const protocol = pick(["auto", "auto", "3.1.1", "5", "5", "mix"] as const);
  const willDelayS = protocol === "3.1.1" || protocol === "mix" ? 0 : pick([0, 1, 2, 3, 4]);
  const modes = everyKillMode.filter((mode) => (protocol !== "3.1.1" || !needsVersion5(mode)) && !chance(3));
  const presence = chance(5);
  const restart: readonly PhasePlan[] = [
    { kind: "kill", durationMs: 2_500 },
    { kind: "restart", downMs: pick([300, 1_500]), ...chance(2) && { jitterMs: 1_000 } },
    { kind: "kill", durationMs: 2_500 },
  ];
  return {
    protocol,
    clients: pick([4, 8, 12]),
    killRate: { kind: "fraction", perSecond: pick([0.2, 0.4, 0.8]) },
    killShares: modes.concat("reset").map((mode) => ({ mode, weight: 1 })),
    durationMs: 5_000,
    keepAliveS: pick([1, 2, 4]),
    willQos: pick([0, 1, 2, "mix"] as const),
    willRetain: presence || chance(4),
    willDelayS,
    sessionExpiryS: pick([0, 3, 10, 60, 60]),
    cleanStart: pick(["yes", "no", "mix"] as const),
    reconnectAfterMs: pick([100, 1_500, 2_500, "never"] as const),
    willPayloadSizeBytes: pick([64, 64, 200]),
    ...presence && { presence },
    ...chance(4) &&
      { telemetry: { perSecond: pick([1, 5]), sizeBytes: pick([20, 300]), qos: pick([0, 1, 2] as const) } },
    ...chance(6) && { watchers: 2, fanOut: pick([1, 2]) },
    ...chance(6) && { phases: restart },
    // Last, so that the draws before it stay the same for each seed.
    ...chance(4) && { willPayload: "offline", ...presence && { birthPayload: "online" }, willPayloadSizeBytes: 64 },
  };
}
