/**
 * The fleet over restarts of the broker, under a manual clock: a broker with a store passes each plan, one without
 * makes the run void, and the fleet detects and names each fault with wills over a restart.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { everyKillMode } from "../../src/fleet/plan/kill_mode.ts";
import { clientIdOf } from "../../src/fleet/plan/client_id.ts";
import { beginLife, willOf } from "../../src/fleet/life/life.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import type { PhasePlan, PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { faultsOf } from "../support/fleet_stage.ts";
import type { SimulatedBroker } from "../support/brokers/simulated_broker.ts";
import { simulateFleet, type Simulation } from "../support/simulated_fleet.ts";

const restart = { kind: "restart", downMs: 1_500 } as const;
const busy: readonly PhasePlan[] = [
  { kind: "kill", durationMs: 6_000 },
  { ...restart, jitterMs: 1_000 },
  { kind: "kill", durationMs: 6_000 },
];
/** Some clients return before the delay, some after. */
const jittery: readonly PhasePlan[] = busy.map((phase) => ({ ...phase, jitterMs: 10_000 }) as PhasePlan);
const plan: Partial<PlanRequest> = {
  clients: 60,
  keepAliveS: 4,
  sessionExpiryS: 60,
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: everyKillMode.map((mode) => ({ mode, weight: 1 })),
  phases: busy,
};

const honest: readonly (Simulation & { readonly name: string })[] = [
  { name: "3.1.1", plan: {}, protocol: "3.1.1" },
  { name: "5.0", plan: {}, protocol: "5" },
  { name: "both versions, retained", plan: { willRetain: true } },
  { name: "a delay longer than the down time", plan: { willDelayS: 6, phases: jittery }, protocol: "5" },
  { name: "a delay shorter than the down time", plan: { willDelayS: 1, reconnectAfterMs: 2_500 }, protocol: "5" },
  { name: "a delay, sessions begun clean", plan: { willDelayS: 6, cleanStart: "yes" }, protocol: "5" },
  {
    name: "the session ends before the delay",
    plan: { willDelayS: 60, sessionExpiryS: 2, reconnectAfterMs: 4_000 },
    protocol: "5",
  },
  { name: "no sessions but the watchers'", plan: { sessionExpiryS: 0, willDelayS: 5 }, protocol: "5" },
  { name: "no client returns", plan: { reconnectAfterMs: "never", willDelayS: 4 }, protocol: "5" },
  { name: "three squads, four watchers, each will seen twice", plan: { workers: 3, watchers: 4, fanOut: 2 } },
  { name: "telemetry beside the wills", plan: { telemetry: { perSecond: 5, sizeBytes: 50, qos: 2 } } },
  {
    name: "twice",
    plan: { phases: [...jittery, restart, { kind: "kill", durationMs: 4_000 }], willDelayS: 3 },
    protocol: "5",
  },
  { name: "nothing but a restart", plan: { phases: [{ kind: "hold", durationMs: 1_000 }, restart] } },
];

for (const { name, ...simulation } of honest) {
  Deno.test(`restart: a fleet passes on a broker with a store: ${name}`, () => {
    const result = simulateFleet({ ...simulation, plan: { ...plan, ...simulation.plan } });
    assert.deepEqual(result.faults, []);
    assert.equal(result.verdict, "pass", result.reason);
    const { each, unseeable, lives } = result.restarts!;
    assert.deepEqual({ lost: result.clients.lost, refused: result.clients.refused, unseeable }, {
      lost: 0,
      refused: 0,
      unseeable: 0,
    });
    for (const one of each) {
      const watchers = result.plan.watchers * result.plan.fanOut;
      assert.deepEqual({
        survived: one.survived,
        watchersForgotten: one.watchersForgotten,
        watchersKept: one.watchersKept,
      }, { survived: 0, watchersForgotten: 0, watchersKept: watchers });
      assert.equal(one.backAtMs - one.downAtMs, restart.downMs);
      assert.ok(one.lives > 0);
    }
    assert.equal(lives.kills, each.reduce((sum, one) => sum + one.lives, 0));
    if (simulation.plan.willRetain) assert.equal(result.retained!.right, result.retained!.expected);
  });
}

Deno.test("restart: the same seed gives the same run, with any number of threads", () => {
  const of = (workers: number) => simulateFleet({ plan: { ...plan, watchers: 4, workers } });
  assert.deepEqual(of(1), of(1));
  assert.equal(of(1).kills.total, of(3).kills.total);
});

