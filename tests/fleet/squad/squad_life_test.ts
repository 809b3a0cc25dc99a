/** Lives in a squad: deferred kills, takeovers that fail, connections that the broker ends, and interrupted runs. */
import assert from "node:assert/strict";
import type { KillMode } from "../../../src/fleet/plan/kill_mode.ts";
import { faultsOf, FleetStage, type StageOptions } from "../../support/fleet_stage.ts";
import { eachCase } from "../../support/steps.ts";

function only(...modes: readonly KillMode[]): Pick<StageOptions, "killShares"> {
  return { killShares: modes.map((mode) => ({ mode, weight: 1 })) };
}

const busy = { killRate: { kind: "count", perSecond: 8 }, durationMs: 12_000 } as const;
const fleet = /^mqtt-sim-stage-(\d|1\d)$/;

/** A predicate that is true for each CONNECT of a client after its first. */
function comesBack(): (connect: { readonly clientId: string }) => boolean {
  const seen = new Set<string>();
  return ({ clientId }) => fleet.test(clientId) && seen.size === seen.add(clientId).size;
}

Deno.test("squad: counts kills that wait for victims that are not back", () => {
  const again = comesBack();
  let refusals = 0;
  const connack = (connect: { readonly clientId: string }) => again(connect) && ++refusals % 3 !== 0 ? 0x89 : 0;
  const result = new FleetStage({ ...busy, ...only("reset"), script: { connack } }).finish();
  assert.ok(result.kills.deferred > 5, `only ${result.kills.deferred} were deferred`);
  assert.ok(result.clients.refused > 20);
  assert.deepEqual({ verdict: result.verdict, faults: result.faults }, { verdict: "pass", faults: [] });
});

Deno.test("squad: cancels kills that still wait at the end of the run", () => {
  const again = comesBack();
  let refuse = false;
  const stage = new FleetStage({
    ...busy,
    ...only("reset"),
    script: { connack: (connect) => again(connect) && refuse ? 0x89 : 0 },
  });
  // The broker refuses all clients for the last two seconds, so that the schedule draws victims that are away.
  stage.runUntil(() => stage.squad.counters.kills === 80);
  refuse = true;
  stage.runUntil(() => stage.squad.phase === "drain");
  refuse = false;
  const { kills } = stage.squad.counters;
  const result = stage.finish();
  assert.ok(result.kills.deferred > 0);
  assert.equal(result.kills.total, kills, "no kill after the end of the run");
});

/** How a broker may fail the CONNECT of a takeover. */
const failures: readonly [what: string, code: number | undefined][] = [
  ["is refused", 0x97],
  ["is never answered", undefined],
];
for (const [what, code] of failures) {
  Deno.test(`squad: a takeover that ${what} took nothing over and causes no fault`, () => {
    const again = comesBack();
    let failed = 0;
    const stage = new FleetStage({
      ...busy,
      ...only("takeover", "reset"),
      script: { connack: (connect) => again(connect) && ++failed % 3 === 0 ? code : 0 },
    });
    const result = stage.finish();
    assert.ok(failed > 30);
    assert.deepEqual(result.faults, []);
    assert.equal(result.verdict, "pass", result.reason);
  });
}

Deno.test("squad: repeats a takeover later when its link cannot be opened", () => {
  let killing = false;
  let refused = 0;
  const stage = new FleetStage({
    ...busy,
    ...only("takeover"),
    refuse: () => killing && refused < 10 && ++refused > 0,
  });
  stage.runUntil(() => stage.squad.phase === "kill");
  killing = true;
  const result = stage.finish();
  assert.ok(result.kills.deferred >= 10);
  assert.deepEqual({ verdict: result.verdict, faults: result.faults }, { verdict: "pass", faults: [] });
});

Deno.test("squad: at a takeover the broker must close the old connection, although the client is connected again", () => {
  const stage = new FleetStage({ ...busy, ...only("takeover"), reconnectAfterMs: "never" });
  const result = stage.finish();
  assert.ok(result.kills.total > 80, "a client that was taken over is alive, and may be taken over again");
  assert.equal(result.clients.reconnects, result.kills.total);
  assert.deepEqual({ verdict: result.verdict, faults: result.faults }, { verdict: "pass", faults: [] });
});

Deno.test("squad: a frozen client returns only after its will", () => {
  const stage = new FleetStage({ ...busy, ...only("freeze"), reconnectAfterMs: 1_000 });
  stage.runUntil(() => stage.squad.phase === "drain");
  const byClient = Map.groupBy(
    stage.broker.connections.filter(({ clientId }) => fleet.test(clientId)),
    (side) => side.clientId,
  );
  let back = 0;
  for (const lives of byClient.values()) {
    lives.forEach(({ packets, openedMs }, place) => {
      const next = lives[place + 1];
      if (next === undefined) return;
      back++;
      // Its last packet was CONNECT or a PINGREQ, at intervals of 3 s: the connection ends 6 s later, and the client
      // returns 1 s after that.
      const lastMs = openedMs + (packets.length - 1) * 3_000;
      assert.equal(next.openedMs, lastMs + 6_000 + 1_000);
    });
  }
  assert.ok(back >= 20, `only ${back} came back`);
});

