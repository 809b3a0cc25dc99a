import assert from "node:assert/strict";
import { type ConnectAsked, Stage } from "../stage.ts";

const lasting: ConnectAsked = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };

Deno.test("leave: the broker closes after DISCONNECT and answers nothing", () => {
  for (const version of [4, 5] as const) {
    const stage = new Stage();
    const client = stage.connect({ version }).disconnect();
    assert.equal(client.arrivals.length, 1);
    assert.deepEqual(client.end, { kind: "fin" });
    assert.equal(stage.core.connections.size, 0);
    assert.equal(stage.core.sessions.size, 0);
  }
});

Deno.test("leave: what comes after DISCONNECT is not read", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  stage.connect().sendBytes([0xe0, 0x00, 0x30, 0x04, 0x00, 0x01, 0x61, 0x00, 0xff, 0xff]);
  assert.deepEqual(watcher.messages, []);
});

Deno.test("leave: DISCONNECT may change the session's expiry, but not give life to one that had none", () => {
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

Deno.test("leave: reason codes that only servers give are a protocol error [MQTT5 3.14.2-1]", () => {
  const client = new Stage().connect().disconnect(0x8e);
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82]);
});

Deno.test("leave: protocol errors are told to 5.0 clients by their code and close either", () => {
  const cases: readonly [bytes: number[], reasonCode: number][] = [
    [[0xff, 0x00], 0x81],
    [[0xe1, 0x00], 0x81], // [MQTT5 3.14.1-1] [MQTT311 3.14.1-1]
    [[0x36, 0x04, 0x00, 0x01, 0x61, 0x00], 0x81], // [MQTT5 3.3.1-4] [MQTT311 3.3.1-4]
    [[0x20, 0x03, 0x00, 0x00, 0x00], 0x82],
    [[0xd0, 0x00], 0x82],
  ];
  for (const [bytes, reasonCode] of cases) {
    for (const version of [4, 5] as const) {
      const client = new Stage().connect({ version });
      client.sendBytes(version === 4 && bytes[0] === 0x20 ? [0x20, 0x02, 0x00, 0x00] : bytes);
      assert.deepEqual(client.of("disconnect").map((packet) => packet.reasonCode), version === 5 ? [reasonCode] : []);
      assert.deepEqual(client.end, { kind: "fin" }, `${bytes}`); // [MQTT5 4.13.1-1] [MQTT311 4.8.0-1]
    }
  }
});

Deno.test("leave: a packet above the broker's maximum ends the connection", () => {
  const client = new Stage({ limits: { maximumPacketSizeBytes: 100 } }).connect();
  assert.equal(client.connack!.properties!.maximumPacketSize, 100);
  client.publish("a", "x".repeat(100));
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x95]);
});

Deno.test("leave: who does not read the answers is not answered without end", () => {
  const stage = new Stage({ limits: { unreadBytes: 1_000 } });
  const client = stage.connect();
  client.link.pause();
  for (let index = 0; index < 501; index++) client.send({ type: "pingreq" });
  assert.equal(stage.core.metrics.ended["protocol-error"], 1);
});
