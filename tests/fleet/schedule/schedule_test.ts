/** The kills of a schedule: determined by the seed, evenly spaced, and only of living clients. */
import assert from "node:assert/strict";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { everyKillMode, type KillMode } from "../../../src/fleet/plan/kill_mode.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { type KillOrder, KillSchedule, type Roster } from "../../../src/fleet/schedule/schedule.ts";
import { aPlan } from "../sample_life.ts";
import { eachCase } from "../../support/steps.ts";

interface Asked extends Omit<Partial<PlanRequest>, "protocol"> {
  readonly protocol?: "3.1.1" | "5" | "mix";
  readonly roster?: Partial<Roster>;
}

function orders({ roster = {}, protocol = "5", ...request }: Asked): KillOrder[] {
  const plan = aPlan({ clients: 1_000, ...request });
  const groups = new Groups(plan, protocol);
  const whole = { firstClient: 0, clients: plan.clients, seed: plan.seed, groups };
  const schedule = new KillSchedule(plan, { ...whole, ...roster });
  const all: KillOrder[] = [];
  for (let order = schedule.next(); order !== undefined; order = schedule.next()) {
    assert.ok("mode" in order, "no client returns without a phase for it");
    all.push(order);
  }
  assert.equal(schedule.next(), undefined, "a schedule that is over stays over");
  return all;
}

function only(mode: KillMode): Pick<PlanRequest, "killShares"> {
  return { killShares: [{ mode, weight: 1 }] };
}

Deno.test("schedule: the orders of a seed never change", () => {
  const sample = orders({ seed: 1, clients: 100, killRate: { kind: "fraction", perSecond: 0.05 }, durationMs: 1_600 });
  assert.deepEqual(sample.map(({ client, mode, atMs }) => [client, mode, Math.round(atMs)]), [
    [46, "close", 200],
    [33, "close", 402],
    [56, "close", 606],
    [99, "close", 812],
    [63, "reset", 1_021],
    [3, "reset", 1_231],
    [11, "reset", 1_444],
  ]);
});

Deno.test("schedule: one seed draws the same orders, another seed others", () => {
  assert.deepEqual(orders({ seed: 3 }), orders({ seed: 3 }));
  assert.notDeepEqual(orders({ seed: 3 }).map(({ client }) => client), orders({ seed: 4 }).map(({ client }) => client));
});

Deno.test("schedule: a fixed rate has exactly even intervals", () => {
  const all = orders({ ...only("takeover"), killRate: { kind: "count", perSecond: 50 }, durationMs: 10_000 });
  assert.equal(all.length, 499);
  all.forEach(({ atMs }, place) => assert.ok(Math.abs(atMs - (place + 1) * 20) < 1e-6, `kill ${place} at ${atMs}`));
});

/** Name, reconnect delay, and the mean number of living clients once kills and returns balance. */
const shares: readonly [what: string, request: Asked, awayS: number][] = [
  ["reset, back after 1 s", { ...only("reset"), reconnectAfterMs: 1_000 }, 1.25],
  ["close, back at once", { ...only("close"), reconnectAfterMs: 0 }, 0.25],
  ["freeze", { ...only("freeze"), reconnectAfterMs: 1_000, keepAliveS: 4 }, 7.25],
  ["half-packet", { ...only("half-packet"), reconnectAfterMs: 1_000, keepAliveS: 4 }, 7.25],
  ["takeover", { ...only("takeover"), reconnectAfterMs: 1_000 }, 0.25],
];
for (const [what, request, awayS] of shares) {
  Deno.test(`schedule: kills 5% of the living clients each second, ${what}`, () => {
    const durationMs = 600_000;
    const rate = { kind: "fraction", perSecond: 0.05 } as const;
    const all = orders({ clients: 1_000, killRate: rate, durationMs, ...request });
    // alive + away = clients, and away = kills a second × time away = 0.05 × alive × away.
    const alive = 1_000 / (1 + 0.05 * awayS);
    const expected = 0.05 * alive * durationMs / 1_000;
    assert.ok(Math.abs(all.length - expected) < expected * 0.01, `${all.length} kills, ${expected} expected`);
    const closest = 1_000 / (0.05 * 1_000);
    all.reduce((one, other) => {
      assert.ok(other.atMs - one.atMs >= closest - 1e-6, `two kills ${other.atMs - one.atMs} ms apart`);
      return other;
    });
  });
}

