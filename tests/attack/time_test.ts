/** Attacks on the broker's time, and limits that a user may meet. */
import assert from "node:assert/strict";
import type { BrokerLimits } from "../../src/broker/options/options.ts";
import { decode, encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet, PublishPacket } from "../../src/mqtt/packet.ts";
import { ReasonCode } from "../../src/mqtt/reason.ts";
import { aWill, bytesOf, type ConnectAsked, Stage } from "../broker/stage.ts";
import { eachCase } from "../support/steps.ts";

Deno.test("F10: the broker sends retained messages for a SUBSCRIBE in slices and serves others between them", () => {
  const stage = new Stage();
  const author = stage.connect({ clientId: "author" });
  for (let each = 0; each < 5_000; each++) author.publish(`r/${each}`, "x", { retain: true });
  const reader = stage.connect({ clientId: "reader" });
  const subscriptions = Array.from({ length: 50 }, () => ({ topicFilter: "r/#", qos: 0 as const }));
  reader.send({ type: "subscribe", packetId: 1, subscriptions });
  const first = reader.of("publish").length;
  assert.ok(first > 0 && first <= 2_000, `${first} came at once`);
  const other = stage.connect({ clientId: "other" }).subscribe("news");
  author.publish("news", "today");
  assert.deepEqual(other.messages, ["news today"]);
  stage.advance(1_000);
  assert.equal(reader.of("publish").length, 50 * 5_000);
});

Deno.test("F10: no slice repeats a message that was published after the SUBSCRIBE", () => {
  const stage = new Stage();
  const author = stage.connect({ clientId: "author" });
  for (let each = 0; each < 3_000; each++) author.publish(`r/${each}`, "old", { retain: true });
  const reader = stage.connect({ clientId: "reader" }).subscribe("r/#");
  author.publish("r/2999", "new", { retain: true });
  stage.advance(100);
  assert.deepEqual(reader.messages.filter((message) => message.startsWith("r/2999 ")), ["r/2999 new"]);
  assert.equal(reader.of("publish").length, 3_000);
});

Deno.test("F10: the slices end when the subscription or the client ends", () => {
  const stage = new Stage();
  const author = stage.connect({ clientId: "author" });
  for (let each = 0; each < 5_000; each++) author.publish(`r/${each}`, "x", { retain: true });
  const leaver = stage.connect({ clientId: "leaver" }).subscribe("r/#");
  leaver.send({ type: "unsubscribe", packetId: 9, topicFilters: ["r/#"] });
  const before = leaver.of("publish").length;
  stage.connect({ clientId: "gone" }).subscribe("r/#").die();
  stage.advance(1_000);
  assert.equal(leaver.of("publish").length, before);
});

Deno.test("F10: the broker serves clients that wait for retained messages in turn", () => {
  const stage = new Stage();
  const author = stage.connect({ clientId: "author" });
  for (let each = 0; each < 2_000; each++) author.publish(`r/${each}`, "x", { retain: true });
  const subscriptions = Array.from({ length: 20 }, () => ({ topicFilter: "r/#", qos: 0 as const }));
  const readers = Array.from({ length: 20 }, (_, each) => stage.connect({ clientId: `reader${each}` }));
  for (const reader of readers) reader.send({ type: "subscribe", packetId: 1, subscriptions });
  const count = () => readers.reduce((sum, reader) => sum + reader.of("publish").length, 0);
  for (let look = 0; look < 20; look++) {
    const before = count();
    stage.advance(1);
    assert.ok(count() - before <= 2_000, `${count() - before} came within a millisecond`);
  }
  stage.advance(1_000);
  assert.equal(count(), 20 * 20 * 2_000);
});

Deno.test("F11: a SUBSCRIBE with too many overlapping filters visits a limited number of levels", () => {
  const stage = new Stage({ limits: { filters: 20_000, filterLevels: 20_000 * 16 } });
  const client = stage.connect({ clientId: "client" });
  const { router } = stage.core;
  const visitsOf = router.visitsOf.bind(router);
  let visits = 0;
  router.visitsOf = (topicFilter, limit) => {
    const count = visitsOf(topicFilter, limit);
    visits += count;
    return count;
  };
  const filter = (bits: number) => Array.from({ length: 16 }, (_, at) => (bits >> at) % 2 === 0 ? "a" : "+").join("/");
  const subscriptions = Array.from({ length: 16_384 }, (_, bits) => ({ topicFilter: filter(bits), qos: 0 as const }));
  client.send({ type: "subscribe", packetId: 1, subscriptions });
  assert.ok(visits < 4 * 8_192, `${visits} levels`);
});