Deno.test("squad: a client that the broker kicks is lost, not killed: its will is due, and it returns", () => {
  const stage = new FleetStage({ ...busy, ...only("reset") });
  stage.runUntil(() => stage.squad.counters.kills === 5);
  const kicked = stage.broker.clientIds.filter((clientId) => fleet.test(clientId)).slice(0, 3);
  for (const clientId of kicked) stage.broker.online(clientId)!.close("gone");
  const result = stage.finish();
  assert.equal(result.clients.lost, 3);
  assert.deepEqual({ verdict: result.verdict, faults: result.faults }, { verdict: "pass", faults: [] });
  const killed = Object.values(result.kills.byMode).reduce((sum, { expected }) => sum + expected, 0);
  assert.equal(result.wills.expected, killed + 3);
});

Deno.test("squad: the absent will of a kicked client is missing under the rule for ended connections", () => {
  const stage = new FleetStage({ ...busy, ...only("reset") });
  stage.runUntil(() => stage.squad.counters.kills === 5);
  stage.broker.online(stage.broker.clientIds.find((clientId) => fleet.test(clientId))!)!.drop();
  const result = stage.finish();
  assert.deepEqual(faultsOf(result), { missing: 1 });
  assert.deepEqual(result.faults.map(({ mode, rule }) => [mode, rule]), [["lost", "MQTT 5.0, 3.1.2-8"]]);
});

Deno.test("squad: the will of a living client is unwanted, and so is one of an unknown client", () => {
  const stage = new FleetStage({ ...busy, ...only("reset") });
  stage.runUntil(() => stage.squad.counters.kills === 5);
  const living = stage.broker.clientIds.filter((clientId) => fleet.test(clientId)).slice(0, 2);
  for (const clientId of living) {
    const { topic, payload, qos, retain, properties } = stage.broker.online(clientId)!.will!;
    stage.broker.route({ type: "publish", dup: false, topic, payload, qos, retain, properties: properties! });
  }
  const invented = new TextEncoder().encode("never asked for");
  const topic = "mqtt-sim/stage/0/77/will";
  stage.broker.route({ type: "publish", dup: false, qos: 1, retain: false, topic, payload: invented });
  const result = stage.finish();
  assert.deepEqual(faultsOf(result), { unwanted: 3 });
  const texts = result.faults.map(({ text }) => text);
  assert.ok(texts.includes(`a will of no life of this run came on topic "${topic}"`), `${texts}`);
});

Deno.test("squad: a will at the end of a run, when all clients disconnect, is unwanted", () => {
  const stage = new FleetStage({
    ...busy,
    ...only("reset"),
    script: { wait: ({ clientId }, ending, askedMs) => ending === "left" && clientId.endsWith("-7") ? 0 : askedMs },
  });
  const result = stage.finish();
  assert.deepEqual(faultsOf(result), { unwanted: 1 });
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 1 });
});

Deno.test("squad: a client that gets no more answers may have a will or none", () => {
  const again = comesBack();
  const stage = new FleetStage({
    ...busy,
    ...only("reset"),
    script: { connack: (connect) => again(connect) && connect.clientId.endsWith("-4") ? undefined : 0 },
  });
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, faults: result.faults }, { verdict: "pass", faults: [] });
  assert.ok(result.wills.eitherWay > 0);
});

Deno.test("squad: an interrupt waits two seconds for wills in flight and reports the arrivals", () => {
  const stage = new FleetStage({ ...busy, ...only("reset", "close") });
  stage.runUntil(() => stage.squad.counters.kills === 20);
  const atMs = stage.nowMs;
  stage.squad.interrupt(atMs);
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 130 });
  assert.equal(result.reason, "interrupted before the end of the plan");
  assert.deepEqual({ total: result.kills.total, expected: result.wills.expected, onTime: result.wills.onTime }, {
    total: 20,
    expected: 20,
    onTime: 20,
  });
  assert.ok(stage.nowMs - atMs <= 3_100, `it took ${stage.nowMs - atMs} ms`);
});

Deno.test("squad: an interrupt leaves wills that are not due undecided, and causes no fault", async (t) => {
  const modes = only("freeze", "reset", "half-packet", "takeover", "garbage");
  const more: StageOptions[] = [{}, { willDelayS: 30, sessionExpiryS: 60 }, {
    sessionExpiryS: 60,
    protocolSpoken: "3.1.1",
  }];
  await eachCase(t, more.map((each) => ({ keepAliveS: 20, ...each })), (options) => {
    const stage = new FleetStage({ ...busy, ...modes, ...options });
    stage.runUntil(() => stage.squad.counters.kills === 15);
    stage.squad.interrupt(stage.nowMs);
    const result = stage.finish();
    assert.deepEqual(result.faults, []);
    assert.equal(result.exitCode, 130);
    assert.ok(result.wills.undecided > 0);
  });
});