Deno.test("schedule: a rate of 5% counts living clients, so intervals grow as clients die", () => {
  const dying = { ...only("reset"), reconnectAfterMs: "never", clients: 4, durationMs: 60_000 } as const;
  // The interval of one kill: 1 ÷ (25 % of 4, 3, 2, 1 living clients) seconds.
  const all = orders({ ...dying, killRate: { kind: "fraction", perSecond: 0.25 } });
  assert.deepEqual(all.map(({ atMs }) => Math.round(atMs)), [1_000, 2_333, 4_333, 8_333]);
});

Deno.test("schedule: reports the mean number of living clients that the rate used", () => {
  const plan = aPlan({ clients: 1_000, durationMs: 600_000 });
  const schedule = new KillSchedule(plan, {
    firstClient: 0,
    clients: 1_000,
    seed: 1,
    groups: new Groups(plan, "5"),
  });
  assert.equal(schedule.meanAlive, 1_000);
  let kills = 0;
  while (schedule.next() !== undefined) kills++;
  assert.ok(Math.abs(kills - schedule.meanAlive * 0.05 * 600) <= 1, `${kills} kills of ${schedule.meanAlive} alive`);
});

Deno.test("schedule: a fixed rate does not depend on the number of living clients", () => {
  for (const clients of [200, 10_000]) {
    const all = orders({ clients, killRate: { kind: "count", perSecond: 50 }, durationMs: 60_000 });
    assert.ok(Math.abs(all.length - 3_000) <= 1, `${all.length} kills of ${clients} clients`);
  }
});

Deno.test("schedule: a fixed rate is at most the rate of returns", () => {
  // 10 clients, each away for 1.25 s: at most 8 kills a second.
  const all = orders({
    ...only("reset"),
    clients: 10,
    killRate: { kind: "count", perSecond: 500 },
    durationMs: 60_000,
  });
  assert.ok(all.length > 460 && all.length <= 490, `${all.length} kills`);
});

Deno.test("schedule: a fleet without returns decays by its rate", () => {
  const request = { reconnectAfterMs: "never", clients: 10_000, durationMs: 60_000, ...only("reset") } as const;
  const all = orders({ ...request, killRate: { kind: "fraction", perSecond: 0.05 } });
  const dead = 10_000 * (1 - Math.exp(-0.05 * 60));
  assert.ok(Math.abs(all.length - dead) < dead * 0.01, `${all.length} dead, ${dead} expected`);
  assert.equal(new Set(all.map(({ client }) => client)).size, all.length, "no client is killed twice");
  const after20S = all.filter(({ atMs }) => atMs < 20_000).length;
  assert.ok(Math.abs(after20S - 10_000 * (1 - Math.exp(-1))) < 100, `${after20S} dead after 20 s`);
});

Deno.test("schedule: no mode kills an offline client", () => {
  const killShares = everyKillMode.map((mode) => ({ mode, weight: 1 }));
  const request = { clients: 300, keepAliveS: 4, reconnectAfterMs: 1_000, durationMs: 120_000, killShares };
  const freeFromMs = new Map<number, number>();
  let again = 0;
  for (const { client, mode, atMs } of orders({ ...request, killRate: { kind: "fraction", perSecond: 0.2 } })) {
    const freeMs = freeFromMs.get(client);
    if (freeMs !== undefined) again++;
    assert.ok(freeMs === undefined || atMs >= freeMs, `client ${client} at ${atMs}, away until ${freeMs}`);
    const awayMs = { "takeover": 0, "freeze": 7_000, "half-packet": 7_000 }[mode as string] ?? 1_000;
    freeFromMs.set(client, atMs + awayMs);
  }
  assert.ok(again > 1_000, "too few clients were killed again to prove the rule");
});

