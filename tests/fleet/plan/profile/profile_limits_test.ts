/** The limits of services: what their profiles set, what they refuse, and that a server with the limits takes a fleet. */
import assert from "node:assert/strict";
import { Broker } from "../../../../src/broker/broker.ts";
import { makePlan, planDefaults } from "../../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../../src/fleet/plan/plan.ts";
import { planOptions } from "../../../../src/fleet/plan/plan_options.ts";
import { runFleet } from "../../../../src/fleet/run_fleet.ts";
import { parseEndpoint } from "../../../../src/net/endpoint.ts";
import { profiles } from "../../../../src/profiles/profiles.ts";
import { UsageError } from "../../../../src/base/failure.ts";
import { type CloudLimits, openCloudGate } from "../../../support/brokers/servers/cloud_gate.ts";

const base: PlanRequest = { run: "p", seed: 1 };
const services = profiles.filter(({ limits }) => limits !== undefined);

Deno.test("service limits: each profile of a service has a setting of plans, a sentence and a page for each limit", () => {
  assert.deepEqual(services.map(({ name }) => name), ["aws-iot-core", "azure-event-grid", "hivemq-cloud"]);
  for (const { name, versions, limits } of services) {
    assert.match(versions, /read, not run/);
    for (const { setting, what, source, usual, min, max } of limits!) {
      assert.ok(setting in planOptions, `${name}: ${setting}`);
      assert.match(what, /^[A-Z].*\.$/);
      assert.match(source, /^https:\/\//);
      assert.ok((usual ?? min ?? max) !== undefined, `${name}: ${setting} limits nothing`);
    }
  }
});

for (const { name, limits } of services) {
  Deno.test(`service limits: ${name} sets its defaults, and the user's own values count`, () => {
    const plan = makePlan({ ...base, profile: name });
    for (const { setting, usual } of limits!) {
      if (usual !== undefined) assert.equal(plan[setting as keyof typeof plan], usual, setting);
    }
    const own = makePlan({ ...base, profile: name, clients: 7, rampPerSecond: 3, willQos: 0 });
    assert.deepEqual([own.clients, own.rampPerSecond, own.willQos], [7, 3, 0]);
    assert.equal(makePlan({ ...base, profile: "emqx" }).rampPerSecond, planDefaults.rampPerSecond);
  });
}

const refused: readonly (readonly [profile: string, Partial<PlanRequest>, RegExp])[] = [
  [
    "aws-iot-core",
    { keepAliveS: 10 },
    /^Cannot use --keepalive 10s?: expected 30s? to 1,?200s? with --profile aws-iot/,
  ],
  ["aws-iot-core", { keepAliveS: 1_201 }, /--keepalive/],
  [
    "aws-iot-core",
    { willQos: 2 },
    /^Cannot use --will-qos 2: expected up to 1 with --profile aws-iot-core: Messages have/,
  ],
  ["aws-iot-core", { willQos: "mix" }, /^Cannot use --will-qos mix: expected up to 1/],
  ["aws-iot-core", { watchQos: 2 }, /^Cannot use --watch-qos 2: expected up to 1/],
  ["aws-iot-core", { rampPerSecond: 501 }, /^Cannot use --ramp-rate .*: expected up to 500/],
  [
    "aws-iot-core",
    { killRate: { kind: "count", perSecond: 501 } },
    /^Cannot use --kill-rate .*: expected up to 500 k/,
  ],
  ["aws-iot-core", { clients: 2_000, killRate: { kind: "fraction", perSecond: 0.5 } }, /^Cannot use --kill-rate 50%/],
  ["aws-iot-core", { reconnectAfterMs: 500 }, /^Cannot use --reconnect-after .*: expected 1s or more/],
  ["aws-iot-core", { willRetain: true }, /^Cannot use --will-retain: expected a plan without it with --profile aws/],
  ["aws-iot-core", { sessionExpiryS: 3_601 }, /^Cannot use --session-expiry/],
  ["aws-iot-core", { clientId: `${"x".repeat(128)}{client}` }, /^Cannot use --client-id .*: expected up to 128 bytes/],
  ["aws-iot-core", { clientId: "$dev{client}" }, /^Cannot use --client-id .*no \$ at its beginning/],
  ["aws-iot-core", { willTopic: "a/b/c/d/e/f/g/h/{client}" }, /^Cannot use --will-topic .*up to 7 slashes/],
  ["aws-iot-core", { willTopic: `${"a".repeat(256)}/{client}` }, /^Cannot use --will-topic .*up to 256 bytes/],
  [
    "aws-iot-core",
    { skipBrokerCounters: false },
    /^Cannot use a plan without --skip-broker-counters: expected --skip-br/,
  ],
  ["azure-event-grid", { keepAliveS: 1_161 }, /^Cannot use --keepalive .*: expected 1s? to 1,?160s?/],
  ["azure-event-grid", { willDelayS: 301 }, /^Cannot use --will-delay .*: expected up to 300s?/],
  ["hivemq-cloud", { clients: 25_001 }, /^Cannot use --clients .*: expected up to 25,000/],
];
for (const [profile, more, why] of refused) {
  Deno.test(`service limits: ${profile} refuses ${JSON.stringify(more).slice(0, 60)}`, () => {
    assert.throws(
      () => makePlan({ ...base, profile, ...more }),
      (error) => error instanceof UsageError && why.test(error.message) && /https:\/\/\S+\)$/.test(error.message),
    );
  });
}

