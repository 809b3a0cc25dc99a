/**
 * Verdicts on brokers that make a choice which the standard leaves open, and on faults that such a choice could hide.
 * The code at the start of a name is the observation of a real broker that the test repeats.
 */
import assert from "node:assert/strict";
import type { KillMode } from "../../../src/fleet/plan/kill_mode.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { faultsOf, FleetStage, type StageOptions } from "../../support/fleet_stage.ts";
import type { HeldWill } from "../../support/brokers/scripted_broker.ts";
import { eachCase } from "../../support/steps.ts";

function only(...modes: readonly KillMode[]): Pick<StageOptions, "killShares"> {
  return { killShares: modes.map((mode) => ({ mode, weight: 1 })) };
}

const busy = { killRate: { kind: "count", perSecond: 8 }, durationMs: 12_000 } as const;
const isFleets = ({ clientId }: Pick<HeldWill, "clientId">) => /^mqtt-sim-stage-(\d|1\d)$/.test(clientId);

function mustPass(result: FleetResult): void {
  assert.deepEqual(result.faults, []);
  assert.deepEqual(
    { verdict: result.verdict, faultsOf: faultsOf(result) },
    { verdict: "pass", faultsOf: {} },
    result.reason,
  );
}

/** A broker that limits each session expiry to 1 s. */
const capped = { ...busy, ...only("reset", "close"), willDelayS: 5, sessionExpiryS: 60, reconnectAfterMs: 3_000 };

Deno.test("session expiry: a delayed will is due at the end of the session expiry that the broker announces", () => {
  const result = new FleetStage({ ...capped, script: { longestSessionS: 1 } }).finish();
  mustPass(result);
  assert.ok(result.wills.expected > 60, `only ${result.wills.expected} wills were due`);
  const { lives, shortestS } = result.remarks!.shortSessions!;
  assert.equal(lives, result.clients.connected + result.clients.reconnects);
  assert.equal(shortestS, 1);
  assert.match(result.warnings.join("\n"), /announced a shorter session expiry than the requested one in \d+ CONNACKs/);
});

Deno.test("session expiry: with an announced expiry of 0 a delayed will is due at once, also at a takeover", () => {
  const modes = only("reset", "takeover", "garbage");
  const result = new FleetStage({ ...capped, ...modes, script: { longestSessionS: 0 } }).finish();
  mustPass(result);
  assert.ok(result.wills.onTime > 60);
});

Deno.test("session expiry: a broker that announces a shorter expiry and waits for the delay is late", () => {
  const wait = (_: HeldWill, ending: string, askedMs: number | undefined) => ending === "gone" ? 3_500 : askedMs;
  const options = { ...capped, reconnectAfterMs: "never" as const, killRate: { kind: "count", perSecond: 1 } as const };
  const result = new FleetStage({ ...options, script: { longestSessionS: 1, wait } }).finish();
  assert.deepEqual(Object.keys(faultsOf(result)), ["late"]);
  assert.deepEqual(faultsOf(result).late, result.kills.total);
});

Deno.test("session expiry: a client that resumes its session before the announced expiry owes no will", () => {
  const options = { ...capped, reconnectAfterMs: 500, script: { longestSessionS: 2 } };
  const result = new FleetStage(options).finish();
  assert.deepEqual(faultsOf(result), {});
  assert.ok(result.kills.total > 80 && result.wills.expected <= result.plan.clients);
});

Deno.test("F3: an expiry that the broker adds to wills of 3.1.1 clients is one note and alters no will", () => {
  const properties = { messageExpiryIntervalS: 86_400 };
  const add = { publish: (will: HeldWill) => [{ change: { properties: { ...properties, ...will.properties } } }] };
  const result = new FleetStage({ ...busy, ...only("reset"), protocolSpoken: "mix", script: add }).finish();
  mustPass(result);
  assert.ok(result.remarks!.addedExpiries! > 20, `${result.remarks!.addedExpiries} were counted`);
  assert.ok(result.remarks!.addedExpiries! < result.wills.expected, "5.0 wills ask for an expiry");
  assert.match(result.warnings.join("\n"), /added a Message Expiry Interval to \d+ wills of 3\.1\.1 clients/);
});

