/** The announced limits of a broker, and the packets that they permit: each limit at its value. */
import assert from "node:assert/strict";
import { boundsOf } from "../../../src/conformance/model/bounds.ts";
import { type KnownLimits, lacks, lacksQos, noLimits, overLimit } from "../../../src/conformance/model/known_limits.ts";
import type { BrokerFacts, ConformanceCase, Need } from "../../../src/conformance/case/case.ts";
import { unmetNeed } from "../../../src/conformance/case/needs.ts";
import type { ConnackProperties, Packet, PublishPacket } from "../../../src/mqtt/packet.ts";
import { aWill } from "../../broker/stage.ts";

const announces = (announced: ConnackProperties): KnownLimits => ({ announced });
const message: PublishPacket = {
  type: "publish",
  dup: false,
  topic: "t",
  payload: new Uint8Array(),
  qos: 0,
  retain: false,
};
const publish = (over: Partial<PublishPacket>): Packet => ({ ...message, ...over });
const connect = (over: Parameters<typeof aWill>[0]): Packet => ({
  type: "connect",
  protocolVersion: 5,
  cleanStart: true,
  keepAliveS: 0,
  clientId: "c",
  will: aWill(over),
});
const subscribe = (topicFilters: readonly string[], subscriptionIdentifier?: number): Packet => ({
  type: "subscribe",
  packetId: 1,
  subscriptions: topicFilters.map((topicFilter) => ({ topicFilter, qos: 0 })),
  ...subscriptionIdentifier !== undefined && { properties: { subscriptionIdentifier } },
});
const alias = (topicAlias: number) => publish({ properties: { topicAlias } });

const table: readonly [what: string, packet: Packet, announced: ConnackProperties, reason: string | undefined][] = [
  ["QoS 1 where 1 is the most", publish({ qos: 1 }), { maximumQoS: 1 }, undefined],
  ["QoS 2 where 1 is the most", publish({ qos: 2 }), { maximumQoS: 1 }, "the broker announces Maximum QoS 1"],
  ["QoS 2 without a limit", publish({ qos: 2 }), {}, undefined],
  ["a will of QoS 1 where 0 is the most", connect({ qos: 1 }), { maximumQoS: 0 }, "the broker announces Maximum QoS 0"],
  ["retain", publish({ retain: true }), { retainAvailable: false }, "the broker announces Retain Available 0"],
  ["no retain", publish({}), { retainAvailable: false }, undefined],
  ["retain that is available", publish({ retain: true }), { retainAvailable: true }, undefined],
  ["a retained will", connect({ retain: true }), { retainAvailable: false }, "the broker announces Retain Available 0"],
  ["a topic alias of the maximum", alias(5), { topicAliasMaximum: 5 }, undefined],
  [
    "a topic alias above the maximum",
    alias(6),
    { topicAliasMaximum: 5 },
    "the broker announces a Topic Alias Maximum of 5",
  ],
  ["a topic alias, none being announced", alias(1), {}, "the broker announces a Topic Alias Maximum of 0"],
  ["a plain filter", subscribe(["a/b"]), {
    wildcardSubscriptionAvailable: false,
    sharedSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: false,
  }, undefined],
  [
    "a wildcard in the second filter",
    subscribe(["a", "a/#"]),
    { wildcardSubscriptionAvailable: false },
    "the broker announces Wildcard Subscription Available 0",
  ],
  [
    "the other wildcard",
    subscribe(["+/a"]),
    { wildcardSubscriptionAvailable: false },
    "the broker announces Wildcard Subscription Available 0",
  ],
  [
    "a shared subscription",
    subscribe(["$share/g/a"]),
    { sharedSubscriptionAvailable: false },
    "the broker announces Shared Subscription Available 0",
  ],
  [
    "a shared subscription without wildcards",
    subscribe(["$share/g/a"]),
    { wildcardSubscriptionAvailable: false },
    undefined,
  ],
  ["a filter that only looks shared", subscribe(["a/$share/"]), { sharedSubscriptionAvailable: false }, undefined],
  [
    "a subscription identifier",
    subscribe(["a"], 1),
    { subscriptionIdentifiersAvailable: false },
    "the broker announces Subscription Identifiers Available 0",
  ],
  ["the first of two that it has not", subscribe(["$share/g/a", "a/#"]), {
    wildcardSubscriptionAvailable: false,
    sharedSubscriptionAvailable: false,
  }, "the broker announces Shared Subscription Available 0"],
  ["another packet", { type: "pingreq" }, { maximumQoS: 0 }, undefined],
];

for (const [what, packet, announced, reason] of table) {
  Deno.test(`broker's limits: ${what}`, () => {
    assert.equal(overLimit(packet, 10, announces(announced)), reason);
    assert.equal(overLimit(packet, 10, announces({ ...announced, maximumPacketSize: 10 })), reason);
  });
}

