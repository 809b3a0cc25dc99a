/** Schedules with groups and phases: times, victims and returns, and several squads that act as one fleet. */
import assert from "node:assert/strict";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { phasesDurationMs } from "../../../src/fleet/plan/phases.ts";
import type { ClientGroup, PhasePlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { type KillOrder, KillSchedule, type Order, type ReturnOrder } from "../../../src/fleet/schedule/schedule.ts";
import { aPlan } from "../sample_life.ts";
import { eachCase } from "../../support/steps.ts";

const groups: readonly ClientGroup[] = [
  { name: "a", share: 1, killShares: [{ mode: "garbage", weight: 1 }] },
  { name: "b", share: 3, reconnectAfterMs: 5_000 },
];
const clients = 400;

/** All actions of a plan with `squads` squads, by their times. */
function orders(phases: readonly PhasePlan[], request: Partial<PlanRequest> = {}, squads = 1): Order[] {
  const plan = aPlan({ clients, groups, phases, ...request });
  const all = Array.from({ length: squads }, (_, number) => {
    const firstClient = Math.floor(plan.clients * number / squads);
    const count = Math.floor(plan.clients * (number + 1) / squads) - firstClient;
    const schedule = new KillSchedule(
      plan,
      {
        firstClient,
        clients: count,
        seed: plan.seed,
        groups: new Groups(plan, "5"),
      },
    );
    const own: Order[] = [];
    for (let order = schedule.next(); order !== undefined; order = schedule.next()) own.push(order);
    assert.ok(own.every(({ atMs }, place) => place === 0 || atMs >= own[place - 1]!.atMs), "in order");
    assert.ok(own.every(({ atMs }) => atMs <= phasesDurationMs(plan)));
    return own;
  });
  return all.flat().toSorted((one, other) => one.atMs - other.atMs);
}

const kills = (all: readonly Order[]) => all.filter((order): order is KillOrder => "mode" in order);
const returns = (all: readonly Order[]) => all.filter((order): order is ReturnOrder => "comeBack" in order);
const whose = new Groups(aPlan({ clients, groups }), "5");
const inA = (client: number) => whose.indexOf(client) === 0;

const forGood = { reconnectAfterMs: "never" } as const;
const blackout: readonly PhasePlan[] = [
  { kind: "hold", durationMs: 1_000 },
  { kind: "kill", rate: "once", groups: ["a"], ...forGood },
  { kind: "kill", rate: { kind: "fraction", perSecond: 0.05 }, durationMs: 10_000 },
  { kind: "return", durationMs: 2_000 },
  { kind: "kill", rate: { kind: "fraction", perSecond: 0.05 }, durationMs: 10_000 },
];

for (const squads of [1, 3, 4]) {
  Deno.test(`phases: ${squads} squads carry out a blackout`, () => {
    const all = orders(blackout, {}, squads);
    const atOnce = kills(all).filter(({ atMs }) => atMs === 1_000);
    assert.equal(atOnce.length, clients / 4);
    assert.ok(atOnce.every(({ client, mode }) => inA(client) && mode === "garbage"), "the group's own mix");
    assert.equal(new Set(atOnce.map(({ client }) => client)).size, clients / 4, "each once");
    const dark = kills(all).filter(({ atMs }) => atMs > 1_000 && atMs < 11_000);
    assert.ok(dark.every(({ client }) => !inA(client)), "no offline client is killed");
    // 300 clients alive, minus those that are away for 5 s.
    assert.ok(dark.length > 110 && dark.length < 150, `${dark.length} kills`);
    const back = returns(all);
    const gone = new Set(atOnce.map(({ client }) => client));
    assert.ok(back.length === gone.size && back.every(({ comeBack }) => gone.has(comeBack)), `${back.length} back`);
    assert.ok(back.every(({ atMs }) => atMs >= 11_000 && atMs < 13_000));
    const half = back.filter(({ atMs }) => atMs < 12_000).length;
    assert.ok(Math.abs(half - clients / 8) <= squads, `${half} back after half of the time`);
    assert.ok(
      kills(all).some(({ client, atMs }) => atMs > 13_000 && inA(client)),
      "a returned client may be killed again",
    );
  });
}

Deno.test("phases: several squads draw the same victims as one fleet, in each phase and group", async (t) => {
  // Actions with the same time are in the order of the squads.
  const inOrder = (all: readonly Order[]) => all.map((order) => JSON.stringify([order.atMs, order])).sort();
  const whole = inOrder(orders(blackout));
  assert.ok(whole.length > 400);
  await eachCase(t, [2, 4, 7], (squads) => {
    assert.deepEqual(inOrder(orders(blackout, {}, squads)), whole);
  });
});

Deno.test("phases: one seed draws the same victims, another seed others", () => {
  assert.deepEqual(orders(blackout), orders(blackout));
  assert.notDeepEqual(orders(blackout), orders(blackout, { seed: 8 }));
});

Deno.test("phases: values of a phase win over those of the group, and those of the group over the plan's", () => {
  const all = kills(orders([
    { kind: "kill", rate: "once", killShares: [{ mode: "close", weight: 1 }], reconnectAfterMs: 7, durationMs: 500 },
    { kind: "hold", durationMs: 10_000 },
    { kind: "kill", rate: "once" },
  ], { killShares: [{ mode: "reset", weight: 1 }], reconnectAfterMs: 9 }));
  const first = all.slice(0, clients);
  assert.ok(
    first.every(({ atMs, mode, reconnectAfterMs }) => atMs === 0 && mode === "close" && reconnectAfterMs === 7),
  );
  const second = all.slice(clients);
  assert.equal(second.length, clients);
  for (const { client, atMs, mode, reconnectAfterMs } of second) {
    assert.deepEqual([atMs, mode, reconnectAfterMs], [10_500, ...inA(client) ? ["garbage", 9] : ["reset", 5_000]]);
  }
});

Deno.test("phases: jitter spreads returns over its duration and no further", () => {
  const all = kills(orders([{ kind: "kill", rate: "once", reconnectAfterMs: 1_000, jitterMs: 4_000 }]));
  const waits = all.map(({ reconnectAfterMs }) => Number(reconnectAfterMs));
  assert.ok(waits.every((ms) => ms >= 1_000 && ms < 5_000));
  const mean = waits.reduce((sum, ms) => sum + ms, 0) / waits.length;
  assert.ok(Math.abs(mean - 3_000) < 200, `${mean} ms on average`);
  assert.ok(new Set(waits).size > clients - 5);
});

Deno.test("phases: a second kill of all does not kill offline clients again", () => {
  const once = { kind: "kill", rate: "once", reconnectAfterMs: 1_000 } as const;
  const soon = kills(orders([once, { kind: "hold", durationMs: 1_000 }, once]));
  assert.equal(soon.length, clients);
  const later = kills(orders([once, { kind: "hold", durationMs: 1_250 }, once]));
  assert.equal(later.length, 2 * clients);
});

Deno.test("phases: a fixed rate of a group kills that many a second, in all squads together", async (t) => {
  await eachCase(t, [1, 4], (squads) => {
    const rate = { kind: "count", perSecond: 20 } as const;
    const all = kills(orders([{ kind: "kill", rate, groups: ["b"], durationMs: 10_000 }], {}, squads));
    assert.ok(Math.abs(all.length - 200) <= squads, `${all.length} kills by ${squads} squads`);
    assert.ok(all.every(({ client }) => !inA(client)));
  });
});
