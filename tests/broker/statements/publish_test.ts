/** Section 3.3 of both standards: PUBLISH, retained messages, topic aliases. */
import assert from "node:assert/strict";
import type { MessageProperties, PublishPacket } from "../../../src/mqtt/packet.ts";
import { bytesOf, type Client, type ConnectAsked, Stage } from "../stage.ts";
import { field, frame, reasons, record, surrogate } from "./bytes.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

const versions = [4, 5] as const;
const silent = { acknowledges: false };
const lasting: ConnectAsked = { clientId: "w", cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };

Deno.test("PUBLISH: the broker sets DUP on repeated messages only [MQTT5 3.3.1-1] [MQTT311 3.3.1-1]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version, ...lasting }, silent).subscribe("a");
    const publisher = stage.connect({ clientId: "p", version });
    publisher.publish("a", "1", { qos: 1, dup: true }).publish("a", "2", { qos: 2, dup: true }).publish("a", "3");
    // [MQTT5 3.3.1-2] [MQTT5 3.3.1-3] [MQTT311 3.3.1-2] [MQTT311 3.3.1-3] [MQTT5 4.3.1-1] [MQTT311 4.3.1-1]
    assert.deepEqual(client.of("publish").map(({ qos, dup }) => [qos, dup]), [[1, false], [2, false], [0, false]]);
    client.die();
    const back = stage.connect({ version, ...lasting }, silent);
    assert.deepEqual(back.of("publish").map(({ qos, dup }) => [qos, dup]), [[1, true], [2, true]]);
  });
});

Deno.test("PUBLISH: an invalid flag, topic or packet identifier is malformed [MQTT5 3.3.2-1] [MQTT5 3.3.2-2] [MQTT311 3.3.2-1]", async (t) => {
  const cases: readonly [what: string, first: number, rest: readonly number[], newerOnly?: boolean][] = [
    ["QoS 3", 0x36, [...field("a"), 0, 1]], // [MQTT5 3.3.1-4] [MQTT311 3.3.1-4]
    ["DUP at QoS 0", 0x38, field("a")], // [MQTT5 3.3.1-2] [MQTT311 3.3.1-2]
    ["topic no text", 0x30, field(surrogate)],
    ["topic with U+0000", 0x30, field("a\0")],
    ["wildcard", 0x30, field("a/+")], // [MQTT311 3.3.2-2] [MQTT5 4.7.0-1] [MQTT311 4.7.1-1]
    ["wildcard", 0x30, field("#")],
    ["no topic", 0x30, []],
  ];
  await eachCase(t, cases, ([what, first, rest]) => {
    for (const version of versions) {
      const client = new Stage().connect({ version });
      client.sendBytes(frame(first, rest, version === 5 && rest.length > 0 ? [0] : []));
      assert.deepEqual({ reasons: reasons(client), end: client.end }, {
        reasons: version === 5 ? [0x81] : [],
        end: { kind: "fin" },
      }, what);
    }
  });
});

Deno.test("PUBLISH: the broker refuses invalid properties [MQTT5 3.3.2-8] [MQTT5 3.3.2-13] [MQTT5 3.3.2-14] [MQTT5 3.3.2-19]", async (t) => {
  const cases: readonly [properties: readonly number[], reasonCode: number][] = [
    [[0x23, 0, 0], 0x94], // topic alias 0
    [[0x08, ...field(surrogate)], 0x81],
    [[0x08, ...field("a/#")], 0x81],
    [[0x03, ...field(surrogate)], 0x81],
    [[0x0b, 1], 0x82], // [MQTT5 3.3.4-6]
    [[0x01, 2], 0x82],
  ];
  await eachCase(t, cases, ([properties, reasonCode]) => {
    const client = new Stage().connect();
    client.sendBytes(frame(0x30, field("a"), properties.length, properties));
    assert.deepEqual(
      { reasons: reasons(client), end: client.end },
      { reasons: [reasonCode], end: { kind: "fin" } },
      `${properties}`,
    );
  });
});

Deno.test("PUBLISH: each property of a message arrives unchanged [MQTT5 3.3.2-4] [MQTT5 3.3.2-15]", async (t) => {
  // [MQTT5 3.3.2-16] [MQTT5 3.3.2-17] [MQTT5 3.3.2-18] [MQTT5 3.3.2-20] [MQTT5 3.1.3-10] [MQTT5 1.5.7-1]
  const all: MessageProperties = {
    payloadFormatIndicator: 1,
    contentType: "text/plain",
    responseTopic: "answers/here",
    correlationData: Uint8Array.of(0, 255, 0),
    userProperties: [["b", "1"], ["a", "2"], ["b", "1"], ["", ""]],
  };
  const each = Object.entries(all).map(([name, value]) => ({ [name]: value }) as MessageProperties);
  await eachCase(t, [all, { ...all, payloadFormatIndicator: 0 as const }, ...each], (properties) => {
    for (const qos of [0, 1, 2] as const) {
      const stage = new Stage();
      const watchers = [stage.watch("a"), stage.watch("+", {}, { properties: { topicAliasMaximum: 9 } })];
      stage.connect().publish("a", "text", { qos, properties, retain: true });
      watchers.push(stage.watch("#"), stage.connect({ clientId: "late" }).subscribe("a"));
      stage.connect({ will: { topic: "a", payload: bytesOf("text"), qos, retain: false, properties } }).die();
      for (const watcher of watchers) {
        for (const packet of watcher.of("publish")) assert.deepEqual(packet.properties, properties);
      }
    }
  });
});

