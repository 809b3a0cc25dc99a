/** Sections 4.1 to 4.6 and 4.9 of 5.0, 4.1 to 4.6 of 3.1.1: sessions, QoS, repetition, order, flow control. */
import assert from "node:assert/strict";
import type { AcknowledgePacket, ProtocolVersion, PublishPacket } from "../../../src/mqtt/packet.ts";
import { bytesOf, type Client, type ConnectAsked, Stage, textOf } from "../stage.ts";
import { reasons } from "./bytes.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

const silent = { acknowledges: false };

function lasting(version: ProtocolVersion, more: ConnectAsked["properties"] = {}): ConnectAsked {
  return { version, clientId: "w", cleanStart: false, properties: { sessionExpiryIntervalS: 60, ...more } };
}

function answer(type: AcknowledgePacket["type"], packetId: number, reasonCode?: number): AcknowledgePacket {
  return reasonCode === undefined ? { type, packetId } : { type, packetId, reasonCode };
}

/** The packets received, in order, as `type packetId`, with the QoS and DUP of a PUBLISH. */
function received(client: Client): string[] {
  return client.arrivals.flatMap(({ packet }) => {
    if (packet.type === "publish") return [`publish${packet.qos} ${packet.packetId ?? "-"}${packet.dup ? " dup" : ""}`];
    return packet.type === "pubrel" ? [`pubrel ${packet.packetId}`] : [];
  });
}

function aPublish(packetId: number, more: Partial<PublishPacket> = {}): PublishPacket {
  const head = { type: "publish", dup: false, qos: 2, retain: false, topic: "a", payload: bytesOf("x") } as const;
  return { ...head, packetId, ...more };
}

Deno.test("session: lasts for its connection and for its expiry after it [MQTT5 4.1.0-1]", async (t) => {
  // [MQTT5 4.1.0-2] [MQTT5 3.1.2-23] [MQTT311 4.1.0-1] [MQTT311 4.1.0-2] [MQTT311 3.1.2-5]
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect(lasting(version)).subscribe("a", { qos: 1 });
    stage.advance(1e7);
    const publisher = stage.connect({ clientId: "p" }).publish("a", "1", { qos: 1 });
    assert.deepEqual(client.messages, ["a 1"]);
    client.die();
    for (const payload of ["2", "3"]) publisher.publish("a", payload, { qos: 2 });
    stage.advance(59_999);
    const back = stage.connect(lasting(version));
    assert.deepEqual({ sessionPresent: back.connack!.sessionPresent, messages: back.messages }, {
      sessionPresent: true,
      messages: ["a 2", "a 3"],
    }); // [MQTT5 4.5.0-1] [MQTT311 4.5.0-1]
    back.die();
    stage.advance(60_000);
    assert.equal(stage.connect(lasting(version)).connack!.sessionPresent, version === 4); // 3.1.1 has no expiry
  });
});

Deno.test("QoS 0: is delivered once, without DUP, and is not kept for an offline client [MQTT5 4.3.1-1] [MQTT311 4.3.1-1]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect(lasting(version), silent).subscribe("a");
    stage.connect({ clientId: "p" }).publish("a", "1");
    assert.deepEqual(received(client), ["publish0 -"]);
    client.die();
    assert.deepEqual(received(stage.connect(lasting(version))), []);
  });
});

Deno.test("QoS 1, sending: uses an unused identifier until PUBACK [MQTT5 4.3.2-1] [MQTT5 4.3.2-2]", async (t) => {
  // [MQTT5 4.3.2-3] [MQTT311 4.3.2-1] [MQTT5 2.2.1-4] [MQTT311 2.3.1-1] [MQTT311 2.3.1-4]
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect(lasting(version), silent).subscribe("a");
    const publisher = stage.connect({ clientId: "p" });
    for (let index = 0; index < 3; index++) publisher.publish("a", "", { qos: 1 });
    assert.deepEqual(received(client), ["publish1 1", "publish1 2", "publish1 3"]);
    client.send(answer("puback", 2)).die();
    assert.deepEqual(received(stage.connect(lasting(version), silent)), ["publish1 1 dup", "publish1 3 dup"]);
  });
});

Deno.test("QoS 1, receiving: PUBACK has the identifier; afterwards the same identifier is a new message [MQTT5 4.3.2-4] [MQTT5 4.3.2-5]", async (t) => {
  await eachVersion(t, (version) => { // [MQTT311 4.3.2-2]
    const stage = new Stage();
    const watcher = stage.watch();
    const client = stage.connect({ version });
    for (const dup of [false, true]) client.send(aPublish(77, { qos: 1, dup }));
    assert.deepEqual(client.of("puback"), [{ type: "puback", packetId: 77 }, { type: "puback", packetId: 77 }]);
    assert.deepEqual(watcher.messages, ["a x", "a x"]);
  });
});

