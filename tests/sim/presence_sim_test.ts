/**
 * Presence under a manual clock: on a correct broker each state is correct, in each kill mode and with each kind of
 * session; and each planted fault is found in each check.
 */
import assert from "node:assert/strict";
import { everyKillMode } from "../../src/fleet/plan/kill_mode.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";
import type { NamedPlan } from "../support/run_plans.ts";

const all = everyKillMode.map((mode) => ({ mode, weight: 1 }));
const busy: Partial<PlanRequest> = {
  clients: 120,
  presence: true,
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: all,
  durationMs: 20_000,
  keepAliveS: 4,
  willQos: "mix",
};

const honest: readonly NamedPlan[] = [
  { name: "3.1.1", plan: {}, protocol: "3.1.1" },
  { name: "5.0", plan: {}, protocol: "5" },
  { name: "both versions", plan: {} },
  { name: "persistent sessions", plan: { sessionExpiryS: 60 } },
  { name: "back within the delay, session resumed", plan: { willDelayS: 5, sessionExpiryS: 60, cleanStart: "no" } },
  {
    name: "back within the delay, session begun clean",
    plan: { willDelayS: 5, sessionExpiryS: 60, cleanStart: "yes" },
  },
  { name: "back after the delay", plan: { willDelayS: 1, sessionExpiryS: 60, reconnectAfterMs: 2_500 } },
  { name: "the session ends before the delay", plan: { willDelayS: 60, sessionExpiryS: 2, reconnectAfterMs: 4_000 } },
  { name: "no client returns", plan: { reconnectAfterMs: "never" } },
  { name: "no client returns, delayed", plan: { reconnectAfterMs: "never", willDelayS: 3, sessionExpiryS: 60 } },
  { name: "three watchers for each will", plan: { fanOut: 3, watchers: 2 } },
  { name: "under telemetry", plan: { telemetry: { perSecond: 50, sizeBytes: 10, qos: 2 } } },
];

for (const { name, plan, protocol } of honest) {
  Deno.test(`presence: an honest broker passes: ${name}`, () => {
    const result = simulateFleet({ plan: { ...busy, ...plan }, ...protocol && { protocol } });
    assert.deepEqual(result.faults, []);
    assert.equal(result.verdict, "pass", result.reason);
    const { byMoment: { middle, end, left }, online, ...counts } = result.presence!;
    const clients = busy.clients!;
    const { unsettled, eitherWay } = counts;
    assert.deepEqual(counts, {
      ...counts,
      wrong: 0,
      judged: 3 * clients - unsettled - eitherWay,
      right: counts.judged,
    });
    assert.ok(middle!.judged > clients / 2, `only ${middle!.judged} were settled during the kills`);
    assert.deepEqual([end!.right, left!.right], [clients, clients]);
    assert.equal(online.sent, result.clients.connected + result.clients.reconnects);
    assert.equal(online.seen, online.sent);
    assert.deepEqual({ acknowledged: counts.left.acknowledged, seen: counts.left.seen }, {
      acknowledged: counts.left.sent,
      seen: counts.left.sent,
    });
  });
}