Deno.test("schedule: never draws DISCONNECT with a reason for a 3.1.1 client; other modes keep their shares", async (t) => {
  const killShares = everyKillMode.map((mode) => ({ mode, weight: 1 }));
  const groups = new Groups(aPlan(), "mix");
  const all = orders({ killShares, durationMs: 120_000, reconnectAfterMs: 0, keepAliveS: 1, protocol: "mix" });
  const drawn = { 4: new Map<KillMode, number>(), 5: new Map<KillMode, number>() };
  for (const { client, mode } of all) {
    const counts = drawn[groups.versionOf(client)];
    counts.set(mode, (counts.get(mode) ?? 0) + 1);
  }
  assert.equal(drawn[4].has("disconnect-with-will") || drawn[4].has("disconnect-error"), false);
  assert.deepEqual([drawn[4].size, drawn[5].size], [8, 10]);
  await eachCase(t, [[4, 8], [5, 10]] as const, ([version, modes]) => {
    const total = drawn[version].values().reduce((sum, count) => sum + count, 0);
    for (const [mode, count] of drawn[version]) {
      assert.ok(Math.abs(count - total / modes) < total / modes * 0.25, `${mode}: ${count} of ${total}`);
    }
  });
});

Deno.test("schedule: draws modes by their shares, and never a mode with share 0", () => {
  const killShares = [{ mode: "reset", weight: 9 }, { mode: "leave", weight: 1 }, {
    mode: "garbage",
    weight: 0,
  }] as const;
  const all = orders({ killShares, durationMs: 200_000 });
  const leaves = all.filter(({ mode }) => mode === "leave").length;
  assert.equal(all.some(({ mode }) => mode === "garbage"), false);
  assert.ok(Math.abs(leaves / all.length - 0.1) < 0.01, `${leaves} of ${all.length}`);
});

for (const killRate of [{ kind: "fraction", perSecond: 0.05 }, { kind: "count", perSecond: 50 }] as const) {
  for (const cut of [[1_000], [300, 700], [1, 2, 997], [200, 200, 200, 200, 200]]) {
    Deno.test(`schedule: rosters of ${cut} clients have the orders of one fleet, ${killRate.kind}`, () => {
      const request = { clients: 1_000, killRate, durationMs: 60_000 };
      const parts = cut.map((clients, place) => {
        const firstClient = cut.slice(0, place).reduce((sum, count) => sum + count, 0);
        const own = orders({ ...request, roster: { firstClient, clients } });
        assert.ok(own.every(({ client }) => client >= firstClient && client < firstClient + clients));
        return own;
      });
      const whole = orders(request);
      assert.ok(whole.length > 2_000);
      assert.deepEqual(parts.flat().toSorted((one, other) => one.atMs - other.atMs), whole);
    });
  }
}

const withoutKills: readonly [what: string, request: Asked][] = [
  ["a rate of 0%", { killRate: { kind: "fraction", perSecond: 0 } }],
  ["a rate of 0/s", { killRate: { kind: "count", perSecond: 0 } }],
  ["less than one kill in the whole time", { clients: 1, killRate: { kind: "fraction", perSecond: 0.01 } }],
];
for (const [what, request] of withoutKills) {
  Deno.test(`schedule: ${what} kills no client and ends`, () => assert.deepEqual(orders(request), []));
}

Deno.test("schedule: each order is within the duration, in order", () => {
  const all = orders({ durationMs: 10_000, killRate: { kind: "fraction", perSecond: 1 } });
  assert.ok(all.length > 1_000);
  assert.ok(all.every(({ atMs }) => atMs > 0 && atMs < 10_000));
  assert.deepEqual(all.map(({ atMs }) => atMs), all.map(({ atMs }) => atMs).toSorted((one, other) => one - other));
});
