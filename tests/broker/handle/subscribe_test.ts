import assert from "node:assert/strict";
import type { Packet, Subscription } from "../../../src/mqtt/packet.ts";
import { type ConnectAsked, Stage } from "../stage.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

function subscribe(...filters: readonly (string | Subscription)[]): Packet {
  const subscriptions = filters.map((each) => typeof each === "string" ? { topicFilter: each, qos: 1 as const } : each);
  return { type: "subscribe", packetId: 3, subscriptions };
}

Deno.test("subscribe: SUBACK contains one code for each filter, in order [MQTT5 3.8.4-6] [MQTT311 3.8.4-5]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage({ maximumQoS: 1 });
    const client = stage.connect({ version });
    client.send(subscribe({ topicFilter: "a", qos: 0 }, { topicFilter: "b", qos: 1 }, { topicFilter: "c", qos: 2 }));
    assert.deepEqual(client.of("suback"), [{ type: "suback", packetId: 3, reasonCodes: [0, 1, 1] }]);
  });
});

Deno.test("subscribe: a refused filter does not affect the other filters", () => {
  const limits = { topicLevels: 3, subscriptionsPerSession: 2 };
  const filters = ["a", "a/b/c/d", "$share/g/a", "b", "c", "a"];
  const newer = new Stage({ limits }).connect().send(subscribe(...filters));
  assert.deepEqual(newer.of("suback")[0]!.reasonCodes, [1, 0x8f, 1, 0x97, 0x97, 1]);
  const older = new Stage({ limits }).connect({ version: 4 }).send(subscribe(...filters));
  assert.deepEqual(older.of("suback")[0]!.reasonCodes, [1, 0x80, 1, 0x80, 0x80, 1]);
  assert.equal(new Stage().connect().connack!.properties!.sharedSubscriptionAvailable, undefined); // the default, true
});

Deno.test("subscribe: overlapping filters deliver one copy at the highest QoS, with all identifiers [MQTT5 3.3.4-2]", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "w" });
  client.subscribe("a/#", { qos: 0 }, 11).subscribe("a/+", { qos: 2 }, 22).subscribe("a/b", { qos: 1 });
  client.subscribe("+/b", { qos: 1 }, 268_435_455);
  stage.connect({ clientId: "p" }).publish("a/b", "x", { qos: 2 }).publish("a/c", "y", { qos: 2 });
  const [both, two] = client.of("publish");
  assert.equal(client.of("publish").length, 2);
  assert.equal(both!.qos, 2);
  assert.deepEqual([...both!.properties!.subscriptionIdentifiers!].sort((one, other) => one - other), [
    11,
    22,
    268_435_455,
  ]);
  assert.deepEqual([...two!.properties!.subscriptionIdentifiers!].sort(), [11, 22]);
});

Deno.test("subscribe: a repeated filter replaces the first subscription [MQTT5 3.8.4-3] [MQTT311 3.8.4-3]", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "w" });
  client.subscribe("a", { qos: 2 }, 1).subscribe("a", { qos: 0 }, 2);
  stage.connect({ clientId: "p" }).publish("a", "x", { qos: 2 });
  assert.deepEqual(client.of("publish").map(({ qos, properties }) => [qos, properties]), [[0, {
    subscriptionIdentifiers: [2],
  }]]);
  assert.equal(stage.core.metrics.subscriptionsHeld, 1);
});

Deno.test("subscribe: with no local, a client does not receive its own messages [MQTT5 3.8.3-3]", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "w" }).subscribe("a", { noLocal: true }).subscribe("b");
  const other = stage.connect({ clientId: "p" });
  client.publish("a", "own").publish("b", "own");
  other.publish("a", "other");
  assert.deepEqual(client.messages, ["b own", "a other"]);
});

Deno.test("subscribe: retain handling selects when retained messages are sent [MQTT5 3.3.1-9] [MQTT5 3.3.1-10] [MQTT5 3.3.1-11]", async (t) => {
  await eachCase(t, [[0, 2, 2], [1, 2, 0], [2, 0, 0]] as const, ([retainHandling, first, again]) => {
    const stage = new Stage();
    const publisher = stage.connect({ clientId: "p" });
    publisher.publish("a/1", "x", { retain: true, qos: 2 }).publish("a/2", "y", { retain: true, qos: 1 });
    const client = stage.connect({ clientId: "w" });
    client.subscribe("a/+", { retainHandling, qos: 1 }, 5);
    assert.equal(client.of("publish").length, first, `retain handling ${retainHandling}`);
    for (const { qos, retain, properties } of client.of("publish")) {
      assert.deepEqual({ qos, retain, properties }, {
        qos: 1,
        retain: true,
        properties: { subscriptionIdentifiers: [5] },
      }); // [MQTT311 3.3.1-8]
    }
    client.subscribe("a/+", { retainHandling });
    assert.equal(client.of("publish").length, first + again);
  });
});

Deno.test("subscribe: the broker sends SUBACK before the retained messages", () => {
  const stage = new Stage();
  stage.connect({ clientId: "p" }).publish("a", "x", { retain: true });
  const client = stage.connect({ version: 4, clientId: "w" }).subscribe("a");
  assert.deepEqual(client.arrivals.map(({ packet }) => packet.type), ["connack", "suback", "publish"]);
});

Deno.test("unsubscribe: removes the exact filter, and is answered when no subscription exists [MQTT5 3.10.4-1] [MQTT5 3.10.4-5]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version, clientId: "w" }).subscribe("a/+").subscribe("a/b");
    client.send({ type: "unsubscribe", packetId: 9, topicFilters: ["a/+", "a/#", "c"] });
    const reasonCodes = version === 5 ? [0x00, 0x11, 0x11] : [];
    assert.deepEqual(client.of("unsuback"), [{ type: "unsuback", packetId: 9, reasonCodes }]);
    stage.connect({ clientId: "p" }).publish("a/b", "x").publish("a/c", "y");
    assert.deepEqual(client.messages, ["a/b x"]);
  });
});

Deno.test("unsubscribe: the broker completes deliveries that it has started [MQTT5 3.10.4-3] [MQTT311 3.10.4-3]", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "w", properties: { receiveMaximum: 1 } }).subscribe("a");
  client.acknowledges = false;
  const publisher = stage.connect({ clientId: "p" });
  for (const payload of ["1", "2"]) publisher.publish("a", payload, { qos: 1 });
  client.send({ type: "unsubscribe", packetId: 9, topicFilters: ["a"] });
  client.send({ type: "puback", packetId: 1 });
  assert.deepEqual(client.messages, ["a 1", "a 2"]);
});

Deno.test("subscribe: subscriptions belong to the session", () => {
  const stage = new Stage();
  const lasting: ConnectAsked = { clientId: "w", cleanStart: false, properties: { sessionExpiryIntervalS: 5 } };
  stage.connect(lasting).subscribe("a").die();
  const publisher = stage.connect({ clientId: "p" });
  for (const qos of [0, 1, 2] as const) publisher.publish("a", `${qos}`, { qos });
  const back = stage.connect(lasting);
  assert.deepEqual(back.messages, ["a 1", "a 2"]); // [MQTT5 4.5.0-1] [MQTT311 3.1.2-5]
  back.disconnect();
  stage.advance(5_000);
  assert.equal(stage.core.metrics.subscriptionsHeld, 0);
});