Deno.test("QoS 2, sending: PUBLISH and PUBREL are each open until PUBREC and PUBCOMP [MQTT5 4.3.3-1]", async (t) => {
  // [MQTT5 4.3.3-2] [MQTT5 4.3.3-3] [MQTT5 4.3.3-4] [MQTT5 4.3.3-5] [MQTT5 4.3.3-6] [MQTT311 4.3.3-1]
  // [MQTT5 4.4.0-1] [MQTT311 4.4.0-1] [MQTT5 2.2.1-5] [MQTT311 2.3.1-6]
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect(lasting(version), silent).subscribe("a");
    const publisher = stage.connect({ clientId: "p" });
    for (let index = 0; index < 2; index++) publisher.publish("a", "", { qos: 2 });
    client.send(answer("pubrec", 2)).die();
    assert.deepEqual(received(client), ["publish2 1", "publish2 2", "pubrel 2"]);
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(received(stage.connect(lasting(version), silent).die()), ["pubrel 2", "publish2 1 dup"]);
    }
    const back = stage.connect(lasting(version), silent).send(answer("pubcomp", 2), answer("pubrec", 1));
    assert.deepEqual(received(back.send(answer("pubcomp", 1)).die()).slice(2), ["pubrel 1"]);
    assert.deepEqual(received(stage.connect(lasting(version))), []);
  });
});

Deno.test("QoS 2, receiving: is routed once until PUBREL, also across connections [MQTT5 4.3.3-8] [MQTT5 4.3.3-10]", async (t) => {
  // [MQTT5 4.3.3-11] [MQTT5 4.3.3-12] [MQTT311 4.3.3-2]
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const watcher = stage.watch();
    const client = stage.connect(lasting(version), silent).send(aPublish(5), aPublish(5, { dup: true }));
    assert.deepEqual(client.of("pubrec").map(({ packetId }) => packetId), [5, 5]);
    client.die();
    const back = stage.connect(lasting(version), silent).send(aPublish(5, { dup: true }));
    assert.deepEqual(watcher.messages, ["a x"]);
    back.send(answer("pubrel", 5), aPublish(5));
    assert.deepEqual({ pubcomps: back.of("pubcomp"), messages: watcher.messages }, {
      pubcomps: [{ type: "pubcomp", packetId: 5 }],
      messages: ["a x", "a x"],
    });
  });
});

Deno.test("QoS 2, receiving: after a refusal the same identifier is a new message [MQTT5 4.3.3-9]", () => {
  const stage = new Stage({ limits: { receiveMaximum: 1 } });
  const watcher = stage.watch();
  const client = stage.connect({}, silent);
  for (const packetId of [4, 5, 5]) client.send(aPublish(packetId, { topic: "$SYS" }));
  client.send(aPublish(5));
  assert.deepEqual(client.of("pubrec").map(({ reasonCode }) => reasonCode), [0x90, 0x90, 0x90, undefined]);
  assert.deepEqual({ messages: watcher.messages, end: client.end }, { messages: ["a x"], end: undefined });
});

Deno.test("QoS 2: expiry stops neither a started delivery nor its answers [MQTT5 4.3.3-7] [MQTT5 4.3.3-13]", () => {
  const stage = new Stage();
  const client = stage.connect(lasting(5), silent).subscribe("a");
  const properties = { messageExpiryIntervalS: 1 };
  const publisher = stage.connect({ clientId: "p" }, silent).send(aPublish(9, { properties }));
  client.die();
  stage.advance(5_000);
  const back = stage.connect(lasting(5), silent);
  assert.deepEqual(received(back), ["publish2 1 dup"]);
  assert.deepEqual(received(back.send(answer("pubrec", 1))), ["publish2 1 dup", "pubrel 1"]);
  publisher.send(answer("pubrel", 9));
  assert.deepEqual(publisher.of("pubcomp").map(({ packetId }) => packetId), [9]);
});

Deno.test("repetition: the broker repeats on a new connection only, and never a refused message [MQTT5 4.4.0-1] [MQTT5 4.4.0-2]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect(lasting(version), silent).subscribe("a");
    const publisher = stage.connect({ clientId: "p" });
    for (const qos of [1, 2, 1, 2] as const) publisher.publish("a", "", { qos });
    stage.advance(1e6);
    assert.equal(received(client).length, 4);
    if (version === 5) client.send(answer("puback", 1, 0x80), answer("pubrec", 2, 0x97));
    assert.deepEqual(client.of("pubrel"), []); // [MQTT5 4.3.3-4]
    client.die();
    const expected = ["publish1 1 dup", "publish2 2 dup", "publish1 3 dup", "publish2 4 dup"];
    assert.deepEqual(received(stage.connect(lasting(version), silent)), version === 5 ? expected.slice(2) : expected);
  });
});

