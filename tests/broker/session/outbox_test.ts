import assert from "node:assert/strict";
import type { AcknowledgePacket, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { aWill, type Client, type ConnectAsked, Stage } from "../stage.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

function lasting(version: ProtocolVersion, receiveMaximum = 65_535): ConnectAsked {
  return {
    version,
    clientId: "w",
    cleanStart: false,
    ...(version === 5 && { properties: { sessionExpiryIntervalS: 60, receiveMaximum } }),
  };
}

/** Returns a stage with a client that sends no acknowledgement by itself. */
const silent = { acknowledges: false };

function answer(type: AcknowledgePacket["type"], packetId: number, reasonCode?: number): AcknowledgePacket {
  return reasonCode === undefined ? { type, packetId } : { type, packetId, reasonCode };
}

/** The packets received, as `type packetId`, with DUP. */
function received(client: Client): string[] {
  return client.arrivals.flatMap(({ packet }) => {
    if (packet.type === "publish") return [`publish ${packet.packetId ?? "-"}${packet.dup ? " dup" : ""}`];
    return packet.type === "pubrel" ? [`pubrel ${packet.packetId}`] : [];
  });
}

Deno.test("outbox: sends unacknowledged messages again on reconnect, in order [MQTT5 4.4.0-1] [MQTT5 4.6.0-1] [MQTT311 4.4.0-1]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect(lasting(version), silent).subscribe("a");
    const publisher = stage.connect({ clientId: "p" });
    for (const qos of [1, 2, 0, 1, 2, 2] as const) publisher.publish("a", "x", { qos });
    client.send(answer("puback", 3), answer("pubrec", 2), answer("pubrec", 5), answer("pubcomp", 5));
    client.die();
    publisher.publish("a", "late", { qos: 1 });
    const back = stage.connect(lasting(version), silent);
    assert.deepEqual(received(back), ["pubrel 2", "publish 1 dup", "publish 4 dup", "publish 6"]);
    back.send(answer("puback", 1), answer("pubcomp", 2), answer("pubrec", 4), answer("pubcomp", 4));
    back.send(answer("puback", 6)).die();
    assert.deepEqual(received(stage.connect(lasting(version))), []);
  });
});

Deno.test("outbox: sends nothing again while the connection lasts [MQTT5 4.4.0-1]", () => {
  const stage = new Stage();
  const client = stage.connect(lasting(5), silent).subscribe("a");
  stage.connect({ clientId: "p" }).publish("a", "x", { qos: 1 });
  stage.advance(1e6);
  assert.deepEqual(received(client), ["publish 1"]);
});

Deno.test("outbox: respects the receive maximum, which does not count QoS 0 [MQTT5 3.3.4-9] [MQTT5 4.9.0-2]", () => {
  const stage = new Stage();
  const client = stage.connect(lasting(5, 2), silent).subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  for (const qos of [1, 2, 1, 2, 0] as const) publisher.publish("a", "x", { qos });
  assert.deepEqual(received(client), ["publish 1", "publish 2", "publish -"]);
  client.send(answer("pubrec", 2));
  assert.equal(received(client).length, 4); // PUBREL and no new message: PUBCOMP frees the quota
  client.send(answer("pubcomp", 2), answer("puback", 1));
  assert.deepEqual(received(client).slice(4), ["publish 3", "publish 4"]);
});

Deno.test("outbox: a smaller receive maximum of the next connection also limits repetitions", () => {
  const stage = new Stage();
  const client = stage.connect(lasting(5), silent).subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  for (let index = 0; index < 4; index++) publisher.publish("a", "x", { qos: 1 });
  client.die();
  publisher.publish("a", "x", { qos: 1 });
  const back = stage.connect(lasting(5, 2), silent);
  assert.deepEqual(received(back), ["publish 1 dup", "publish 2 dup"]);
  back.send(answer("puback", 1));
  assert.deepEqual(received(back).slice(2), ["publish 3 dup"]);
  back.send(answer("puback", 2), answer("puback", 3));
  assert.deepEqual(received(back).slice(3), ["publish 4 dup", "publish 5"]);
});

