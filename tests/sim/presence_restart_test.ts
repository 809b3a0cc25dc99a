/**
 * Presence over a restart of the broker, under a manual clock: a broker with a store keeps correct states; the fleet
 * detects one that loses retained messages or wills.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { KillMode } from "../../src/fleet/plan/kill_mode.ts";
import type { PhasePlan, PlanRequest } from "../../src/fleet/plan/plan.ts";
import { simulateFleet, type Simulation } from "../support/simulated_fleet.ts";

const restart = { kind: "restart", downMs: 1_500 } as const;
const modes: readonly KillMode[] = ["reset", "close", "leave"];
/**
 * Some clients die or leave for good, long before the restart; the others lose their connections in it, also for good.
 */
const plan: Partial<PlanRequest> = {
  clients: 60,
  sessionExpiryS: 60,
  presence: true,
  reconnectAfterMs: "never",
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: modes.map((mode) => ({ mode, weight: 1 })),
  phases: [
    { kind: "kill", durationMs: 2_000 },
    { kind: "hold", durationMs: 6_000 },
    restart,
    { kind: "hold", durationMs: 5_000 },
  ],
};
const busy: readonly PhasePlan[] = [{ kind: "kill", durationMs: 6_000 }, restart, { kind: "kill", durationMs: 6_000 }];

const honest: readonly (Simulation & { readonly name: string })[] = [
  { name: "no client returns, 3.1.1", plan, protocol: "3.1.1" },
  { name: "no client returns, 5.0, two squads", plan: { ...plan, watchers: 2, workers: 2 }, protocol: "5" },
  { name: "all come back", plan: { ...plan, phases: busy, reconnectAfterMs: 500 } },
  {
    name: "all come back, wills delayed",
    plan: { ...plan, phases: busy, reconnectAfterMs: 2_500, willDelayS: 1 },
    protocol: "5",
  },
  {
    name: "a restart in the middle, when a look is due",
    plan: { ...plan, phases: [{ kind: "kill", durationMs: 3_000 }, restart, { kind: "hold", durationMs: 3_000 }] },
  },
  {
    name: "a restart just after a look has begun",
    plan: { ...plan, phases: [{ kind: "kill", durationMs: 3_000 }, restart, { kind: "hold", durationMs: 2_980 }] },
  },
];

for (const { name, ...simulation } of honest) {
  Deno.test(`presence over a restart: a broker with a store passes: ${name}`, () => {
    const { verdict, reason, presence } = simulateFleet(simulation);
    assert.deepEqual({ verdict, wrong: presence!.wrong }, { verdict: "pass", wrong: 0 }, reason);
    const { right, judged } = presence!.byMoment.end!;
    assert.ok(right === judged && right > 50, JSON.stringify(presence!.byMoment));
  });
}

const tampered = (sql: string) => (path: string) => {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
};

const planted: readonly [name: string, how: Partial<Simulation>, fault: "absent" | "stale"][] = [
  ["loses what is retained", { tamper: tampered("DELETE FROM retained") }, "absent"],
  ["loses wills", { tamper: tampered("DELETE FROM will") }, "stale"],
  ["forgets all", { forgets: true }, "absent"],
];

for (const [name, how, fault] of planted) {
  Deno.test(`presence over a restart: the fleet detects a broker that ${name}`, () => {
    const { verdict, presence } = simulateFleet({ plan, protocol: "3.1.1", ...how });
    assert.equal(verdict, "fail");
    assert.ok(presence!.wrong > 20, `${presence!.wrong} wrong`);
    assert.equal(presence![fault], presence!.wrong);
    assert.equal(presence!.byMoment.middle!.wrong, 0, "before it all is well");
  });
}
