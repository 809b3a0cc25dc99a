/** Section 4.8.2 of 5.0. The broker also supports these filters in 3.1.1, which leaves them to the broker. */
import assert from "node:assert/strict";
import type { QoS } from "../../../src/mqtt/packet.ts";
import { type Client, type ConnectAsked, Stage } from "../stage.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

const silent = { acknowledges: false };

function lasting(clientId: string, more: Partial<ConnectAsked> = {}): ConnectAsked {
  return { clientId, cleanStart: false, properties: { sessionExpiryIntervalS: 60 }, ...more };
}

function storm(stage: Stage, topic: string, count: number, qos: QoS = 0): Client {
  const publisher = stage.connect({ clientId: "publisher" });
  for (let index = 0; index < count; index++) publisher.publish(topic, `${index}`, { qos });
  return publisher;
}

Deno.test("shared subscription: each group delivers a message to one member, in turn", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const group = ["a", "b", "c"].map((id) => stage.connect({ version, clientId: id }).subscribe("$share/g/t/+"));
    const other = stage.connect({ version, clientId: "d" }).subscribe("$share/h/t/#");
    const plain = stage.watch("t/1");
    storm(stage, "t/1", 6, 1);
    assert.deepEqual(group.map(({ messages }) => messages), [
      ["t/1 0", "t/1 3"],
      ["t/1 1", "t/1 4"],
      ["t/1 2", "t/1 5"],
    ]);
    assert.deepEqual([other.messages.length, plain.messages.length], [6, 6]);
  });
});

Deno.test("shared subscription: the broker accepts only valid shared filters [MQTT5 4.8.2-1] [MQTT5 4.8.2-2]", async (t) => {
  await eachCase(t, ["$share/", "$share/g", "$share//a", "$share/g/", "$share/+/a", "$share/g#/a"], (topicFilter) => {
    const bytes = new TextEncoder().encode(topicFilter);
    const packet = [0x82, 6 + bytes.length, 0, 1, 0, 0, bytes.length, ...bytes, 1];
    const newer = new Stage().connect().sendBytes(packet);
    assert.deepEqual(newer.of("disconnect").map(({ reasonCode }) => reasonCode), [0x81], topicFilter);
  });
  await eachCase(t, ["$share/", "$share/g", "$share//a", "$share/g/"], (topicFilter) => {
    const older = new Stage().connect({ version: 4 }).subscribe(topicFilter);
    assert.deepEqual(older.of("suback").map(({ reasonCodes }) => reasonCodes), [[0x80]], topicFilter);
  });
  const stage = new Stage();
  const client = stage.connect().subscribe("$share");
  assert.deepEqual(client.of("suback")[0]!.reasonCodes, [2]); // a plain filter with one level
});

Deno.test("shared subscription: no local is a protocol error [MQTT5 3.8.3-4]", () => {
  const bytes = new TextEncoder().encode("$share/g/a");
  const client = new Stage().connect().sendBytes([0x82, 16, 0, 1, 0, 0, 10, ...bytes, 0x05]);
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82]);
});

Deno.test("shared subscription: a publisher that is a member receives its share", () => {
  const client = new Stage().connect().subscribe("$share/g/a").publish("a", "own");
  assert.deepEqual(client.messages, ["a own"]);
});

Deno.test("shared subscription: each member has its own QoS, identifier and retain as published [MQTT5 4.8.2-3]", () => {
  const stage = new Stage();
  const one = stage.connect({ clientId: "one" }).subscribe("$share/g/a", { qos: 0, retainAsPublished: true }, 7);
  const two = stage.connect({ clientId: "two" }).subscribe("$share/g/a", { qos: 1 }, 8);
  const publisher = stage.connect({ clientId: "publisher" });
  for (let count = 0; count < 2; count++) publisher.publish("a", "x", { qos: 2, retain: true });
  const seen = (client: Client) =>
    client.of("publish").map(({ qos, retain, properties }) => [qos, retain, properties!.subscriptionIdentifiers]);
  assert.deepEqual([seen(one), seen(two)], [[[0, true, [7]]], [[1, false, [8]]]]);
});