Deno.test("outbox: respects the broker's own limit of messages in flight", () => {
  const stage = new Stage({ limits: { inflight: 3 } });
  const client = stage.connect(lasting(4), silent).subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  for (let index = 0; index < 5; index++) publisher.publish("a", "x", { qos: 1 });
  assert.equal(received(client).length, 3);
});

Deno.test("outbox: an error code of the client completes the message [MQTT5 4.4.0-2]", () => {
  const stage = new Stage();
  const client = stage.connect(lasting(5), silent).subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  publisher.publish("a", "x", { qos: 1 }).publish("a", "x", { qos: 2 });
  client.send(answer("puback", 1, 0x97), answer("pubrec", 2, 0x80)).die();
  assert.deepEqual(received(client), ["publish 1", "publish 2"]);
  assert.deepEqual(received(stage.connect(lasting(5))), []);
});

Deno.test("outbox: ignores answers to unknown identifiers and answers of the wrong type", async (t) => {
  const unknown = new Stage().connect({}, silent).send(answer("puback", 9), answer("pubcomp", 9), answer("pubrec", 9));
  assert.deepEqual(unknown.of("pubrel"), [{ type: "pubrel", packetId: 9, reasonCode: 0x92 }]);
  assert.equal(unknown.end, undefined);
  await eachCase(t, [[1, "pubrec"], [1, "pubcomp"], [2, "puback"], [2, "pubcomp"]] as const, ([qos, type]) => {
    const stage = new Stage();
    const client = stage.connect(lasting(5), silent).subscribe("a");
    stage.connect({ clientId: "p" }).publish("a", "x", { qos });
    client.send(answer(type, 1));
    assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82], `${type} at QoS ${qos}`);
  });
});

Deno.test("outbox: does not assign a packet identifier that is in use [MQTT5 2.2.1-4] [MQTT311 2.3.1-4]", () => {
  const stage = new Stage();
  const client = stage.connect(lasting(5)).subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  client.acknowledges = false;
  publisher.publish("a", "kept", { qos: 1 });
  client.acknowledges = true;
  for (let index = 0; index < 65_535; index++) publisher.publish("a", "x", { qos: 1, packetId: 1 });
  const ids = client.of("publish").map(({ packetId }) => packetId!);
  assert.deepEqual(ids.filter((packetId) => packetId === 1).length, 1);
  assert(ids.slice(50_000).some((packetId) => packetId < 100), "the identifiers begin again");
});

Deno.test("outbox: drops a message that is too large for the client as if it was sent [MQTT5 3.1.2-24] [MQTT5 3.1.2-25]", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "w", properties: { maximumPacketSize: 100, receiveMaximum: 1 } });
  client.subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  for (const qos of [0, 1, 2] as const) {
    publisher.publish("a", "x".repeat(100), { qos }).publish("a", `${qos}`, { qos });
  }
  assert.deepEqual(client.messages, ["a 0", "a 1", "a 2"]);
  assert.equal(stage.core.metrics.dropped["too-large"], 3);
});

Deno.test("outbox: counts message expiry down and does not send an expired message [MQTT5 3.3.2-5] [MQTT5 3.3.2-6]", () => {
  const stage = new Stage();
  stage.connect(lasting(5)).subscribe("a").die();
  const publisher = stage.connect({ clientId: "p" });
  for (const messageExpiryIntervalS of [2, 3, 10]) {
    publisher.publish("a", `${messageExpiryIntervalS}`, { qos: 1, properties: { messageExpiryIntervalS } });
  }
  stage.advance(2_500);
  const back = stage.connect(lasting(5));
  const left = back.of("publish").map(({ properties }) => properties!.messageExpiryIntervalS);
  assert.deepEqual({ messages: back.messages, left }, { messages: ["a 3", "a 10"], left: [1, 8] });
  assert.equal(stage.core.metrics.dropped.expired, 1);
});