Deno.test("F3: another property that the broker adds, or an expiry that it extends or removes, alters the will", async (t) => {
  const change = (properties: object) => ({
    publish: (will: HeldWill) => [{ change: { properties: { ...will.properties, ...properties } } }],
  });
  const added = new FleetStage({
    ...busy,
    ...only("reset"),
    protocolSpoken: "mix",
    script: change({ contentType: "a/b" }),
  });
  assert.deepEqual(Object.keys(faultsOf(added.finish())), ["altered"]);
  await eachCase(t, [86_401, undefined], (messageExpiryIntervalS) => {
    const stage = new FleetStage({ ...busy, ...only("reset"), script: change({ messageExpiryIntervalS }) });
    assert.deepEqual(Object.keys(faultsOf(stage.finish())), ["altered"]);
  });
});

Deno.test("F3: presence is correct on a broker that adds an expiry to retained messages of 3.1.1 clients", () => {
  const retain = (packet: Parameters<FleetStage["broker"]["route"]>[0]) => ({
    ...packet,
    properties: { messageExpiryIntervalS: 0x7fff_ffff, ...packet.properties },
  });
  const presence = { ...busy, ...only("reset", "leave"), presence: true, protocolSpoken: "mix" as const };
  const result = new FleetStage({ ...presence, script: { retain } }).finish();
  mustPass(result);
  assert.ok(result.presence!.judged > 20 && result.presence!.wrong === 0);
});

/** Delayed wills of sessions that a takeover ends: by Clean Start, or because the session ends with its connection. */
const takeovers: readonly [what: string, options: StageOptions][] = [
  ["Clean Start 1", { cleanStart: "yes", sessionExpiryS: 60 }],
  ["Session Expiry Interval 0", { cleanStart: "no", sessionExpiryS: 0 }],
];
for (const [what, options] of takeovers) {
  Deno.test(`M7: a delayed will is due at once when a takeover ends its session: ${what}`, () => {
    const taken = { ...busy, ...only("takeover"), willDelayS: 5, ...options };
    const honest = new FleetStage(taken).finish();
    mustPass(honest);
    assert.equal(honest.wills.onTime, honest.kills.total);
    const wait = (will: HeldWill, ending: string, askedMs: number | undefined) =>
      ending === "taken over" && isFleets(will) ? undefined : askedMs;
    const loses = new FleetStage({ ...taken, script: { wait } }).finish();
    assert.deepEqual(faultsOf(loses), { missing: loses.kills.total });
  });
}

/** Silence on an open connection, with and without a part of a packet. */
const silence = { ...busy, ...only("freeze", "half-packet") };

for (const [version, delay] of [["3.1.1", {}], ["5", {}], ["5", { willDelayS: 2, sessionExpiryS: 60 }]] as const) {
  const what = "willDelayS" in delay ? `${version}, a will delay` : version;
  Deno.test(`F1: a broker that closes a silent connection before 1.5 x keep alive is on time: ${what}`, () => {
    const options = { ...silence, ...delay, reconnectAfterMs: 4_000, protocolSpoken: version, script: { patience: 1 } };
    const result = new FleetStage(options).finish();
    mustPass(result);
    const { count, soonestKeepAlives, mostEarlyMs } = result.remarks!.earlyCloses!;
    assert.ok(count > 20, `only ${count} closes were early`);
    assert.deepEqual({ soonestKeepAlives, mostEarlyMs }, { soonestKeepAlives: 1, mostEarlyMs: 2_000 });
    assert.match(result.warnings.join("\n"), /closed \d+ silent connections before 1\.5 times keep alive had passed/);
  });
}