Deno.test("restart: a broker without a store: unobservable wills are neither missing nor right, and the run is void", () => {
  const result = simulateFleet({ plan, forgets: true });
  assert.deepEqual(faultsOf(result), {});
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  assert.match(result.reason, /^\d+ wills could not be received, because the broker kept no messages for the watchers/);
  const { each: [one], unseeable, lives } = result.restarts!;
  assert.deepEqual({ watchersForgotten: one!.watchersForgotten, watchersKept: one!.watchersKept }, {
    watchersForgotten: 1,
    watchersKept: 0,
  });
  assert.ok(unseeable > 20 && lives.expected === 0, `${unseeable} unseeable, ${lives.expected} judged`);
  assert.ok(result.wills.expected > 20, "before and after it wills are seen as usual");
  assert.match(result.warnings.join("\n"), /lost 1 of 1 watchers' sessions in the restart/);
});

Deno.test("restart: a restart command without effect makes the run void", () => {
  const result = simulateFleet({ plan, stays: true });
  assert.equal(result.verdict, "void");
  assert.equal(
    result.reason,
    "the restart ended no connection: check that --restart-command restarts the broker under test",
  );
});

Deno.test("restart: QoS 0 wills need not be kept for an offline watcher", () => {
  const result = simulateFleet({ plan: { ...plan, willQos: 0, phases: [{ kind: "hold", durationMs: 500 }, restart] } });
  assert.deepEqual(faultsOf(result), {});
  assert.equal(result.restarts!.unseeable + result.wills.expected, 60);
});

/** All clients live through a hold, the restart and a long hold; each continues as its second life. */
const calm: Partial<PlanRequest> = {
  clients: 20,
  sessionExpiryS: 60,
  phases: [{ kind: "hold", durationMs: 1_000 }, { ...restart, reconnectAfterMs: 500 }, {
    kind: "hold",
    durationMs: 9_000,
  }],
};
/** The first five clients die with a will that is delayed beyond the restart, and do not return. */
const pending: Partial<PlanRequest> = {
  clients: 20,
  sessionExpiryS: 60,
  willDelayS: 8,
  reconnectAfterMs: "never",
  killShares: [{ mode: "reset", weight: 1 }],
  phases: [{ kind: "kill", rate: { kind: "count", perSecond: 5 }, durationMs: 1_050 }, restart],
};

function store(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** Publishes the will of a client's life as the broker would. */
function publishWill(
  broker: SimulatedBroker,
  request: Partial<PlanRequest>,
  client: number,
  incarnation: number,
): void {
  const sim = makePlan({ seed: 1, run: "sim", ...request });
  const life = beginLife(sim, { number: client, bucket: 0, version: 5 }, incarnation);
  const { topic, payload, properties } = willOf(sim, life);
  const link = broker.dial({
    onOpen: () => {
      link.write(
        encode({ type: "connect", protocolVersion: 5, clientId: "ghost", cleanStart: true, keepAliveS: 0 }, 5),
      );
      const message = { topic, payload, qos: life.qos, retain: life.retain, ...properties && { properties } };
      link.write(encode({ type: "publish", dup: false, packetId: 1, ...message }, 5));
    },
    onBytes() {},
    onDrain() {},
    onEnd() {},
  });
}

/** Subscribes to all topics under this client identifier, and disconnects with a lasting session. */
function leaveSession(broker: SimulatedBroker, version: 4 | 5, clientId: string): void {
  const connect = { type: "connect", protocolVersion: version, clientId, cleanStart: false, keepAliveS: 0 } as const;
  const all = { topicFilter: "#", qos: 2, ...version === 5 && { noLocal: false, retainAsPublished: true } } as const;
  const link = broker.dial({
    onOpen: () => {
      const lasting = version === 5 ? { properties: { sessionExpiryIntervalS: 300 } } : {};
      link.write(encode({ ...connect, ...lasting }, version));
      const subscription = version === 5 ? { ...all, retainHandling: 0 as const } : all;
      link.write(encode({ type: "subscribe", packetId: 1, subscriptions: [subscription] } as Packet, version));
      link.write(encode({ type: "disconnect" }, version));
    },
    onBytes() {},
    onDrain() {},
    onEnd() {},
  });
}

for (const version of [4, 5] as const) {
  Deno.test(`restart: the fleet removes a session of an earlier run of the same name: version ${version}`, () => {
    const request: Partial<PlanRequest> = { ...calm, phases: [{ kind: "hold", durationMs: 1_000 }, restart] };
    const result = simulateFleet({
      plan: request,
      protocol: version === 4 ? "3.1.1" : "5",
      first: (broker) => {
        leaveSession(broker, version, "mqtt-sim-sim-w0");
        publishWill(broker, request, 3, 1);
      },
    });
    assert.deepEqual(
      { verdict: result.verdict, faultsOf: faultsOf(result) },
      { verdict: "pass", faultsOf: {} },
      result.reason,
    );
    assert.deepEqual(result.restarts!.each.map(({ watchersKept }) => watchersKept), [1]);
  });
}

const planted: readonly {
  readonly name: string;
  readonly simulation: Omit<Simulation, "protocol">;
  readonly found: Partial<Record<string, number>>;
  readonly text: RegExp;
  readonly rule: string;
}[] = [
  {
    name: "loses delayed wills at a restart",
    simulation: { plan: pending, tamper: (path) => store(path, "DELETE FROM will WHERE due_ms IS NOT NULL") },
    found: { missing: 5 },
    text: /^was due 8,000 ms after the kill .* and never came$/,
    rule: "MQTT 5.0, 3.1.2-8",
  },
  {
    name: "loses the wills of all who were connected",
    simulation: { plan: calm, tamper: (path) => store(path, "DELETE FROM will") },
    found: { missing: 20 },
    text: /^was due \d+ ms after the broker went down and never came$/,
    rule: "MQTT 5.0, 3.1.2-8",
  },
  {
    name: "publishes delayed wills at its start, though it has kept the sessions",
    simulation: { plan: pending, tamper: (path) => store(path, "UPDATE will SET due_ms = 0 WHERE due_ms IS NOT NULL") },
    found: { early: 5 },
    text: /^was due 8,000 ms after the kill .* and came [\d,]+ ms early$/,
    rule: "MQTT 5.0, 3.1.3-9",
  },
  {
    name: "publishes a will that came once more",
    simulation: { plan: calm, then: { afterMs: 1_500, act: (broker) => publishWill(broker, calm, 3, 1) } },
    found: { duplicate: 1 },
    text: /^came 2 times$/,
    rule: "MQTT 5.0, 3.1.2-10",
  },
  {
    name: "publishes the will of a client that is connected again",
    simulation: { plan: calm, then: { afterMs: 1_500, act: (broker) => publishWill(broker, calm, 3, 2) } },
    found: { unwanted: 1 },
    text: /^came once while the client was alive$/,
    rule: "MQTT 5.0, 3.1.2-8",
  },
  {
    name: "publishes the will of a client that resumed its session in time",
    simulation: {
      plan: { ...calm, willDelayS: 20 },
      then: { afterMs: 1_500, act: (broker) => publishWill(broker, { ...calm, willDelayS: 20 }, 3, 1) },
    },
    found: { unwanted: 1 },
    text: /^came once though the client resumed its session within the 20 s will delay$/,
    rule: "MQTT 5.0, 3.1.3-9",
  },
];

for (const { name, simulation, found, text, rule } of planted) {
  Deno.test(`restart: the fleet detects a broker that ${name}`, () => {
    const result: FleetResult = simulateFleet({ ...simulation, protocol: "5" });
    assert.deepEqual(
      { verdict: result.verdict, faultsOf: faultsOf(result) },
      { verdict: "fail", faultsOf: found },
      result.reason,
    );
    for (const fault of result.faults) {
      assert.match(fault.text, text);
      assert.equal(fault.rule, rule);
    }
    assert.deepEqual(faultsOf(simulateFleet({ plan: simulation.plan, protocol: "5" })), {}, "without it all is well");
  });
}

Deno.test("restart: a client that left before the restart owes no will, also after it", () => {
  const left: Partial<PlanRequest> = {
    ...pending,
    willDelayS: 0,
    killShares: [{ mode: "leave", weight: 1 }],
    phases: [{ kind: "kill", rate: "once" }, { kind: "hold", durationMs: 1_500 }, restart],
  };
  const late: Simulation = {
    plan: left,
    protocol: "5",
    then: { afterMs: 700, act: (broker) => publishWill(broker, left, 7, 1) },
  };
  assert.deepEqual(faultsOf(simulateFleet(late)), { unwanted: 1 });
  assert.deepEqual(faultsOf(simulateFleet({ ...late, then: { afterMs: 700, act() {} } })), {});
});

Deno.test("restart: clients wait for a broker that is down, and keep their own identifiers", () => {
  const result = simulateFleet({
    plan: { ...calm, phases: [{ kind: "kill", durationMs: 2_000 }, { ...restart, downMs: 20_000 }] },
  });
  assert.deepEqual({ verdict: result.verdict, refused: result.clients.refused, lost: result.clients.lost }, {
    verdict: "pass",
    refused: 0,
    lost: 0,
  }, result.reason);
  assert.equal(clientIdOf(result.plan, 3), "mqtt-sim-sim-3");
});