Deno.test("outbox: a message that was sent before does not expire [MQTT5 4.3.3-7]", () => {
  const stage = new Stage();
  stage.connect(lasting(5), silent).subscribe("a");
  const properties = { messageExpiryIntervalS: 1 };
  stage.connect({ clientId: "p" }).publish("a", "x", { qos: 2, properties });
  stage.advance(5_000);
  assert.deepEqual(received(stage.connect(lasting(5))), ["publish 1 dup", "pubrel 1"]);
});

Deno.test("outbox: is bounded in bytes, counts dropped messages and reports them once", () => {
  const stage = new Stage({ limits: { outboxBytes: 2_600 } });
  stage.connect(lasting(5)).subscribe("a").die();
  const publisher = stage.connect({ clientId: "p" });
  for (let index = 0; index < 10; index++) publisher.publish("a", `${index}`.padEnd(400, "."), { qos: 1 });
  assert.equal(stage.core.metrics.dropped["queue-full"], 7);
  assert.equal(stage.logged.filter((line) => line.startsWith("warn: Outbox of client")).length, 1);
  const back = stage.connect(lasting(5));
  assert.deepEqual(back.messages.map((message) => message.slice(0, 3)), ["a 0", "a 1", "a 2"]);
  publisher.publish("a", "again", { qos: 1 });
  assert.equal(back.messages.at(-1), "a again");
});

Deno.test("outbox: a slow watcher receives all of 20,000 QoS 1 wills", () => {
  const stage = new Stage();
  const client = stage.connect(lasting(5), silent).subscribe("w/+");
  client.link.pause();
  for (let index = 0; index < 20_000; index++) {
    const message = {
      topic: `w/${index}`,
      payload: new Uint8Array(200),
      qos: 1,
      retain: false,
      publishedAtMs: 0,
    } as const;
    stage.core.router.publish(message, { clientId: "p", owner: undefined }, 0);
  }
  assert.equal(stage.core.metrics.dropped["queue-full"], 0);
  client.acknowledges = true;
  client.link.resume();
  stage.settle();
  assert.equal(client.of("publish").length, 20_000);
});

Deno.test("outbox: holds QoS 0 for a full link, and continues in order after the drain", () => {
  const stage = new Stage({ limits: { outboxBytes: 1_000_000 } });
  const client = stage.connect({ clientId: "w" }).subscribe("a");
  const publisher = stage.connect({ clientId: "p" });
  client.link.pause();
  const payloads = Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(100_000, "."));
  for (const payload of payloads) publisher.publish("a", payload);
  const near = [...stage.core.connections][0]!.link;
  assert.equal(near.bufferedBytes < 400_000, true);
  client.link.resume();
  stage.settle();
  assert.deepEqual(client.messages, payloads.map((payload) => `a ${payload}`));
});

Deno.test("outbox: does not keep QoS 0 for an offline client", () => {
  const stage = new Stage();
  stage.connect(lasting(5)).subscribe("a").die();
  stage.connect({ clientId: "p" }).publish("a", "x");
  assert.equal(stage.core.metrics.dropped["offline-qos0"], 1);
  assert.deepEqual(stage.connect(lasting(5)).messages, []);
});

Deno.test("outbox: counts a will that a subscriber does not receive as a will and as a message", () => {
  const stage = new Stage({ limits: { inflight: 1, outboxBytes: 1_000 } });
  stage.watch("#", {}, { clientId: "slow" }).acknowledges = false;
  for (let each = 0; each < 9; each++) stage.connect({ clientId: `v${each}`, will: aWill({ qos: 1 }) }).die();
  stage.connect({ clientId: "publisher" }).publish("other", "x".repeat(900), { qos: 1 });
  const { wills, messages } = stage.core.metrics.snapshot();
  assert.equal(wills.dropped["queue-full"] > 0, true);
  assert.equal(messages.dropped["queue-full"], wills.dropped["queue-full"] + 1);
});