Deno.test("shared subscription: a plain subscription beside it delivers its own copy", () => {
  const stage = new Stage();
  const client = stage.connect().subscribe("$share/g/a", { qos: 1 }, 1).subscribe("a", { qos: 1 }, 2);
  stage.connect({ clientId: "publisher" }).publish("a", "x", { qos: 1 });
  const identifiers = client.of("publish").map(({ properties }) => properties!.subscriptionIdentifiers);
  assert.deepEqual(identifiers.sort(), [[1], [2]]);
});

Deno.test("shared subscription: a new member receives no retained messages", () => {
  const stage = new Stage();
  stage.connect({ clientId: "publisher" }).publish("a", "x", { retain: true });
  assert.deepEqual(stage.connect().subscribe("$share/g/a").messages, []);
});

Deno.test("shared subscription: online members come first; an offline member keeps its queued share", () => {
  const stage = new Stage();
  const away = stage.connect(lasting("away")).subscribe("$share/g/a").die();
  const there = stage.connect({ clientId: "there" }).subscribe("$share/g/a");
  storm(stage, "a", 3, 1);
  assert.equal(there.messages.length, 3);
  there.send({ type: "unsubscribe", packetId: 9, topicFilters: ["$share/g/a"] });
  assert.deepEqual(there.of("unsuback")[0]!.reasonCodes, [0]);
  storm(stage, "a", 2, 1);
  assert.deepEqual([away.messages, stage.connect(lasting("away")).messages], [[], ["a 0", "a 1"]]);
});

Deno.test("shared subscription: a started delivery is completed with the same client [MQTT5 4.8.2-4]", () => {
  const stage = new Stage();
  stage.connect(lasting("one"), silent).subscribe("$share/g/a");
  const two = stage.connect(lasting("two"), silent).subscribe("$share/g/a");
  storm(stage, "a", 1, 2);
  for (const { link } of stage.core.connections) if (link.peer !== "") link.reset();
  stage.settle();
  const [first, second] = ["one", "two"].map((id) => stage.connect(lasting(id)));
  assert.deepEqual(first!.of("publish").map(({ dup, packetId }) => [dup, packetId]), [[true, 1]]);
  assert.deepEqual([two.messages, second!.messages], [[], []]);
});

Deno.test("shared subscription: the end of a session discards its QoS 2 messages [MQTT5 4.8.2-5]", () => {
  const stage = new Stage();
  const one = stage.connect({ clientId: "one" }, silent).subscribe("$share/g/a");
  const two = stage.connect({ clientId: "two" }, silent).subscribe("$share/g/a");
  storm(stage, "a", 1, 2);
  one.die();
  assert.deepEqual(two.messages, []);
  assert.equal(stage.core.metrics.dropped["session-ended"], 1);
  storm(stage, "a", 1, 2);
  assert.deepEqual(two.messages, ["a 0"]);
});

Deno.test("shared subscription: a message that a member refuses goes to no other member [MQTT5 4.8.2-6]", async (t) => {
  await eachCase(t, [[1, "puback"], [2, "pubrec"]] as const, ([qos, type]) => {
    const stage = new Stage();
    const one = stage.connect(lasting("one"), silent).subscribe("$share/g/a");
    const two = stage.connect({ clientId: "two" }, silent).subscribe("$share/g/a");
    storm(stage, "a", 1, qos);
    one.send({ type, packetId: 1, reasonCode: 0x80 }).die();
    assert.deepEqual([stage.connect(lasting("one")).messages, two.messages], [[], []]);
  });
});

Deno.test("shared subscription: members join and leave, and an empty group is removed", () => {
  const stage = new Stage();
  const members = ["a", "b", "c"].map((id) => stage.connect({ clientId: id }).subscribe("$share/g/t"));
  members[0]!.subscribe("$share/g/t", { qos: 0 });
  assert.equal(stage.core.metrics.subscriptionsHeld, 3);
  members[1]!.die();
  storm(stage, "t", 4);
  assert.deepEqual([members[0]!.messages.length, members[2]!.messages.length], [2, 2]);
  members[0]!.disconnect();
  members[2]!.disconnect();
  assert.equal(stage.core.metrics.subscriptionsHeld, 0);
  assert.equal(stage.core.router.publishOwn({ topic: "t", payload: new Uint8Array(), retain: false }, 0), 0);
});