Deno.test("PUBLISH: a 3.1.1 subscriber receives the message without properties", () => {
  const stage = new Stage();
  const watcher = stage.watch("#", {}, { version: 4 });
  stage.connect().publish("a", "x", { qos: 1, properties: { contentType: "t", userProperties: [["a", "b"]] } });
  assert.deepEqual(watcher.of("publish"), [
    { type: "publish", dup: false, qos: 1, retain: false, topic: "a", packetId: 1, payload: bytesOf("x") },
  ]);
});

Deno.test("PUBLISH: the retained message is the last one with a payload [MQTT5 3.3.1-5] [MQTT5 3.3.1-6] [MQTT5 3.3.1-7]", async (t) => {
  // [MQTT5 3.3.1-8] [MQTT311 3.3.1-5] [MQTT311 3.3.1-6] [MQTT311 3.3.1-7] [MQTT311 3.3.1-10] [MQTT311 3.3.1-11]
  // [MQTT311 3.3.1-12]
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const live = stage.watch("a", {}, { version });
    const publisher = stage.connect({ clientId: "p", version });
    let subscribers = 0;
    const kept = () => stage.connect({ version, clientId: `s${++subscribers}` }).subscribe("a").messages;
    publisher.publish("a", "1", { retain: true, qos: 1 }).publish("a", "2", { retain: true, qos: 0 });
    assert.deepEqual(kept(), ["a 2"]);
    publisher.publish("a", "3").publish("a", "");
    assert.deepEqual(kept(), ["a 2"]);
    publisher.publish("a", "", { retain: true, qos: 2 });
    assert.deepEqual({ kept: kept(), retainedHeld: stage.core.metrics.retainedHeld }, { kept: [], retainedHeld: 0 });
    assert.deepEqual(live.messages, ["a 1", "a 2", "a 3", "a ", "a "]);
  });
});

Deno.test("PUBLISH: the retain flag distinguishes a retained message from a live one [MQTT5 3.3.1-12] [MQTT5 3.3.1-13]", async (t) => {
  await eachVersion(t, (version) => { // [MQTT311 3.3.1-8] [MQTT311 3.3.1-9]
    const stage = new Stage();
    const publisher = stage.connect({ clientId: "p" }).publish("a", "old", { retain: true });
    const client = stage.connect({ version }).subscribe("a");
    publisher.publish("a", "new", { retain: true });
    assert.deepEqual(client.of("publish").map(({ retain }) => retain), [true, false]);
  });
  const stage = new Stage();
  const client = stage.connect().subscribe("a", { retainAsPublished: true });
  stage.connect({ clientId: "p" }).publish("a", "1", { retain: true }).publish("a", "2");
  assert.deepEqual(client.of("publish").map(({ retain }) => retain), [true, false]);
});

Deno.test("PUBLISH: the topic matches a filter of the subscriber [MQTT5 3.3.2-3] [MQTT311 3.3.2-3]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version }).subscribe("a/+").subscribe("b/#").subscribe("c");
    const publisher = stage.connect({ clientId: "p" });
    for (const topic of ["a", "a/b", "a/b/c", "b", "b/c/d", "c", "c/d", "C", "x"]) publisher.publish(topic);
    assert.deepEqual(client.messages, ["a/b ", "b ", "b/c/d ", "c "]);
  });
});

Deno.test("PUBLISH: the answer depends on the QoS [MQTT5 3.3.4-1] [MQTT311 3.3.4-1] [MQTT5 2.2.1-5] [MQTT311 2.3.1-6]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    stage.watch();
    const client = stage.connect({ version }, silent);
    for (const [qos, packetId] of [[0, 1], [1, 65_535], [2, 4_711]] as const) {
      client.arrivals.length = 0;
      client.publish("a", "", qos > 0 ? { qos, packetId } : {});
      if (qos === 2) client.send({ type: "pubrel", packetId });
      const expected = [[], [`puback ${packetId}`], [`pubrec ${packetId}`, `pubcomp ${packetId}`]][qos]!;
      assert.deepEqual([...client.of("puback"), ...client.of("pubrec"), ...client.of("pubcomp")].map(named), expected);
    }
  });
});

function named({ type, packetId }: { type: string; packetId: number }): string {
  return `${type} ${packetId}`;
}

