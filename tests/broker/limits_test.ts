/** Each limit of the broker: the effect at the limit, and the counter that records it. */
import assert from "node:assert/strict";
import type { BrokerLimits } from "../../src/broker/options/options.ts";
import { ReasonCode } from "../../src/mqtt/reason.ts";
import { aWill, bytesOf, type Client, Stage } from "./stage.ts";

interface Case {
  readonly limit: keyof BrokerLimits;
  readonly is: number;
  /** Exceeds the limit once and returns the effect. */
  readonly test: (stage: Stage) => unknown;
  readonly outcome: unknown;
}

const will = (payload: string) => ({ will: aWill({ payload: bytesOf(payload) }) });
const code = (client: Client) => client.connack?.reasonCode;
const disconnectCode = (client: Client) => client.of("disconnect")[0]?.reasonCode;

const cases: readonly Case[] = [
  {
    limit: "connections",
    is: 1,
    test: (stage) => [stage.connect(), stage.connect({ clientId: "b" })].map(code),
    outcome: [0, ReasonCode.quotaExceeded],
  },
  {
    limit: "sessions",
    is: 1,
    test: (stage) => [stage.connect(), stage.connect({ clientId: "b", version: 4 })].map(code),
    outcome: [0, 3],
  },
  {
    limit: "connectsPerSecond",
    is: 1,
    test: (stage) => {
      const first = [stage.connect({ clientId: "a" }), stage.connect({ clientId: "b" })].map(code);
      stage.advance(1_000);
      return [...first, code(stage.connect({ clientId: "c" }))];
    },
    outcome: [0, ReasonCode.connectionRateExceeded, 0],
  },
  {
    limit: "timeToConnectMs",
    is: 500,
    test: (stage) => {
      const client = stage.dial();
      stage.advance(500);
      return client.end?.kind;
    },
    outcome: "fin",
  },
  {
    limit: "maximumPacketSizeBytes",
    is: 100,
    test: (stage) => disconnectCode(stage.connect().publish("a", "x".repeat(100))),
    outcome: ReasonCode.packetTooLarge,
  },
  {
    limit: "outboxMessages",
    is: 2,
    test: (stage) => {
      const watcher = stage.watch("#", {}, { properties: { receiveMaximum: 1 } });
      watcher.acknowledges = false;
      const sender = stage.connect();
      for (const payload of ["1", "2", "3"]) sender.publish("a", payload, { qos: 1 });
      watcher.acknowledges = true;
      watcher.send({ type: "puback", packetId: watcher.of("publish")[0]!.packetId! });
      return [watcher.messages, stage.core.metrics.dropped["queue-full"]];
    },
    outcome: [["a 1", "a 2"], 1],
  },
  {
    limit: "allOutboxesBytes",
    is: 2_000,
    test: (stage) => {
      const watchers = ["a", "b"].map((filter) => stage.watch(filter, {}, { properties: { receiveMaximum: 1 } }));
      for (const watcher of watchers) watcher.acknowledges = false;
      const sender = stage.connect();
      for (const topic of ["a", "b", "b"]) sender.publish(topic, "x".repeat(700), { qos: 1 });
      return stage.core.metrics.dropped["memory-full"];
    },
    outcome: 1,
  },
  {
    limit: "outboxBytes",
    is: 1_000,
    test: (stage) => {
      const watcher = stage.watch("#", {}, { properties: { receiveMaximum: 1 } });
      watcher.acknowledges = false;
      const sender = stage.connect();
      for (const payload of ["1", "2"]) sender.publish("a", payload.repeat(700), { qos: 1 });
      return stage.core.metrics.dropped["queue-full"];
    },
    outcome: 1,
  },
  {
    limit: "subscriptionsPerSession",
    is: 1,
    test: (stage) => stage.connect().subscribe("a").subscribe("b").of("suback").flatMap((each) => each.reasonCodes),
    outcome: [2, ReasonCode.quotaExceeded],
  },
  {
    limit: "topicLevels",
    is: 3,
    test: (stage) => stage.connect().publish("a/b/c/d", "", { qos: 1 }).of("puback")[0]?.reasonCode,
    outcome: ReasonCode.topicNameInvalid,
  },
  {
    limit: "topicBytes",
    is: 6,
    test: (stage) => {
      const client = stage.connect();
      for (const topic of ["äöü", "äöüx"]) client.publish(topic, "", { qos: 1 });
      return client.of("puback").map(({ reasonCode }) => reasonCode);
    },
    outcome: [ReasonCode.noMatchingSubscribers, ReasonCode.topicNameInvalid],
  },
  {
    limit: "willPayloadBytes",
    is: 4,
    test: (stage) => [stage.connect(will("gone")), stage.connect({ clientId: "b", ...will("gone!") })].map(code),
    outcome: [0, ReasonCode.packetTooLarge],
  },
  {
    limit: "clientIdLength",
    is: 3,
    test: (stage) => code(stage.connect({ clientId: "abcd" })),
    outcome: ReasonCode.clientIdentifierNotValid,
  },
  {
    limit: "retainedMessages",
    is: 1,
    test: (stage) => {
      const client = stage.connect();
      for (const topic of ["a", "b"]) client.publish(topic, "x", { retain: true });
      return [stage.core.metrics.retainedHeld, stage.watch("#").messages];
    },
    outcome: [1, []],
  },
  {
    limit: "topicAliasMaximum",
    is: 1,
    test: (stage) => disconnectCode(stage.connect().publish("a", "", { properties: { topicAlias: 2 } })),
    outcome: ReasonCode.topicAliasInvalid,
  },
  {
    limit: "userProperties",
    is: 1,
    test: (stage) =>
      disconnectCode(stage.connect().publish("a", "", { properties: { userProperties: [["a", ""], ["a", ""]] } })),
    outcome: ReasonCode.quotaExceeded,
  },
  {
    limit: "filters",
    is: 1,
    test: (stage) =>
      disconnectCode(stage.connect().send({ type: "unsubscribe", packetId: 1, topicFilters: ["a", "b"] })),
    outcome: ReasonCode.quotaExceeded,
  },
  {
    limit: "filterLevels",
    is: 3,
    test: (stage) => disconnectCode(stage.connect().subscribe("a/b/c").subscribe("a/b/c/d")),
    outcome: ReasonCode.quotaExceeded,
  },
  {
    limit: "receiveMaximum",
    is: 1,
    test: (stage) => {
      const client = stage.connect({}, { acknowledges: false });
      return disconnectCode(client.publish("a", "", { qos: 2 }).publish("a", "", { qos: 2 }));
    },
    outcome: ReasonCode.receiveMaximumExceeded,
  },
];

