/** Each built-in scenario, with few clients, on the broker's core under a manual clock. */
import assert from "node:assert/strict";
import { overrule, parseScenario } from "../../src/cli/fleet/scenario_file.ts";
import { builtInScenarios } from "../../src/cli/fleet/scenarios.ts";
import { parseNodes } from "../../src/fleet/plan/cluster_node.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

const clients = 40;
const nodes = parseNodes("n1=mqtt://sim:1,n2=mqtt://sim:2,n3=mqtt://sim:3", "--node");

function request(name: string, flags: Partial<PlanRequest> = {}): PlanRequest {
  const { text, ofCluster } = builtInScenarios.find((scenario) => scenario.name === name)!;
  const cluster = ofCluster && { nodes };
  return overrule(parseScenario(text, name), { clients, ...cluster, ...flags }, { seed: 11, run: "sc" });
}

function simulated(name: string, flags?: Partial<PlanRequest>): FleetResult {
  const plan = request(name, flags);
  return simulateFleet({ plan, protocol: plan.protocol === "5" ? "5" : "mix" });
}

/** Living clients at the end of a second, counted from the start of the kills. */
function alive({ series }: FleetResult): number[] {
  return series.map((point) => point.alive);
}

function inWaves({ presence, plan }: FleetResult): void {
  assert.deepEqual([presence!.waves!.length, presence!.wrong, presence!.byMoment.left!.judged > 0], [5, 0, true]);
  assert.match(plan.willPayload!, /offline/);
}

/** Further conditions for each scenario, beyond its pass. */
const shown: Readonly<Record<string, (result: FleetResult) => void>> = {
  "steady": ({ kills }) => assert.ok(kills.total > 40 && kills.total < 70, `${kills.total} kills`),
  "storm": (result) => {
    assert.equal(result.kills.total, clients);
    assert.deepEqual({ reconnects: result.clients.reconnects, expected: result.wills.expected }, {
      reconnects: 0,
      expected: clients,
    });
    assert.equal(Math.max(...result.series.map(({ kills }) => kills)), clients, "all in one second");
    const { lives, due, seen, untilMs } = result.storms!.each[0]!;
    assert.deepEqual({ lives, due, seen, shares: Object.keys(untilMs).length }, {
      ...{ lives: clients, due: clients, seen: clients, shares: 4 },
    });
  },
  "blackout": (result) => {
    const site = clients / 4;
    const counts = alive(result).filter((count) => count > 0);
    const dark = counts.filter((count) => count <= clients - site && count > clients - site - 8).length;
    assert.ok(dark >= 10, `dark for ${dark} s: ${counts}`);
    assert.ok(counts.slice(counts.lastIndexOf(clients - site)).some((count) => count >= clients - 3), `${counts}`);
    assert.ok(result.clients.reconnects >= site);
  },
  "rolling": (result) => {
    assert.deepEqual({ total: result.kills.total, reconnects: result.clients.reconnects }, {
      total: clients,
      reconnects: clients,
    });
    const waves = result.series.filter(({ kills }) => kills > 0).map(({ kills }) => kills);
    assert.deepEqual(waves, [10, 10, 10, 10]);
    assert.ok(Math.min(...alive(result).filter((count, place) => place > 0 && count > 0)) >= 30);
  },
  "flap": (result) => {
    assert.deepEqual({
      total: result.kills.total,
      reconnects: result.clients.reconnects,
      expected: result.wills.expected,
    }, { total: 4 * clients, reconnects: 3 * clients, expected: clients });
  },
  "reconnect-storm": ({ kills, clients: { reconnects } }) => {
    assert.deepEqual({ total: kills.total, reconnects }, { total: 2 * clients, reconnects: 2 * clients });
  },
  "reconnect-storm-jitter": (result) => {
    assert.deepEqual({ total: result.kills.total, reconnects: result.clients.reconnects }, {
      total: 2 * clients,
      reconnects: 2 * clients,
    });
    assert.ok(
      new Set(alive(result).filter((count) => count > 0 && count < clients)).size >= 5,
      "back over some seconds",
    );
  },
  "freeze": ({ kills }) => assert.deepEqual(Object.keys(kills.byMode), ["freeze", "half-packet"]),
  "presence": ({ presence, kills }) => {
    assert.deepEqual(Object.keys(kills.byMode), ["reset", "close", "takeover", "leave"]);
    const { middle, end, left } = presence!.byMoment;
    assert.ok(middle!.judged > clients / 2, `only ${middle!.judged} states were settled`);
    assert.deepEqual([end!.right, left!.right, presence!.wrong], [clients, clients, 0]);
  },
  "home-assistant": inWaves,
  "zigbee2mqtt": inWaves,
  "restart": ({ restarts, wills, storms }) => {
    const [restart, ...others] = restarts!.each;
    assert.deepEqual({
      others,
      unseeable: restarts!.unseeable,
      survived: restart!.survived,
      watchersForgotten: restart!.watchersForgotten,
    }, { others: [], unseeable: 0, survived: 0, watchersForgotten: 0 });
    assert.ok(restart!.lives > 25 && restart!.lives === restarts!.lives.kills, `${restart!.lives} lives`);
    const [{ kind, lives, due, seen, atMs }] = storms!.each as [NonNullable<typeof storms>["each"][number]];
    assert.deepEqual({ kind, lives, due, seen }, {
      ...{ kind: "restart", lives: restart!.lives, due: restarts!.lives.expected, seen: restarts!.lives.expected },
    });
    assert.ok(Math.abs(atMs - restart!.downAtMs) <= 20, `storm at ${atMs}, down at ${restart!.downAtMs}`);
    assert.ok(restart!.willsAfter > 15 && restart!.willsBefore === 0, `${restart!.willsAfter} wills after`);
    assert.ok(wills.expected > restarts!.lives.expected && restarts!.lives.expected > 10);
  },
  "node-loss": ({ restarts, kills, byNode }) => {
    const [{ node, lives, survived, watchersKept, willsBefore, backAtMs, downAtMs }] = restarts!.each as [
      NonNullable<typeof restarts>["each"][number],
    ];
    assert.deepEqual({ node, survived, watchersKept }, { node: "n3", survived: 0, watchersKept: 1 });
    assert.ok(lives > 5 && lives === restarts!.lives.kills && willsBefore > 3, `${lives} lives, ${willsBefore} before`);
    assert.ok(backAtMs - downAtMs >= 10_000, `${backAtMs - downAtMs} ms down`);
    assert.ok(kills.total > 15 && byNode!.every(({ due, missing }) => due > 0 && missing === 0), `${kills.total}`);
  },
  "node-rolling": ({ restarts }) => {
    assert.deepEqual(restarts!.each.map(({ node, survived }) => [node, survived]), [["n1", 0], ["n2", 0], ["n3", 0]]);
    assert.ok(restarts!.each.every(({ lives }) => lives > 5));
  },
  "node-drain": ({ restarts, kills }) => {
    assert.deepEqual(restarts!.each.map(({ node, lives, watchersKept }) => [node, lives, watchersKept]), [[
      "n3",
      0,
      1,
    ]]);
    assert.ok(kills.byMode.leave!.kills > 5);
  },
  "takeover": ({ kills, wills, clients: { reconnects } }) => {
    assert.deepEqual(Object.keys(kills.byMode), ["takeover"]);
    assert.equal(reconnects, kills.total);
    // A fifth of the clients resume their sessions within the will delay.
    assert.ok(Math.abs(wills.expected / kills.total - 4 / 5) < 0.1, `${wills.expected} of ${kills.total}`);
  },
};