Deno.test("F11: the broker refuses filters that overlap without limit, in any order", async (t) => {
  const names = Array.from(
    { length: 2 ** 16 },
    (_, bits) => Array.from({ length: 16 }, (_, at) => (bits >> at) % 2 === 0 ? "a" : "+").join("/"),
  );
  // A fixed shuffle, because an attacker chooses the order.
  const shuffled = names.map((name, at) => [Math.imul(at, 0x9e3779b1) >>> 0, name] as const)
    .toSorted(([one], [other]) => one - other).map(([, name]) => name);
  await eachCase(t, [names, shuffled, names.toReversed()], (order) => {
    const stage = new Stage();
    const client = stage.connect({ clientId: "client" });
    for (let at = 0; at < order.length; at += 256) {
      const subscriptions = order.slice(at, at + 256).map((topicFilter) => ({ topicFilter, qos: 0 as const }));
      client.send({ type: "subscribe", packetId: 1, subscriptions });
    }
    const codes = client.of("suback").flatMap(({ reasonCodes }) => reasonCodes);
    assert.ok(codes.includes(ReasonCode.quotaExceeded));
    const visits = stage.core.router.visitsOf("a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", Infinity);
    assert.ok(visits < 40_000, `a message visits ${visits} levels`);
    assert.equal(client.end, undefined);
  });
});

Deno.test("F11: the broker accepts filters of devices with a few wildcards", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "client" });
  for (let at = 0; at < 20_000; at += 100) {
    const subscriptions = Array.from({ length: 100 }, (_, each) => ({
      topicFilter: [`site/${at + each}/+/state`, `+/${at + each}/+/+/alarm`, "+/+/state"][each % 3]!,
      qos: 0 as const,
    }));
    client.send({ type: "subscribe", packetId: 1, subscriptions });
  }
  assert.ok(client.of("suback").every(({ reasonCodes }) => reasonCodes.every((code) => code === 0)));
});

const userProperties = Array.from({ length: 2_001 }, () => ["", ""] as const);
const longProperties = { userProperties } satisfies PublishPacket["properties"];
const filters = (count: number, levels: number) =>
  Array.from(
    { length: count },
    (_, at) => Array.from({ length: levels }, (_, level) => level === 0 ? at : "a").join("/"),
  );
const subscribe = (topicFilters: readonly string[]): Packet => {
  const subscriptions = topicFilters.map((topicFilter) => ({ topicFilter, qos: 0 as const }));
  return { type: "subscribe", packetId: 1, subscriptions };
};
const unsubscribe = (topicFilters: readonly string[]): Packet => ({ type: "unsubscribe", packetId: 1, topicFilters });
const publish = { type: "publish", dup: false, qos: 0, retain: false, topic: "t", payload: bytesOf("") } as const;

/** Packets whose items took the broker up to 1 s, and the limit that each of them exceeds. */
const longPackets: readonly [name: string, limit: keyof BrokerLimits, packet: Packet][] = [
  ["PUBLISH with user properties", "userProperties", { ...publish, properties: longProperties }],
  ["PUBACK with user properties", "userProperties", { type: "puback", packetId: 1, properties: longProperties }],
  ["DISCONNECT with user properties", "userProperties", {
    type: "disconnect",
    reasonCode: 4,
    properties: longProperties,
  }],
  ["AUTH with user properties", "userProperties", {
    type: "auth",
    reasonCode: 0x18,
    properties: { authenticationMethod: "m", ...longProperties },
  }],
  ["SUBSCRIBE with filters", "filters", subscribe(filters(2_001, 1))],
  ["SUBSCRIBE with the same filter", "filters", subscribe(filters(2_001, 1).fill("#"))],
  ["SUBSCRIBE with deep filters", "filterLevels", subscribe(filters(51, 200))],
  ["UNSUBSCRIBE with filters", "filters", unsubscribe(filters(2_001, 1))],
  ["UNSUBSCRIBE with deep filters", "filterLevels", unsubscribe(filters(51, 200))],
];

for (const [name, limit, packet] of longPackets) {
  Deno.test(`a packet with too many items ends its connection without effect: ${name}`, () => {
    const stage = new Stage();
    const client = stage.connect().subscribe("kept").send(packet);
    assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [ReasonCode.quotaExceeded]);
    assert.equal(client.end?.kind, "fin");
    assert.equal(stage.core.metrics.snapshot().limitsHit[limit], 1);
    assert.equal(stage.core.metrics.subscriptionsHeld, 0);
    assert.equal(client.of("suback").length, 1);
    assert.match(stage.logged.join("\n"), /broke the protocol: [A-Z]+: it has more than [0-9]+ /);
  });
}

for (const [name, , packet] of longPackets.filter(([, , { type }]) => type.endsWith("subscribe"))) {
  Deno.test(`a packet with too many items closes a connection of MQTT 3.1.1: ${name}`, () => {
    const client = new Stage().connect({ version: 4 }).send(packet);
    assert.deepEqual(client.arrivals.map(({ packet: { type } }) => type), ["connack"]);
    assert.equal(client.end?.kind, "fin");
  });
}