Deno.test("broker's limits: allow a packet of the maximum size, and none of one byte more", () => {
  const limits = announces({ maximumPacketSize: 1_234 });
  assert.equal(overLimit({ type: "pingreq" }, 1_234, limits), undefined);
  const reason = "the broker announces a Maximum Packet Size of 1,234 bytes, and the case sends 1,235";
  assert.equal(overLimit({ type: "pingreq" }, 1_235, limits), reason);
  assert.equal(overLimit({ type: "pingreq" }, 1e9, noLimits), undefined);
  const { will: _, ...plain } = connect({}) as Extract<Packet, { type: "connect" }>;
  assert.equal(overLimit(plain, 10, announces({ maximumQoS: 0 })), undefined);
});

Deno.test("broker's limits: the reason of an observed limit is the observation", () => {
  const limits: KnownLimits = {
    announced: { maximumQoS: 1, retainAvailable: false },
    seen: { maximumQoS: "it closed on QoS 2", retainAvailable: "it closed on retain" },
  };
  assert.equal(lacksQos(2, limits), "it closed on QoS 2");
  assert.equal(lacksQos(1, limits), undefined);
  assert.equal(lacks("retainAvailable", limits), "it closed on retain");
  assert.equal(
    lacks("retainAvailable", { announced: limits.announced, seen: {} }),
    "the broker announces Retain Available 0",
  );
  assert.equal(lacksQos(3, noLimits), "the broker announces Maximum QoS 2");
  assert.equal(lacksQos(2, { announced: { maximumQoS: 1 }, seen: {} }), "the broker announces Maximum QoS 1");
});

const needing = (...needs: Need[]) => ({ needs }) as Partial<ConformanceCase> as ConformanceCase;
const all = { canRestart: true, hasLogin: true, hasDeniedTopic: true };
const facts = (announced: ConnackProperties) =>
  ({ spoken: true, limits: { announced } }) as Partial<BrokerFacts> as BrokerFacts;

const needs: readonly [need: Need, announced: ConnackProperties, given: Partial<typeof all>, reason: string][] = [
  ["restart", {}, { canRestart: false }, "it needs a command that restarts the broker: --restart-command"],
  ["login", {}, { hasLogin: false }, "it needs credentials, to try wrong ones: --username"],
  [
    "denied-topic",
    {},
    { hasDeniedTopic: false },
    "it needs a topic that the client may not publish to: --denied-topic",
  ],
  ["retain", { retainAvailable: false }, {}, "the broker announces Retain Available 0"],
  ["qos1", { maximumQoS: 0 }, {}, "the broker announces Maximum QoS 0"],
  ["qos2", { maximumQoS: 1 }, {}, "the broker announces Maximum QoS 1"],
  ["wildcard", { wildcardSubscriptionAvailable: false }, {}, "the broker announces Wildcard Subscription Available 0"],
  ["shared", { sharedSubscriptionAvailable: false }, {}, "the broker announces Shared Subscription Available 0"],
  [
    "subscription-identifiers",
    { subscriptionIdentifiersAvailable: false },
    {},
    "the broker announces Subscription Identifiers Available 0",
  ],
];

for (const [need, announced, given, reason] of needs) {
  Deno.test(`needs of a case: ${need}`, () => {
    assert.equal(unmetNeed(needing(need), facts(announced), { ...all, ...given }), reason);
    assert.equal(unmetNeed(needing(need), facts({}), all), undefined);
    assert.equal(unmetNeed(needing(), facts(announced), { ...all, ...given }), undefined);
    const others = needs.map(([other]) => other).filter((other) => other !== need && !other.startsWith("qos"));
    assert.equal(unmetNeed(needing(...others), facts(announced), { ...all, ...given }), undefined);
    assert.equal(unmetNeed(needing(...others, need), facts(announced), { ...all, ...given }), reason);
  });
}

Deno.test("needs of a case: QoS 1 is met by Maximum QoS 1, and a case without needs is always met", () => {
  assert.equal(unmetNeed(needing("qos1"), facts({ maximumQoS: 1 }), all), undefined);
  assert.equal(unmetNeed({} as ConformanceCase, facts({ maximumQoS: 0 }), all), undefined);
});

Deno.test("needs of a case: no case can run in a version whose control arm failed", () => {
  const reason = (outcome: string) =>
    unmetNeed(needing(), { spoken: false, outcome, reason: "why" } as Partial<BrokerFacts> as BrokerFacts, all);
  assert.equal(reason("not spoken"), "the broker does not support this version: why");
  assert.equal(reason("void"), "the control arm of this version proves nothing: why");
  assert.equal(reason("fail"), "why");
});

Deno.test("bounds: the slack multiplies each bound except those of this machine", () => {
  const usual = {
    answerMs: 3_000,
    lateMs: 3_000,
    earlyMs: 20,
    silenceMs: 1_000,
    restartMs: 30_000,
    lagMs: 200,
    slack: 1,
  };
  assert.deepEqual(boundsOf(), usual);
  assert.deepEqual(boundsOf(1, true), { ...usual, silenceMs: 400 });
  assert.deepEqual(boundsOf(2), {
    ...usual,
    answerMs: 6_000,
    lateMs: 6_000,
    silenceMs: 2_000,
    restartMs: 60_000,
    slack: 2,
  });
});