Deno.test("F1: a will that arrives before the watcher sees the close is on time", () => {
  const result = new FleetStage({ ...silence, script: { patience: 1, linger: () => 300 } }).finish();
  mustPass(result);
  assert.ok(result.remarks!.earlyCloses!.count > 20);
});

Deno.test("F1: a close at 1.5 x keep alive adds no note", () => {
  assert.equal(new FleetStage(silence).finish().remarks, undefined);
});

Deno.test("F1: a will before 1.5 x keep alive on an open connection is early", async (t) => {
  await eachCase(t, [1_500, undefined], (lingerMs) => {
    const linger = (ending: string) => ending === "silent" ? lingerMs : 0;
    const stage = new FleetStage({ ...busy, ...only("freeze"), drainMs: 3_000, script: { patience: 1, linger } });
    const result = stage.finish();
    assert.deepEqual(faultsOf(result), { early: result.kills.total });
    const rule = lingerMs === undefined ? "MQTT 5.0, 3.1.2-22" : "MQTT 5.0, 3.1.2-8";
    assert.deepEqual([...new Set(result.faults.map((fault) => fault.rule))], [rule]);
  });
});

Deno.test("F1: a delayed will counts from the observed close: before it is early, after it is late", async (t) => {
  const delayed = { ...busy, ...only("freeze"), willDelayS: 3, sessionExpiryS: 60, reconnectAfterMs: 20_000 };
  await eachCase(t, [[-1_000, "early"], [1_100, "late"]] as const, ([byMs, verdict]) => {
    const wait = (will: HeldWill, ending: string, askedMs: number | undefined) =>
      ending === "silent" && isFleets(will) ? askedMs! + byMs : askedMs;
    const result = new FleetStage({ ...delayed, script: { patience: 1, wait } }).finish();
    assert.deepEqual(faultsOf(result), { [verdict]: result.kills.total });
  });
});

Deno.test("F1: with a server keep alive of 0, a close makes the will due, and no close leaves it undecided", () => {
  const script = { serverKeepAliveS: 0 };
  const stage = new FleetStage({ ...busy, ...only("freeze"), drainMs: 2_000, script });
  stage.runUntil(() => stage.squad.counters.kills === 10).runFor(500);
  const silent = stage.broker.clientIds.filter((clientId) => isFleets({ clientId })).slice(0, 20);
  for (const clientId of silent) stage.broker.online(clientId)!.drop();
  const result = stage.finish();
  // Living clients count as lost, silent ones as killed: each of them owed a will that never arrived.
  assert.equal(faultsOf(result).missing, 20);
});

Deno.test("F13: a will after the fleet ends a silent connection itself is missing", async (t) => {
  // A broker that never closes a silent connection, and publishes the will only when the fleet resets it.
  await eachCase(t, [1_000, "never"] as const, (reconnectAfterMs) => {
    const slow = { killRate: { kind: "count", perSecond: 1 }, durationMs: 25_000 } as const;
    const options = { ...slow, ...only("freeze"), drainMs: 6_000, reconnectAfterMs, script: { patience: 100 } };
    const stage = new FleetStage(options);
    const result = stage.finish();
    assert.equal(result.kills.byMode.freeze!.missing, result.kills.total, JSON.stringify(faultsOf(result)));
    assert.deepEqual(Object.keys(faultsOf(result)), ["missing"]);
    assert.deepEqual([...new Set(result.faults.map(({ rule }) => rule))], ["MQTT 5.0, 3.1.2-22"]);
    assert.equal(result.latencyMs.byMode.freeze!.count, 0, "what the fleet caused is no latency of the broker's");
    const texts = result.faults.map(({ text }) => text).join("\n");
    assert.match(texts, /had not come when the fleet ended the connection, 7,000 ms later$/m);
  });
});

