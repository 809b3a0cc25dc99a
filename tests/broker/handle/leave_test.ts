import assert from "node:assert/strict";
import { type ConnectAsked, Stage } from "../stage.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

const lasting: ConnectAsked = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };

Deno.test("leave: the broker closes after DISCONNECT and sends nothing", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version }).disconnect();
    assert.equal(client.arrivals.length, 1);
    assert.deepEqual(client.end, { kind: "fin" });
    assert.equal(stage.core.connections.size, 0);
    assert.equal(stage.core.sessions.size, 0);
  });
});

Deno.test("leave: the broker does not read packets after DISCONNECT", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  stage.connect().sendBytes([0xe0, 0x00, 0x30, 0x04, 0x00, 0x01, 0x61, 0x00, 0xff, 0xff]);
  assert.deepEqual(watcher.messages, []);
});

Deno.test("leave: DISCONNECT may change a session expiry above 0, and may not raise an expiry of 0", () => {
  const stage = new Stage();
  stage.connect(lasting).disconnect(0, 5);
  stage.advance(4_999);
  assert.equal(stage.core.sessions.size, 1);
  stage.advance(1);
  assert.equal(stage.core.sessions.size, 0);
  const client = stage.connect().disconnect(0, 5);
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82]);
  assert.equal(stage.core.sessions.size, 0);
  assert.equal(stage.core.metrics.ended["protocol-error"], 1);
});

Deno.test("leave: DISCONNECT with a reason code for servers is a protocol error [MQTT5 3.14.2-1]", () => {
  const client = new Stage().connect().disconnect(0x8e);
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82]);
});

Deno.test("leave: a protocol error closes the client, and a 5.0 client receives the reason code", async (t) => {
  const cases: readonly [bytes: number[], reasonCode: number][] = [
    [[0xff, 0x00], 0x81],
    [[0xe1, 0x00], 0x81], // [MQTT5 3.14.1-1] [MQTT311 3.14.1-1]
    [[0x36, 0x04, 0x00, 0x01, 0x61, 0x00], 0x81], // [MQTT5 3.3.1-4] [MQTT311 3.3.1-4]
    [[0x20, 0x03, 0x00, 0x00, 0x00], 0x82],
    [[0xd0, 0x00], 0x82],
  ];
  await eachCase(t, cases, ([bytes, reasonCode]) => {
    for (const version of [4, 5] as const) {
      const client = new Stage().connect({ version });
      client.sendBytes(version === 4 && bytes[0] === 0x20 ? [0x20, 0x02, 0x00, 0x00] : bytes);
      assert.deepEqual(client.of("disconnect").map((packet) => packet.reasonCode), version === 5 ? [reasonCode] : []);
      assert.deepEqual(client.end, { kind: "fin" }, `${bytes}`); // [MQTT5 4.13.1-1] [MQTT311 4.8.0-1]
    }
  });
});

Deno.test("leave: a packet above the broker's maximum size closes the connection", () => {
  const client = new Stage({ limits: { maximumPacketSizeBytes: 100 } }).connect();
  assert.equal(client.connack!.properties!.maximumPacketSize, 100);
  client.publish("a", "x".repeat(100));
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x95]);
});

Deno.test("leave: the broker closes a client that does not read its answers", () => {
  const stage = new Stage({ limits: { unreadBytes: 1_000 } });
  const client = stage.connect();
  client.link.pause();
  for (let index = 0; index < 501; index++) client.send({ type: "pingreq" });
  assert.equal(stage.core.metrics.ended["protocol-error"], 1);
});