for (const { name } of builtInScenarios) {
  Deno.test(`scenario ${name} passes on the embedded broker`, () => {
    const result = simulated(name);
    assert.deepEqual(result.faults, []);
    assert.deepEqual(
      { verdict: result.verdict, exitCode: result.exitCode },
      { verdict: "pass", exitCode: 0 },
      result.reason,
    );
    assert.equal(result.clients.lost, 0);
    assert.equal(result.plan.scenario, name);
    shown[name]!(result);
  });
}

Deno.test("M7: scenario takeover has delayed wills of sessions that the takeover ends", () => {
  const { groups } = request("takeover");
  const ends = groups!.filter(({ willDelayS = 0, cleanStart, sessionExpiryS }) =>
    willDelayS > 0 && (cleanStart === "yes" || sessionExpiryS === 0)
  );
  assert.deepEqual(ends.map(({ cleanStart, sessionExpiryS }) => [cleanStart, sessionExpiryS]), [["yes", 60], [
    "no",
    0,
  ]]);
});

Deno.test("scenario steady is the default", () => {
  const { scenario: _, overruled: __, ...plan } = simulated("steady").plan;
  const { plan: usual } = simulateFleet({ plan: { clients, seed: 11, run: "sc" } });
  assert.deepEqual(plan, usual);
});

for (const name of ["blackout", "reconnect-storm-jitter", "takeover"]) {
  Deno.test(`scenario ${name}: the same seed gives the same run, another seed another`, () => {
    const facts = (result: FleetResult) => ({ ...result, plan: undefined });
    assert.deepEqual(simulated(name), simulated(name));
    assert.notDeepEqual(facts(simulated(name)), facts(simulated(name, { seed: 12 } as Partial<PlanRequest>)));
  });
}

Deno.test("scenarios pass under load, and a flag applies to their groups and phases", () => {
  const telemetry = { perSecond: 5, sizeBytes: 100, qos: 2 } as const;
  const result = simulated("blackout", {
    telemetry,
    killShares: [{ mode: "garbage", weight: 1 }],
    reconnectAfterMs: 500,
  });
  assert.deepEqual([result.verdict, Object.keys(result.kills.byMode)], ["pass", ["garbage"]]);
  assert.equal(result.clients.reconnects, result.kills.total, "every client returns");
});