Deno.test("F13: a will after the fleet ends a connection that the broker had to close is missing", async (t) => {
  await eachCase(t, [{}, { willDelayS: 2, sessionExpiryS: 60 }], (delay) => {
    const options = {
      ...busy,
      ...only("garbage"),
      ...delay,
      drainMs: 5_000,
      script: { takesFaults: true, patience: 100 },
    };
    const result = new FleetStage(options).finish();
    assert.deepEqual(faultsOf(result), { missing: result.kills.total });
  });
});

Deno.test("F13: the fleet waits for a silent connection as long as --drain says", async (t) => {
  await eachCase(t, [2_000, 15_000], (drainMs) => {
    const stage = new FleetStage({ ...busy, ...only("freeze"), drainMs, script: { patience: 100 } });
    stage.runUntil(() => stage.squad.phase === "drain");
    const ends = stage.broker.connections.filter(({ end, clientId }) =>
      end?.kind === "reset" && isFleets({ clientId })
    );
    if (drainMs === 15_000) assert.deepEqual(ends, [], "1.5 x 4 s, 1 s and 15 s are longer than the run");
    else assert.ok(ends.length > 5);
    for (const { endMs, packets, openedMs } of ends) {
      const lastMs = openedMs + (packets.length - 1) * 3_000;
      assert.equal(endMs, lastMs + 6_000 + 1_000 + drainMs);
    }
  });
});

Deno.test("F13: a broker that closes late, before the fleet acts, is late", () => {
  const result = new FleetStage({ ...busy, ...only("freeze"), script: { patience: 2.25 } }).finish();
  assert.deepEqual(faultsOf(result), { late: result.kills.total });
});

/** Reset, with a delay of 2 s; the client returns 300 ms after the will is due. */
const backLate = { ...busy, ...only("reset"), willDelayS: 2, sessionExpiryS: 60, reconnectAfterMs: 2_300 };

Deno.test("M2: a client that returns after its will is due owes the will: an honest broker passes", () => {
  const result = new FleetStage(backLate).finish();
  mustPass(result);
  assert.deepEqual({ onTime: result.wills.onTime, eitherWay: result.wills.eitherWay }, {
    onTime: result.kills.total,
    eitherWay: 0,
  });
});

Deno.test("M2: a broker that drops a due will when its client returns loses it", () => {
  // The broker checks its delayed wills 0.5 s late, and drops the will of a client that has returned by then.
  const wait = (_: HeldWill, ending: string, askedMs: number | undefined) =>
    ending === "gone" && askedMs ? askedMs + 500 : askedMs;
  const result = new FleetStage({ ...backLate, script: { wait } }).finish();
  assert.equal(result.verdict, "fail", result.reason);
  assert.deepEqual(Object.keys(faultsOf(result)), ["missing"]);
  assert.ok(faultsOf(result).missing! > 60, `${faultsOf(result).missing} were missing`);
});

Deno.test("M6: an early will of a client that returns at the same time is early", () => {
  const wait = (_: HeldWill, ending: string, askedMs: number | undefined) =>
    ending === "gone" && askedMs ? askedMs - 1_000 : askedMs;
  const options = { ...backLate, reconnectAfterMs: 2_000 };
  const honest = new FleetStage(options).finish();
  assert.deepEqual(honest.faults, []);
  assert.ok(honest.wills.eitherWay > 60, "back at the very instant, the standard allows both");
  const result = new FleetStage({ ...options, script: { wait } }).finish();
  assert.deepEqual(faultsOf(result), { early: result.kills.total });
  assert.equal(result.wills.eitherWay, 0);
});

/** 136 years, longer than any run. */
const forever = { ...busy, ...only("reset", "close"), willDelayS: 0xffff_ffff, sessionExpiryS: 0xffff_ffff };

