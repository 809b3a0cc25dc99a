import assert from "node:assert/strict";
import type { PublishPacket, QoS } from "../../../src/mqtt/packet.ts";
import { bytesOf, type ConnectAsked, Stage } from "../stage.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

const lasting: ConnectAsked = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };

/** Returns a stage with a client that sends no acknowledgement by itself. */
const silent = { acknowledges: false };

function aPublish(more: Partial<PublishPacket> = {}): PublishPacket {
  return {
    type: "publish",
    dup: false,
    qos: 2,
    retain: false,
    topic: "a",
    packetId: 7,
    payload: bytesOf("x"),
    ...more,
  };
}

Deno.test("publish: the broker answers by QoS [MQTT5 4.3.2-4] [MQTT5 4.3.3-8] [MQTT5 4.3.3-11]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    stage.watch();
    const client = stage.connect({ version });
    for (const qos of [0, 1, 2] as const) client.publish("a", `${qos}`, { qos });
    assert.deepEqual(client.arrivals.slice(1).map(({ packet }) => packet), [
      { type: "puback", packetId: 1 },
      { type: "pubrec", packetId: 2 },
      { type: "pubcomp", packetId: 2 },
    ]);
  });
});

Deno.test("publish: a 5.0 client receives 0x10 when no subscription matches", () => {
  const client = new Stage().connect();
  client.publish("a", "", { qos: 1 }).publish("a", "", { qos: 2 });
  assert.deepEqual([client.of("puback")[0]!.reasonCode, client.of("pubrec")[0]!.reasonCode], [0x10, 0x10]);
});

Deno.test("publish: the broker routes a QoS 2 message once, also across connections [MQTT5 4.3.3-10] [MQTT311 4.3.3-2]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const watcher = stage.watch();
    const client = stage.connect({ ...lasting, version }, silent);
    client.send(aPublish(), aPublish({ dup: true }));
    client.die();
    const back = stage.connect({ ...lasting, version }, silent);
    back.send(aPublish({ dup: true }));
    assert.deepEqual(watcher.messages, ["a x"]);
    back.send({ type: "pubrel", packetId: 7 }, aPublish()); // [MQTT5 4.3.3-12]
    assert.deepEqual(watcher.messages, ["a x", "a x"]);
    assert.deepEqual({
      clientPubrec: client.of("pubrec").length,
      backPubrec: back.of("pubrec").length,
      backPubcomp: back.of("pubcomp").length,
    }, { clientPubrec: 2, backPubrec: 2, backPubcomp: 1 });
  });
});

Deno.test("publish: the broker answers PUBREL for an unknown packet identifier", () => {
  const newer = new Stage().connect().send({ type: "pubrel", packetId: 9 });
  assert.deepEqual(newer.of("pubcomp"), [{ type: "pubcomp", packetId: 9, reasonCode: 0x92 }]);
  const older = new Stage().connect({ version: 4 }).send({ type: "pubrel", packetId: 9 });
  assert.deepEqual(older.of("pubcomp"), [{ type: "pubcomp", packetId: 9 }]);
});

Deno.test("publish: the broker closes a client that exceeds the receive maximum with QoS 2 messages [MQTT5 3.3.4-7]", () => {
  const client = new Stage({ limits: { receiveMaximum: 2 } }).connect({}, silent);
  assert.equal(client.connack!.properties!.receiveMaximum, 2);
  for (const packetId of [1, 2, 2, 3]) client.send(aPublish({ packetId }));
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x93]);
  assert.equal(client.of("pubrec").length, 3);
});

Deno.test("publish: a topic alias is valid for its connection only [MQTT5 3.3.2-7] [MQTT5 3.3.2-12]", () => {
  const stage = new Stage({ limits: { topicAliasMaximum: 3 } });
  const watcher = stage.watch();
  const client = stage.connect(lasting);
  assert.equal(client.connack!.properties!.topicAliasMaximum, 3);
  client.publish("a", "1", { properties: { topicAlias: 3 } }).publish("", "2", { properties: { topicAlias: 3 } });
  client.publish("b", "3", { properties: { topicAlias: 3 } }).publish("", "4", { properties: { topicAlias: 3 } });
  assert.deepEqual(watcher.messages, ["a 1", "a 2", "b 3", "b 4"]);
  assert.deepEqual(watcher.of("publish").map(({ properties }) => properties?.topicAlias), Array(4).fill(undefined));
  client.die();
  const back = stage.connect(lasting).publish("", "5", { properties: { topicAlias: 3 } });
  assert.deepEqual(back.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82]);
  const beyond = stage.connect(lasting).publish("a", "6", { properties: { topicAlias: 4 } });
  assert.deepEqual(beyond.of("disconnect").map(({ reasonCode }) => reasonCode), [0x94]);
});