Deno.test("squad: a second interrupt ends the wait", () => {
  const stage = new FleetStage({ ...busy, ...only("freeze") });
  stage.runUntil(() => stage.squad.counters.kills === 10);
  const atMs = stage.nowMs;
  stage.squad.interrupt(atMs);
  stage.runFor(100);
  stage.squad.interrupt(stage.nowMs);
  assert.equal(stage.squad.done, true);
  const result = stage.finish();
  assert.equal(stage.nowMs, atMs + 100);
  assert.deepEqual({ exitCode: result.exitCode, undecided: result.wills.undecided, faults: result.faults }, {
    exitCode: 130,
    undecided: 10,
    faults: [],
  });
});

for (const phase of ["watch", "control", "connect"] as const) {
  Deno.test(`squad: an interrupt in phase ${phase} kills no client and causes no fault`, () => {
    const slow = { rampPerSecond: 4 };
    const stage = new FleetStage({ ...busy, ...slow });
    if (phase !== "watch") stage.runUntil(() => stage.squad.phase === phase);
    stage.squad.interrupt(stage.nowMs);
    const result = stage.finish();
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode, total: result.kills.total }, {
      verdict: "void",
      exitCode: 130,
      total: 0,
    });
    assert.deepEqual(result.faults, []);
  });
}

Deno.test("squad: a fault before the interrupt remains a fault", () => {
  let lost = 0;
  const script = {
    publish: ({ clientId }: { readonly clientId: string }) => clientId.endsWith("-3") && ++lost ? [] : [{}],
  };
  const stage = new FleetStage({ ...busy, ...only("reset"), script });
  stage.runUntil(() => lost > 0).runFor(1_500);
  stage.squad.interrupt(stage.nowMs);
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 130 });
});

Deno.test("squad: removes sessions of 3.1.1, and a broker that does not answer does not delay the end", () => {
  let sweeping = false;
  const stage = new FleetStage({
    ...busy,
    ...only("reset"),
    protocolSpoken: "3.1.1",
    sessionExpiryS: 60,
    script: { connack: () => sweeping ? undefined : 0 },
  });
  stage.runUntil(() => stage.squad.phase === "leave");
  sweeping = true;
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, faults: result.faults }, { verdict: "pass", faults: [] });
});

Deno.test("squad: removes each session that 3.1.1 may leave with a clean CONNECT", () => {
  const stage = new FleetStage({ ...busy, clients: 150, protocolSpoken: "3.1.1", sessionExpiryS: 60 });
  stage.finish();
  const clean = stage.broker.connections.filter(({ packets: [first] }) =>
    first?.type === "connect" && first.cleanStart && first.will === undefined
  );
  const swept = clean.map(({ clientId }) => clientId).filter((clientId) => /^mqtt-sim-stage-\d+$/.test(clientId));
  assert.deepEqual([swept.length, new Set(swept).size], [150, 150]);
});

Deno.test("squad: a run leaves no session and no retained will on the broker", async (t) => {
  await eachCase(t, ["3.1.1", "5"] as const, (protocolSpoken) => {
    const stage = new FleetStage({ ...busy, protocolSpoken, sessionExpiryS: 60, willRetain: true });
    const result = stage.finish();
    stage.runFor(0);
    assert.equal(result.verdict, "pass", result.reason);
    assert.equal(stage.broker.retained.size, 0);
    assert.deepEqual(stage.broker.clientIds, []);
  });
});

/** All bytes that the fleet sent, with the times and ends of its links. */
function wire(options: StageOptions): string[] {
  const stage = new FleetStage(options);
  stage.finish();
  return stage.broker.connections.map(({ openedMs, bytes, end, endMs }) =>
    `${openedMs} ${endMs} ${end?.kind} ${[...bytes].map((byte) => byte.toString(16)).join(" ")}`
  );
}

Deno.test("squad: the same seed sends the same packets, another seed others", () => {
  const options = { ...busy, ...only("reset", "freeze", "garbage", "takeover", "leave"), willQos: "mix" } as const;
  const first = wire({ ...options, seed: 9 });
  assert.ok(first.length > 60);
  assert.deepEqual(wire({ ...options, seed: 9 }), first);
  assert.notDeepEqual(wire({ ...options, seed: 10 }), first);
});

Deno.test("squad: a broker that answers late gets the same victims in the same order", () => {
  const victims = (connack?: (connect: { readonly clientId: string }) => number) => {
    const stage = new FleetStage({ ...busy, ...only("reset"), ...connack && { script: { connack } } });
    stage.runUntil(() => stage.squad.phase === "drain");
    return stage.broker.connections.filter(({ end, clientId }) => end?.kind === "reset" && fleet.test(clientId))
      .toSorted((one, other) => one.endMs! - other.endMs!).map(({ clientId }) => clientId);
  };
  const again = comesBack();
  let refusals = 0;
  const slow = victims((connect) => again(connect) && ++refusals === 3 ? 0x89 : 0);
  assert.deepEqual(slow.toSorted(), victims().toSorted(), "deferred, not dropped");
});
