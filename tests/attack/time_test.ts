/** Attacks on the broker's time, and limits that users do not expect. */
import assert from "node:assert/strict";
import { ReasonCode } from "../../src/mqtt/reason.ts";
import { aWill, type ConnectAsked, Stage } from "../broker/stage.ts";

Deno.test("F10: retained messages for a SUBSCRIBE come in slices, and others are served between them", () => {
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

Deno.test("F10: a slice sends no message a second time that was published after the SUBSCRIBE", () => {
  const stage = new Stage();
  const author = stage.connect({ clientId: "author" });
  for (let each = 0; each < 3_000; each++) author.publish(`r/${each}`, "old", { retain: true });
  const reader = stage.connect({ clientId: "reader" }).subscribe("r/#");
  author.publish("r/2999", "new", { retain: true });
  stage.advance(100);
  assert.deepEqual(reader.messages.filter((message) => message.startsWith("r/2999 ")), ["r/2999 new"]);
  assert.equal(reader.of("publish").length, 3_000);
});

Deno.test("F10: the slices end with the subscription, and with the client", () => {
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

Deno.test("F10: many clients that wait for retained messages take turns", () => {
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

Deno.test("F11: a SUBSCRIBE visits no more levels once its filters overlap too much", () => {
  const stage = new Stage();
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

Deno.test("F11: filters that overlap without bound are refused, whatever their order", () => {
  const names = Array.from(
    { length: 2 ** 16 },
    (_, bits) => Array.from({ length: 16 }, (_, at) => (bits >> at) % 2 === 0 ? "a" : "+").join("/"),
  );
  // A fixed shuffle: the attacker chooses the order.
  const shuffled = names.map((name, at) => [Math.imul(at, 0x9e3779b1) >>> 0, name] as const)
    .toSorted(([one], [other]) => one - other).map(([, name]) => name);
  for (const order of [names, shuffled, names.toReversed()]) {
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
  }
});

Deno.test("F11: filters of devices with a few wildcards are all taken", () => {
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

Deno.test("topics that begin with $ are ordinary, but for $SYS, $share and $CONTROL", () => {
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

Deno.test("200 levels are accepted by default", () => {
  const stage = new Stage();
  const topic = Array.from({ length: 200 }, () => "a").join("/");
  const client = stage.connect().subscribe(topic).publish(topic, "x");
  assert.equal(client.messages.length, 1);
  client.publish(`${topic}/a`, "x", { qos: 1 });
  assert.equal(client.of("puback")[0]?.reasonCode, 0x90);
});