Deno.test("publish: the broker closes a client that publishes what the broker does not support or the standard forbids", async (t) => {
  const cases: readonly [more: Partial<PublishPacket>, reasonCode: number][] = [
    [{ qos: 2 }, 0x9b],
    [{ qos: 1, retain: true }, 0x9a],
    [{ qos: 1, topic: "a/#" }, 0x81], // [MQTT5 3.3.2-2]
    [{ qos: 1, properties: { subscriptionIdentifiers: [1] } }, 0x82], // [MQTT5 3.3.4-6]
  ];
  await eachCase(t, cases, ([more, reasonCode]) => {
    const client = new Stage({ maximumQoS: 1, retainAvailable: false }).connect();
    try {
      client.send(aPublish(more));
    } catch { // mqtt-sim's codec cannot write this packet
      client.sendBytes([0x32, 8, 0, 3, 0x61, 0x2f, 0x23, 0, 7, 0]);
    }
    assert.deepEqual(client.of("disconnect").map((packet) => packet.reasonCode), [reasonCode], JSON.stringify(more));
  });
});

Deno.test("publish: the broker refuses with PUBACK or PUBREC, and closes where the packet has no answer", async (t) => {
  const stage = new Stage({ limits: { topicLevels: 2 } });
  const watcher = stage.watch();
  const deep = { topic: "a/b/c" };
  const text = { topic: "a", payload: Uint8Array.of(0xff), properties: { payloadFormatIndicator: 1 } } as const;
  await eachCase(t, [[deep, 0x90], [text, 0x99]] as const, ([more, reasonCode]) => {
    const client = stage.connect({}, silent);
    client.send(aPublish({ ...more, qos: 1 }), aPublish({ ...more, qos: 2 }), aPublish({ topic: "ok", qos: 2 }));
    assert.deepEqual(client.of("puback").map((packet) => packet.reasonCode), [reasonCode]);
    assert.deepEqual(client.of("pubrec").map((packet) => packet.reasonCode), [reasonCode, undefined]); // [MQTT5 4.3.3-9]
    const { packetId: _none, ...unacknowledged } = aPublish({ ...more, qos: 0 });
    client.send(unacknowledged);
    assert.deepEqual(client.of("disconnect").map((packet) => packet.reasonCode), [reasonCode]);
  });
  const older = stage.connect({ version: 4 }).send(aPublish({ ...deep, qos: 1 }));
  assert.deepEqual({ pubacks: older.of("puback"), end: older.end }, { pubacks: [], end: { kind: "fin" } });
  assert.deepEqual(watcher.messages, ["ok x", "ok x"]);
});

Deno.test("publish: a message is delivered at the lower QoS of message and subscription [MQTT5 3.8.4-8] [MQTT311 3.8.4-6]", async (t) => {
  await eachCase(t, [0, 1, 2] as const, (subscribed) => {
    const stage = new Stage();
    const watcher = stage.watch("#", { qos: subscribed });
    const client = stage.connect();
    for (const qos of [0, 1, 2] as const) client.publish("a", "x", { qos });
    const expected = [0, 1, 2].map((qos) => Math.min(qos, subscribed) as QoS);
    assert.deepEqual(watcher.of("publish").map(({ qos }) => qos), expected);
  });
});

Deno.test("publish: the broker sets DUP and RETAIN itself for each delivery [MQTT5 3.3.1-3] [MQTT5 3.3.1-12] [MQTT311 3.3.1-9]", () => {
  const stage = new Stage();
  const plain = stage.watch("#");
  const asPublished = stage.watch("#", { retainAsPublished: true });
  const client = stage.connect();
  client.send(aPublish({ qos: 1, dup: true, retain: true }), aPublish({ qos: 1, packetId: 8 }));
  assert.deepEqual(plain.of("publish").map(({ dup, retain }) => [dup, retain]), [[false, false], [false, false]]);
  assert.deepEqual(asPublished.of("publish").map(({ dup, retain }) => [dup, retain]), [[false, true], [false, false]]);
});