Deno.test("PUBLISH: the broker uses aliases up to the client's maximum, and none where it is 0 [MQTT5 3.1.2-26] [MQTT5 3.1.2-27]", () => {
  // [MQTT5 3.3.2-11] [MQTT5 3.3.2-7]
  const topics = ["some/topic/1", "some/topic/2", "some/topic/3", "some/topic/1", "some/topic/3", "some/topic/2", "t"];
  const sent = (client: Client) =>
    client.of("publish").map(({ topic, properties }: PublishPacket) => [topic, properties?.topicAlias]);
  for (const qos of [0, 1, 2] as const) {
    const stage = new Stage();
    const two = stage.watch("#", {}, { ...lasting, properties: { topicAliasMaximum: 2, sessionExpiryIntervalS: 60 } });
    const none = stage.watch("#", {}, { properties: { topicAliasMaximum: 0 } });
    const older = stage.watch("#", {}, { version: 4 });
    const publisher = stage.connect();
    for (const topic of topics) publisher.publish(topic, "x", { qos, properties: { contentType: "t" } });
    const [one, other, third] = topics as [string, string, string];
    if (qos === 2) { // the broker never shortens it
      assert.deepEqual(sent(two), topics.map((topic) => [topic, undefined]));
      continue;
    }
    assert.deepEqual(sent(two), [[one, 1], [other, 2], [third, undefined], ["", 1], [third, undefined], ["", 2], [
      "t",
      undefined,
    ]]);
    for (const { properties, payload } of two.of("publish")) {
      assert.deepEqual({ contentType: properties!.contentType, payload: payload.length }, {
        contentType: "t",
        payload: 1,
      });
    }
    for (const plain of [none, older]) assert.deepEqual(sent(plain), topics.map((topic) => [topic, undefined]));
    two.die();
    const back = stage.connect({ ...lasting, properties: { topicAliasMaximum: 1 } });
    publisher.publish(other, "x", { qos }).publish(other, "x", { qos });
    assert.deepEqual(sent(back), [[other, 1], ["", 1]]);
  }
});

Deno.test("PUBLISH: the broker limits its own aliases, and omits an alias that makes a packet too large", () => {
  const stage = new Stage({ limits: { outboundTopicAliases: 1 } });
  const watcher = stage.watch("#", {}, { properties: { topicAliasMaximum: 9, maximumPacketSize: 30 } });
  const publisher = stage.connect();
  const tight = "x".repeat(30 - 2 - 2 - 5 - 1); // 33 bytes with an alias and a topic
  publisher.publish("topic", tight).publish("topic", "y").publish("topic", tight).publish("other", "y");
  assert.deepEqual(watcher.of("publish").map(({ topic, properties }) => [topic, properties?.topicAlias]), [
    ["topic", undefined],
    ["topic", 1],
    ["", 1],
    ["other", undefined],
  ]);
});

Deno.test("PUBLISH: the broker accepts and reassigns each alias up to the announced maximum [MQTT5 3.3.2-12]", () => {
  const stage = new Stage({ limits: { topicAliasMaximum: 300 } });
  const watcher = stage.watch();
  const client = stage.connect();
  for (let topicAlias = 1; topicAlias <= 300; topicAlias++) {
    client.publish(`t${topicAlias}`, "", { properties: { topicAlias } });
  }
  for (let topicAlias = 1; topicAlias <= 300; topicAlias++) client.publish("", "", { properties: { topicAlias } });
  assert.equal(client.end, undefined);
  assert.deepEqual(watcher.messages.slice(300), watcher.messages.slice(0, 300));
});

Deno.test("PUBLISH: the broker does not send an expired copy, and sends the remaining expiry [MQTT5 3.3.2-5] [MQTT5 3.3.2-6]", () => {
  const stage = new Stage();
  stage.connect(lasting).subscribe("a").die();
  const publisher = stage.connect({ clientId: "p" });
  for (const messageExpiryIntervalS of [5, 10]) {
    publisher.publish("a", "x", { qos: 1, retain: true, properties: { messageExpiryIntervalS } });
  }
  stage.advance(7_000);
  assert.equal(stage.core.metrics.dropped.expired, 1); // before anything reads the retained messages
  const left = (client: Client) => client.of("publish").map(({ properties }) => properties!.messageExpiryIntervalS);
  assert.deepEqual([left(stage.connect(lasting)), left(stage.watch("a")), left(stage.connect().subscribe("a"))], [
    [3],
    [],
    [
      3,
    ],
  ]);
  assert.equal(stage.core.metrics.retainedHeld, 1);
  stage.advance(3_000);
  assert.equal(stage.core.metrics.retainedHeld, 0);
});

Deno.test("PUBLISH: at QoS 0 it has no packet identifier, in exact bytes [MQTT5 2.2.1-2] [MQTT311 2.3.1-5]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version }).subscribe("a");
    const bytes = record(client);
    stage.connect({ clientId: "p" }).publish("a", "x");
    assert.deepEqual(bytes, version === 5 ? [0x30, 5, 0, 1, 0x61, 0, 0x78] : [0x30, 4, 0, 1, 0x61, 0x78]);
  });
});