Deno.test("service limits: a group outside of a limit is refused by its name, and never is no reconnect", () => {
  const group = { name: "far", share: 1, keepAliveS: 5 };
  assert.throws(
    () => makePlan({ ...base, profile: "aws-iot-core", groups: [group] }),
    /^UsageError: Cannot use --keepalive 5s? in group "far": expected 30/,
  );
  assert.equal(makePlan({ ...base, profile: "aws-iot-core", reconnectAfterMs: "never" }).reconnectAfterMs, "never");
});

const limitsOf: Readonly<Record<string, CloudLimits>> = {
  "aws-iot-core": {
    keepAliveS: [30, 1_200],
    connectsPerSecond: 60,
    clients: 1_000,
    topicSlashes: 7,
    topicBytes: 256,
    willDelayS: Infinity,
    maximumQos: 1,
  },
  "azure-event-grid": {
    keepAliveS: [1, 1_160],
    connectsPerSecond: 60,
    clients: 1_000,
    topicSlashes: Infinity,
    topicBytes: Infinity,
    willDelayS: 300,
    maximumQos: 1,
  },
  "hivemq-cloud": {
    keepAliveS: [0, 65_535],
    connectsPerSecond: 60,
    clients: 100,
    topicSlashes: Infinity,
    topicBytes: Infinity,
    willDelayS: Infinity,
    maximumQos: 2,
  },
};

/** Runs a fleet on a server with the limits; returns its verdict and what the server refused. */
async function runOn(limits: CloudLimits, more: Partial<PlanRequest>) {
  await using broker = await Broker.start({ port: 0 });
  await using gate = await openCloudGate(broker.port, limits);
  const plan = makePlan({
    ...base,
    killRate: { kind: "count", perSecond: 10 },
    durationMs: 500,
    drainMs: 300,
    ...more,
  });
  const target = parseEndpoint(`mqtt://127.0.0.1:${gate.port}`);
  const { verdict, reason } = await runFleet({ plan, target, brokerInProcess: true }, {
    onProgress() {},
    onNotice() {},
  });
  return { verdict, reason, refused: [...gate.refused.keys()] };
}

for (const { name } of services) {
  Deno.test(`service limits: a server with the limits of ${name} takes the fleet of its profile, and refuses the usual one`, async () => {
    const limits = limitsOf[name]!;
    const ours = await runOn(limits, { profile: name, clients: 70 });
    assert.deepEqual([ours.verdict, ours.refused], ["pass", []], ours.reason);
    const usual = await runOn(limits, { clients: 120, durationMs: 100 });
    assert.notEqual(usual.verdict, "pass");
    assert.notDeepEqual(usual.refused, []);
  });
}

Deno.test("service limits: the server refuses each thing that a limit excludes", async () => {
  const limits = limitsOf["aws-iot-core"]!;
  const lawful: Partial<PlanRequest> = {
    clients: 3,
    killRate: { kind: "count", perSecond: 0 },
    durationMs: 100,
    keepAliveS: 30,
    watchQos: 1,
    skipBrokerCounters: true,
  };
  assert.deepEqual((await runOn(limits, lawful)).refused, []);
  // The connection that reads the counters has no keep alive.
  const anyKeepAlive = { ...limits, keepAliveS: [0, 1_200] } as const;
  const breaks: readonly (readonly [Partial<PlanRequest>, string, CloudLimits?])[] = [
    [{ keepAliveS: 10 }, "keep alive"],
    [{ willQos: 2 }, "will QoS 2"],
    [{ watchQos: 2 }, "SUBSCRIBE with QoS 2"],
    [{ skipBrokerCounters: false }, "$SYS", anyKeepAlive],
    [{ willTopic: "a/b/c/d/e/f/g/h/{bucket}/{client}" }, "topic"],
    [{ clients: 100 }, "connect rate"],
  ];
  const found = await Promise.all(
    breaks.map(async ([more, , own = limits]) => (await runOn(own, { ...lawful, ...more })).refused),
  );
  for (const [place, [, why]] of breaks.entries()) assert.ok(found[place]!.includes(why), `${why}: ${found[place]}`);
});