for (
  const [name, asked] of [
    ["CONNECT", { properties: longProperties }],
    ["a will", { will: aWill({ properties: longProperties }) }],
  ] as const
) {
  Deno.test(`the broker refuses a packet with too many user properties: ${name}`, () => {
    const stage = new Stage();
    const client = stage.connect(asked);
    assert.equal(client.connack?.reasonCode, ReasonCode.quotaExceeded);
    assert.equal(client.end?.kind, "fin");
    assert.equal(stage.core.metrics.snapshot().limitsHit.userProperties, 1);
    assert.equal(stage.core.metrics.snapshot().wills.armed, 0);
  });
}

Deno.test("the broker reads a packet with too many items only up to the limit", () => {
  const bytes = encode({ ...publish, properties: longProperties }, 5);
  bytes.fill(0xff, bytes.length - 5); // an undefined property
  const limits = { userProperties: 1_000, filters: 1, filterLevels: 1, topicLevels: 1 };
  assert.throws(() => decode(bytes, 5, limits), { reasonCode: ReasonCode.quotaExceeded });
  assert.throws(() => decode(bytes, 5), { reasonCode: ReasonCode.malformedPacket });
});

Deno.test("the broker refuses a single filter that is too deep, and does not count its levels", () => {
  const client = new Stage().connect().send(subscribe(["/".repeat(65_000), "/".repeat(65_000), "a"]));
  assert.deepEqual(client.of("suback").flatMap(({ reasonCodes }) => reasonCodes), [0x8f, 0x8f, 0]);
});

Deno.test("the broker accepts as many items as each limit permits, in every property list", async (t) => {
  const stage = new Stage();
  const most = { userProperties: userProperties.slice(1) };
  const client = stage.connect({ properties: most, will: aWill({ properties: most }) });
  client.subscribe("t").publish("t", "x", { properties: most });
  assert.equal(client.of("publish")[0]?.properties?.userProperties?.length, 2_000);
  await eachCase(t, [filters(2_000, 1), filters(50, 200)], (topicFilters) => {
    client.send(subscribe(topicFilters), unsubscribe(topicFilters));
    assert.ok(client.of("suback").at(-1)!.reasonCodes.every((code) => code === 0));
    assert.ok(client.of("unsuback").at(-1)!.reasonCodes.every((code) => code === 0));
  });
  assert.equal(client.end, undefined);
});

const member = (clientId: string): ConnectAsked => ({
  clientId,
  cleanStart: false,
  properties: { sessionExpiryIntervalS: 30 },
});

for (const taken of [true, false]) {
  Deno.test(`shared subscriptions: what a member ${taken ? "had not acknowledged" : "was not sent"} goes to another`, () => {
    const stage = new Stage();
    const first = stage.connect(member("first"), { acknowledges: false }).subscribe("$share/g/jobs", { qos: 1 });
    if (!taken) first.die();
    stage.connect({ clientId: "author" }).publish("jobs", "1", { qos: 1 }).publish("jobs", "2", { qos: 1 });
    if (taken) first.die();
    const second = stage.connect(member("second")).subscribe("$share/g/jobs", { qos: 1 });
    stage.advance(29_999);
    assert.deepEqual(second.messages, []);
    stage.advance(1);
    assert.deepEqual(second.messages, ["jobs 1", "jobs 2"]);
  });
}

Deno.test("shared subscriptions: a message of QoS 2 stays with its member", () => {
  const stage = new Stage();
  const first = stage.connect(member("first"), { acknowledges: false }).subscribe("$share/g/jobs", { qos: 2 });
  stage.connect({ clientId: "author" }).publish("jobs", "1", { qos: 2 });
  first.die();
  const second = stage.connect(member("second")).subscribe("$share/g/jobs");
  stage.advance(60_000);
  assert.deepEqual(second.messages, []);
});

Deno.test("topics that begin with $ are ordinary, except $SYS, $share and $CONTROL", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "device", will: aWill({ topic: "$aws/things/1/gone" }) });
  assert.equal(client.connack?.reasonCode, 0);
  client.subscribe("$aws/#").subscribe("#").publish("$aws/things/1/shadow", "x", { qos: 1, retain: true });
  client.publish("$iothub/twin", "x", { qos: 1 });
  assert.deepEqual(client.messages, ["$aws/things/1/shadow x"]);
  assert.deepEqual(client.of("puback").map(({ reasonCode = 0 }) => reasonCode), [0, 0x10]);
  assert.deepEqual(stage.connect({ clientId: "late" }).subscribe("$aws/#").messages, ["$aws/things/1/shadow x"]);
  for (const topic of ["$SYS/x", "$share/x", "$CONTROL/x", "$SYS"]) client.publish(topic, "x", { qos: 1 });
  assert.deepEqual(client.of("puback").slice(2).map(({ reasonCode = 0 }) => reasonCode), [0x90, 0x90, 0x90, 0x90]);
});

Deno.test("the broker accepts 200 levels by default", () => {
  const stage = new Stage();
  const topic = Array.from({ length: 200 }, () => "a").join("/");
  const client = stage.connect().subscribe(topic).publish(topic, "x");
  assert.equal(client.messages.length, 1);
  client.publish(`${topic}/a`, "x", { qos: 1 });
  assert.equal(client.of("puback")[0]?.reasonCode, 0x90);
});