for (const { limit, is, test, outcome } of cases) {
  Deno.test(`limit: the broker enforces and counts ${limit}`, () => {
    const stage = new Stage({ limits: { [limit]: is } });
    const came = test(stage);
    if (limit === "retainedMessages") assert.equal((came as unknown[])[0], 1);
    else assert.deepEqual(came, outcome);
    assert.equal(stage.core.metrics.snapshot().limitsHit[limit], 1);
  });
}

Deno.test("limit: a 3.1.1 client receives a 3.1.1 return code, or is closed where 3.1.1 has none", () => {
  const stage = new Stage({ limits: { willPayloadBytes: 1 } });
  const client = stage.connect({ version: 4, ...will("gone") });
  assert.equal(client.connack, undefined);
  assert.equal(client.end?.kind, "fin");
});

Deno.test("limit: far beyond the connect rate the broker reads no more links", () => {
  const stage = new Stage({ limits: { connectsPerSecond: 2 } });
  const clients = [1, 2, 3, 4, 5].map((each) => stage.connect({ clientId: `c${each}` }));
  assert.deepEqual(clients.map(code), [
    0,
    0,
    ReasonCode.connectionRateExceeded,
    ReasonCode.connectionRateExceeded,
    undefined,
  ]);
  assert.equal(clients[4]!.end?.kind, "reset");
  assert.equal(stage.core.metrics.limitsHit.connectsPerSecond, 3);
});