Deno.test("order: is kept for each publisher, topic and QoS, through queues and reconnects [MQTT5 4.6.0-5]", async (t) => {
  // [MQTT5 4.6.0-6] [MQTT311 4.6.0-1] [MQTT311 4.6.0-5] [MQTT311 4.6.0-6]
  await eachVersion(t, (version) => {
    for (const receiveMaximum of [1, 3, 100]) {
      const stage = new Stage({ limits: { inflight: receiveMaximum } });
      const client = stage.connect(lasting(version, { receiveMaximum }), silent).subscribe("a");
      const publishers = ["p", "q"].map((clientId) => stage.connect({ clientId, version }));
      for (let index = 10; index < 25; index++) {
        for (const qos of [1, 2] as const) {
          for (const [from, publisher] of publishers.entries()) {
            publisher.publish("a", `${from}${qos}${index}`, { qos });
          }
        }
        if (index === 14) client.die();
      }
      const all = [...client.of("publish")];
      const back = stage.connect(lasting(version, { receiveMaximum }));
      for (const packet of back.of("publish")) if (!packet.dup || !has(all, packet)) all.push(packet);
      for (const stream of ["01", "02", "11", "12"]) {
        const payloads = all.map(({ payload }) => textOf(payload)).filter((payload) => payload.startsWith(stream));
        assert.deepEqual(payloads, Array.from({ length: 15 }, (_, index) => `${stream}${10 + index}`));
      }
    }
  });
});

function has(packets: readonly PublishPacket[], { payload }: PublishPacket): boolean {
  return packets.some((packet) => textOf(packet.payload) === textOf(payload));
}

Deno.test("order: acknowledgements have the order of the packets that they answer [MQTT5 4.6.0-2] [MQTT5 4.6.0-3]", async (t) => {
  await eachVersion(t, (version) => { // [MQTT5 4.6.0-4] [MQTT311 4.6.0-2] [MQTT311 4.6.0-3] [MQTT311 4.6.0-4]
    const stage = new Stage();
    stage.watch();
    const sender = stage.connect({ version }, silent).send(aPublish(3), aPublish(1), aPublish(2));
    sender.send(aPublish(9, { qos: 1 }), aPublish(7, { qos: 1 }));
    assert.deepEqual(sender.of("pubrec").map(({ packetId }) => packetId), [3, 1, 2]);
    assert.deepEqual(sender.of("puback").map(({ packetId }) => packetId), [9, 7]);
    const receiver = stage.connect(lasting(version), silent).subscribe("b");
    for (let index = 0; index < 3; index++) sender.publish("b", "", { qos: 2, packetId: 20 + index });
    receiver.send(answer("pubrec", 2), answer("pubrec", 3), answer("pubrec", 1));
    assert.deepEqual(received(receiver).slice(3), ["pubrel 2", "pubrel 3", "pubrel 1"]);
  });
});

Deno.test("flow: the broker sends no more unacknowledged messages than the receive maximum [MQTT5 3.3.4-9] [MQTT5 4.9.0-1]", async (t) => {
  // [MQTT5 4.9.0-2] [MQTT5 4.9.0-3] [MQTT5 3.3.4-10]
  await eachCase(t, [1, 2, 65_535], (receiveMaximum) => {
    const stage = new Stage();
    const client = stage.connect(lasting(5, { receiveMaximum }), silent).subscribe("a");
    const publisher = stage.connect({ clientId: "p" });
    for (let index = 0; index < 4; index++) publisher.publish("a", "", { qos: 1 });
    assert.equal(received(client).length, Math.min(4, receiveMaximum));
    client.send({ type: "pingreq" }).subscribe("b").publish("x", "", { qos: 1 });
    for (const type of ["pingresp", "puback"] as const) assert.equal(client.of(type).length, 1);
    assert.equal(client.of("suback").length, 2);
    publisher.publish("a", "0");
    assert.equal(received(client).at(-1), "publish0 -");
    for (let packetId = 1; packetId <= 4; packetId++) {
      client.send(answer("puback", packetId, packetId === 1 ? 0x80 : 0));
    }
    assert.equal(received(client).length, 5);
  });
});

Deno.test("flow: the broker enforces its own receive maximum for each connection separately [MQTT5 3.3.4-7]", () => {
  const stage = new Stage({ limits: { receiveMaximum: 2 } });
  const client = stage.connect(lasting(5), silent).send(aPublish(1), aPublish(2), aPublish(2, { dup: true }));
  assert.equal(client.send(answer("pubrel", 1), aPublish(3)).end, undefined);
  client.die();
  const back = stage.connect(lasting(5), silent).send(answer("pubrel", 2), aPublish(3, { dup: true }), aPublish(4));
  assert.equal(back.end, undefined);
  assert.deepEqual(reasons(back.send(aPublish(5))), [0x93]);
});