Deno.test("squad: a will delay of 136 years does not delay the end; its wills are undecided, and the verdict says so", () => {
  const stage = new FleetStage({ ...forever, reconnectAfterMs: "never" });
  const result = stage.finish();
  assert.ok(stage.nowMs < 40_000, `it took ${stage.nowMs} ms`);
  assert.deepEqual(result.faults, []);
  assert.deepEqual({ verdict: result.verdict, undecided: result.wills.undecided }, {
    verdict: "void",
    undecided: result.kills.total,
  });
  assert.match(
    result.reason,
    /^20 wills could still come in time when the run ended: use a longer --drain or a shorter/,
  );
});

Deno.test("squad: with a will delay of 136 years a resumed session owes no will, and an arrival is early or unwanted", () => {
  const resumed = new FleetStage({ ...forever, reconnectAfterMs: 1_000 });
  const honest = resumed.finish();
  assert.deepEqual(honest.faults, []);
  assert.ok(resumed.nowMs < 40_000, `it took ${resumed.nowMs} ms`);
  const wait = (will: HeldWill, ending: string, askedMs: number | undefined) =>
    ending === "gone" && isFleets(will) ? 0 : askedMs;
  const early = new FleetStage({ ...forever, reconnectAfterMs: "never", script: { wait } }).finish();
  assert.deepEqual(faultsOf(early), { early: early.kills.total });
});

Deno.test("squad: a silent client with a keep alive of 18 h does not delay the end of the run", () => {
  const stage = new FleetStage({ ...busy, ...only("freeze"), keepAliveS: 0xffff });
  const result = stage.finish();
  assert.ok(stage.nowMs < 60_000, `it took ${stage.nowMs} ms`);
  assert.deepEqual({ verdict: result.verdict, faults: result.faults, undecided: result.wills.undecided }, {
    verdict: "void",
    faults: [],
    undecided: result.kills.total,
  });
});

Deno.test("F16: wills that a blind watcher cannot see are not missing; faults that it saw before remain", () => {
  // From the 10th kill on the watcher receives nothing; 3.5 s later the broker closes its connection.
  let hides = false;
  const hide = (clientId: string) => hides && clientId.endsWith("-w0");
  const slow = { killRate: { kind: "count", perSecond: 4 }, durationMs: 12_000, lateAfterMs: 500 } as const;
  const stage = new FleetStage({ ...slow, ...only("reset"), script: { hide } });
  stage.runUntil(() => stage.squad.counters.kills === 10 && stage.squad.ledger.waiting() === 0);
  hides = true;
  stage.runFor(3_500);
  stage.broker.online("mqtt-sim-stage-w0")!.drop();
  const result = stage.finish();
  assert.equal(result.verdict, "void", result.reason);
  assert.deepEqual({ faults: result.faults, faultsOf: faultsOf(result), onTime: result.wills.onTime }, {
    faults: [],
    faultsOf: {},
    onTime: 10,
  });
  assert.ok(result.wills.unseeable! >= 10, `${result.wills.unseeable} were unseeable`);
});

Deno.test("F16: a will that was overdue while the watcher saw others is missing, also when the watcher is lost later", () => {
  const publish = (will: HeldWill) => will.clientId.endsWith("-3") ? [] : [{}];
  const stage = new FleetStage({ ...busy, ...only("reset"), script: { publish } });
  stage.runUntil(() => stage.squad.counters.kills === 40);
  stage.broker.online("mqtt-sim-stage-w0")!.drop();
  const result = stage.finish();
  // A fault that was proven before remains a failure.
  assert.equal(result.verdict, "fail", result.reason);
  assert.ok(result.wills.missing > 0);
  assert.deepEqual(Object.keys(faultsOf(result)), ["missing"]);
  assert.ok(result.faults.every(({ client }) => client.endsWith("-3")));
});

Deno.test("squad: a late subscriber accepts retained wills before SUBACK", () => {
  const result = new FleetStage({ ...busy, ...only("reset"), willRetain: true, script: { retainedFirst: true } })
    .finish();
  mustPass(result);
  assert.equal(result.retained!.right, result.retained!.expected);
});
