/**
 * Sparkplug edge nodes under a manual clock: the oracle accuses no lawful broker, by seed and kill mode, and finds each
 * planted fault by its assertion.
 */
import assert from "node:assert/strict";
import { dataType, decodePayload, encodePayload, loadSparkplug } from "../../src/mqtt/sparkplug/payload.ts";
import { readNodeTopic } from "../../src/mqtt/sparkplug/topic.ts";
import { everyKillMode } from "../../src/fleet/plan/kill_mode.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import {
  type SparkplugAssertion,
  sparkplugAssertions,
  sparkplugFaults,
} from "../../src/fleet/result/sparkplug/sparkplug_result.ts";
import type { HeldWill, Script } from "../support/brokers/scripted_broker.ts";
import { faultsOf, FleetStage, stageClients } from "../support/fleet_stage.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

await loadSparkplug();

const busy: Partial<PlanRequest> = {
  clients: 60,
  sparkplug: true,
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: everyKillMode.map((mode) => ({ mode, weight: 1 })),
  durationMs: 12_000,
  keepAliveS: 4,
};

/** Broken assertions, by name. */
function broken({ sparkplug }: FleetResult): Partial<Record<SparkplugAssertion, number>> {
  const all = Object.entries(sparkplug!.assertions).map(([name, counts]) => [name, counts.broken] as const);
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

const lawful = [
  { name: "3.1.1", protocol: "3.1.1" as const, plan: {} },
  { name: "5.0", protocol: "5" as const, plan: {} },
  { name: "both versions, another seed", plan: { seed: 2 } },
  { name: "both versions, a third seed", plan: { seed: 3 } },
  { name: "nodes are back at once", plan: { reconnectAfterMs: 0 } },
  { name: "no node returns", plan: { reconnectAfterMs: "never" as const } },
  { name: "a group of the user, one watcher", plan: { sparkplugGroup: "plant 1", sparkplugDevices: 0 } },
  { name: "three watchers for each will", plan: { fanOut: 3, watchers: 2 } },
  { name: "two workers", plan: { workers: 2 } },
] as const;

for (const { name, plan, ...spoken } of lawful) {
  Deno.test(`sparkplug: a lawful broker passes: ${name}`, () => {
    const result = simulateFleet({ plan: { ...busy, ...plan }, ...spoken });
    assert.deepEqual(result.faults, []);
    assert.equal(result.verdict, "pass", result.reason);
    assert.deepEqual(broken(result), {});
    const { births, ownDeaths, assertions } = result.sparkplug!;
    for (const name of ["stateDeath", "stateQos", "stateRetain"] as const) assert.equal(assertions[name]!.checked, 1);
    assert.equal(births.seen, births.sent);
    assert.equal(births.sent, result.clients.connected + result.clients.reconnects);
    assert.ok(ownDeaths.sent > 0);
    assert.equal(ownDeaths.seen, ownDeaths.sent);
    assert.ok(result.wills.onTime > 50, `only ${result.wills.onTime} wills were due`);
    const copies = "fanOut" in plan ? plan.fanOut : 1;
    for (const name of ["bdSeq", "order", "deathQos", "deathRetain"] as const) {
      assert.ok(assertions[name]!.checked >= result.wills.onTime * copies, name);
    }
  });
}

/** One fault for every fifth node. */
const every = 5;
const planted = stageClients / every;

function isPicked(topic: string): boolean {
  const client = Number(readNodeTopic(topic)?.node.split("-").at(-1));
  return client < stageClients && client % every === 0;
}

const dieOnce: Partial<PlanRequest> = {
  sparkplug: true,
  phases: [
    { kind: "kill", rate: "once", killShares: [{ mode: "reset", weight: 1 }], reconnectAfterMs: 500 },
    { kind: "hold", durationMs: 8_000 },
  ],
};

/** The same NDEATH with another bdSeq. */
function withBdSeq({ payload }: HeldWill, value: number): Uint8Array {
  const metrics = [{ name: "bdSeq", dataType: dataType.int64, value }];
  return encodePayload({ ...decodePayload(payload)!, metrics });
}

interface Fault {
  readonly name: string;
  readonly script: Script;
  readonly broken: Partial<Record<SparkplugAssertion, number>>;
  readonly wills: object;
  /** The rule of the faults, and the beginning of their text. */
  readonly rule?: string;
  readonly text?: RegExp;
}

const faults: readonly Fault[] = [
  {
    name: "an NDEATH after the NBIRTH of the next connection, before it is late",
    script: { publish: ({ topic }) => [{ afterMs: isPicked(topic) ? 800 : 0 }] },
    broken: { order: planted },
    wills: {},
    rule: `Sparkplug 3.0, ${sparkplugAssertions.order}`,
    text: /^stale: NDEATH of life 1 came on "spBv1\.0\/.*" after NBIRTH of life 2$/,
  },
  {
    name: "an NDEATH again after a newer NBIRTH",
    script: { publish: ({ topic }) => isPicked(topic) ? [{ afterMs: 0 }, { afterMs: 3_000 }] : [{ afterMs: 0 }] },
    broken: { order: planted },
    wills: { duplicate: planted },
  },
  {
    name: "no NDEATH",
    script: { publish: ({ topic }) => isPicked(topic) ? [] : [{ afterMs: 0 }] },
    broken: {},
    wills: { missing: planted },
  },
  {
    name: "an NDEATH twice",
    script: { publish: ({ topic }) => isPicked(topic) ? [{ afterMs: 0 }, { afterMs: 10 }] : [{ afterMs: 0 }] },
    broken: {},
    // The second NDEATH of a node that leaves in 5.0 is one too many as well.
    wills: { duplicate: planted, unwanted: planted },
  },
  {
    name: "an NDEATH with a bdSeq that no NBIRTH had",
    script: {
      publish: (will) => [{ afterMs: 0, ...isPicked(will.topic) && { change: { payload: withBdSeq(will, 77) } } }],
    },
    // Also of the nodes that leave at the end of the run.
    broken: { bdSeq: 2 * planted },
    wills: { altered: planted, unwanted: planted },
  },
  {
    name: "an NDEATH with a second metric",
    script: { publish: (will) => [{ afterMs: 0, ...isPicked(will.topic) && { change: { payload: withMore(will) } } }] },
    broken: { bdSeq: planted },
    wills: { altered: planted },
  },
  {
    name: "an NDEATH at QoS 0",
    script: { publish: ({ topic }) => [{ afterMs: 0, ...isPicked(topic) && { change: { qos: 0 } } }] },
    broken: { deathQos: planted },
    wills: { altered: planted },
  },
  {
    name: "a retained NDEATH",
    script: { publish: ({ topic }) => [{ afterMs: 0, ...isPicked(topic) && { change: { retain: true } } }] },
    broken: { deathRetain: planted },
    wills: { altered: planted },
  },
];

const isState = (topic: string) => topic.startsWith("spBv1.0/STATE/");

const hostFaults: readonly Fault[] = [
  {
    name: "no death certificate of the host",
    script: { publish: ({ topic }) => isState(topic) ? [] : [{ afterMs: 0 }] },
    broken: { stateDeath: 1 },
    wills: {},
    text: /^state: no death certificate of the host application reached a subscriber in time$/,
  },
  {
    name: "a death certificate of the host at QoS 0",
    script: { publish: ({ topic }) => [{ afterMs: 0, ...isState(topic) && { change: { qos: 0 } } }] },
    broken: { stateQos: 1 },
    wills: {},
    text: /^state: the death certificate of the host application came with another QoS than 1$/,
  },
  {
    name: "a death certificate of the host that is not retained",
    script: { publish: ({ topic }) => [{ afterMs: 0, ...isState(topic) && { change: { retain: false } } }] },
    broken: { stateRetain: 1 },
    wills: {},
    text: /^state: a later subscriber did not receive the death certificate/,
  },
  {
    name: "a retained death certificate of the host without the retain flag",
    script: { retain: (packet) => isState(packet.topic) ? { ...packet, retain: false } : packet },
    broken: { stateRetain: 1 },
    wills: {},
    text: /^state: a later subscriber did not receive the death certificate/,
  },
  {
    name: "a late death certificate of the host",
    script: { publish: ({ topic }) => [{ afterMs: isState(topic) ? 1_500 : 0 }] },
    broken: { stateDeath: 1 },
    wills: {},
    text: /^state: no death certificate/,
  },
];

for (const { name, script, broken: expected, wills, text } of hostFaults) {
  Deno.test(`sparkplug: the oracle finds ${name}`, () => {
    const result = new FleetStage({ ...dieOnce, script }).finish();
    assert.deepEqual(broken(result), expected);
    assert.deepEqual(faultsOf(result), wills);
    assert.equal(result.verdict, "fail");
    assert.match(result.reason, /the death certificate of the host (missing|with another QoS|not retained)/);
    assert.ok(result.faults.every(({ verdict, client }) => verdict === "sparkplug" && client === "mqtt-sim-stage"));
    assert.ok(result.faults.some((fault) => text!.test(fault.text)));
  });
}

/** The same NDEATH with a metric that it must not have. */
function withMore({ payload }: HeldWill): Uint8Array {
  const { metrics, ...rest } = decodePayload(payload)!;
  return encodePayload({ ...rest, metrics: [...metrics, { name: "x", dataType: dataType.string, value: "y" }] });
}

for (const { name, script, broken: expected, wills, rule, text } of faults) {
  Deno.test(`sparkplug: the oracle finds ${name}`, () => {
    const result = new FleetStage({ ...dieOnce, script }).finish();
    assert.deepEqual(broken(result), expected);
    assert.deepEqual(faultsOf(result), wills);
    assert.equal(result.verdict, "fail");
    if (rule === undefined) return;
    const own = result.faults.filter(({ verdict }) => verdict === "sparkplug");
    assert.ok(own.length > 0);
    for (const fault of own) {
      assert.equal(fault.rule, rule);
      assert.match(fault.text, text!);
    }
    assert.equal(sparkplugFaults(result.sparkplug!), planted);
    assert.match(result.reason, new RegExp(`${planted} NDEATH after a newer NBIRTH`));
  });
}

Deno.test("sparkplug: the will of a node that published its NDEATH and left is unwanted", () => {
  const script: Script = { wait: ({ topic }, ending, asked) => ending === "left" && isPicked(topic) ? 0 : asked };
  const result = new FleetStage({ ...dieOnce, protocolSpoken: "3.1.1", script }).finish();
  assert.deepEqual(faultsOf(result), { unwanted: planted });
  const { ownDeaths } = result.sparkplug!;
  assert.deepEqual(ownDeaths, { sent: stageClients, seen: stageClients });
});

Deno.test("sparkplug: a new timestamp in NDEATH, as Sparkplug Aware servers write it, is no fault", () => {
  const restamped = ({ payload }: HeldWill) => encodePayload({ ...decodePayload(payload)!, timestampMs: 1 });
  const script: Script = {
    publish: (will) => [{ afterMs: 0, ...!isState(will.topic) && { change: { payload: restamped(will) } } }],
  };
  const result = new FleetStage({ ...dieOnce, script }).finish();
  assert.deepEqual(broken(result), {});
  assert.equal(result.verdict, "pass", result.reason);
});
