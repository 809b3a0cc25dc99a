import assert from "node:assert/strict";
import { type ConnectAsked, connectPacket, Stage } from "../stage.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

Deno.test("connect: the first packet decides whether the broker serves the link [MQTT5 3.1.0-1] [MQTT311 3.1.0-1]", () => {
  const stage = new Stage();
  const client = stage.dial().send({ type: "pingreq" });
  assert.deepEqual(client.arrivals, []);
  assert.deepEqual(client.end, { kind: "fin" });
});

Deno.test("connect: a second CONNECT ends the connection [MQTT5 3.1.0-2] [MQTT311 3.1.0-2]", async (t) => {
  await eachVersion(t, (version) => {
    const client = new Stage().connect({ version });
    client.send(connectPacket({ version }));
    assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), version === 5 ? [0x82] : []);
    assert.deepEqual(client.end, { kind: "fin" });
  });
});

Deno.test("connect: the broker disconnects a client that sends no CONNECT in time", async (t) => {
  await eachCase(t, [[], [0x10], [0x10, 0x20, 0x00, 0x04]], (bytes) => {
    const stage = new Stage({ limits: { timeToConnectMs: 5_000 } });
    const client = stage.dial().sendBytes(bytes);
    stage.advance(4_999);
    assert.equal(client.end, undefined);
    stage.advance(1);
    assert.equal(client.endMs, 5_000);
    assert.equal(stage.core.metrics.endedEarly, 1);
  });
});

Deno.test("connect: the time limit for CONNECT does not apply after CONNECT", () => {
  const stage = new Stage();
  const client = stage.connect({ keepAliveS: 0 });
  stage.advance(1e9);
  assert.equal(client.end, undefined);
  assert.equal(stage.core.deadlines.size, 0);
});

Deno.test("connect: the broker refuses an unsupported protocol version [MQTT311 3.1.2-2] [MQTT5 3.1.2-2]", async (t) => {
  await eachCase(t, [3, 6], (level) => {
    const client = new Stage().dial(4);
    client.sendBytes([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, level, 2, 0, 0, 0, 1, 0x61]);
    assert.equal(client.connack?.reasonCode, 1);
    assert.deepEqual(client.end, { kind: "fin" });
  });
});

Deno.test("connect: the broker assigns an identifier to a client without one [MQTT5 3.1.3-7] [MQTT311 3.1.3-6] [MQTT311 3.1.3-8]", () => {
  const stage = new Stage();
  assert.equal(stage.connect({ clientId: "" }).connack!.properties!.assignedClientIdentifier, "assigned1");
  assert.equal(
    stage.connect({ clientId: "", cleanStart: false }).connack!.properties!.assignedClientIdentifier,
    "assigned2",
  );
  assert.equal(stage.connect({ version: 4, clientId: "" }).connack!.reasonCode, 0);
  const refused = stage.connect({ version: 4, clientId: "", cleanStart: false });
  assert.equal(refused.connack!.reasonCode, 2);
  assert.deepEqual(refused.end, { kind: "fin" });
});

Deno.test("connect: an assigned identifier is unique [MQTT5 3.2.2-16]", () => {
  const stage = new Stage();
  stage.connect({ clientId: "assigned1" });
  assert.equal(stage.connect({ clientId: "" }).connack!.properties!.assignedClientIdentifier, "assigned2");
});

Deno.test("connect: the broker refuses enhanced authentication [MQTT5 4.12.0-1]", () => {
  const client = new Stage().connect({ properties: { authenticationMethod: "SCRAM-SHA-1" } });
  assert.equal(client.connack!.reasonCode, 0x8c);
  assert.deepEqual(client.end, { kind: "fin" });
});

Deno.test("connect: AUTH from a client without an authentication method is a protocol error [MQTT5 4.12.0-7]", () => {
  const client = new Stage().connect();
  client.send({ type: "auth", reasonCode: 0x19, properties: { authenticationMethod: "x" } });
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x82]);
});

Deno.test("connect: a session survives by version, clean start, expiry and time offline", async (t) => {
  const v5 = (expiryS: number): ConnectAsked => ({
    cleanStart: false,
    properties: { sessionExpiryIntervalS: expiryS },
  });
  const cases: readonly [first: ConnectAsked, offlineMs: number, second: ConnectAsked, present: boolean][] = [
    [v5(10), 9_999, v5(0), true], // [MQTT5 3.1.2-5] [MQTT5 3.1.2-23]
    [v5(10), 10_000, v5(0), false], // [MQTT5 4.1.0-2]
    [v5(0), 0, v5(0), false],
    [{ cleanStart: false }, 0, v5(0), false],
    [v5(0xffff_ffff), 1e12, v5(0), true],
    [v5(10), 0, { cleanStart: true }, false], // [MQTT5 3.1.2-4]
    [{ cleanStart: true, properties: { sessionExpiryIntervalS: 10 } }, 0, v5(0), true],
    [{ version: 4, cleanStart: false }, 1e12, { version: 4, cleanStart: false }, true], // [MQTT311 3.1.2-4]
    [{ version: 4, cleanStart: true }, 0, { version: 4, cleanStart: false }, false], // [MQTT311 3.1.2-6]
    [{ version: 4, cleanStart: false }, 0, { version: 4, cleanStart: true }, false],
    [{ version: 4, cleanStart: false }, 5, v5(0), true],
  ];
  await eachCase(t, cases, ([first, offlineMs, second, present]) => {
    const stage = new Stage({ limits: { sessionExpiryMs: 0 } });
    assert.equal(stage.connect(first).connack!.sessionPresent, false);
    for (const { link } of stage.core.connections) link.end();
    stage.advance(offlineMs);
    const name = JSON.stringify([first, offlineMs, second]);
    assert.equal(stage.connect(second).connack!.sessionPresent, present, name);
    assert.equal(stage.core.sessions.size, 1, name);
  });
});

Deno.test("connect: a session does not expire while its client is connected [MQTT5 4.1.0-1]", () => {
  const stage = new Stage();
  const asked: ConnectAsked = { cleanStart: false, properties: { sessionExpiryIntervalS: 1 } };
  stage.connect(asked).subscribe("a").die();
  stage.advance(999);
  const back = stage.connect(asked);
  stage.advance(100_000);
  back.publish("a", "x");
  assert.deepEqual(back.messages, ["a x"]);
});

Deno.test("connect: a takeover sends DISCONNECT to a 5.0 client, and closes a client of either version [MQTT5 3.1.4-3] [MQTT311 3.1.4-2]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const asked: ConnectAsked = { version, cleanStart: false, properties: { sessionExpiryIntervalS: 9 } };
    const old = stage.connect(asked).subscribe("a");
    const back = stage.connect(asked);
    assert.deepEqual(old.of("disconnect").map(({ reasonCode }) => reasonCode), version === 5 ? [0x8e] : []);
    assert.deepEqual(old.end, { kind: "fin" });
    assert.equal(back.connack!.sessionPresent, true);
    back.publish("a", "x");
    assert.deepEqual([old.messages, back.messages], [[], ["a x"]]);
    assert.equal(stage.core.metrics.online, 1);
  });
});

Deno.test("connect: a 5.0 client is held to the server keep alive [MQTT5 3.1.2-21]", () => {
  const stage = new Stage({ serverKeepAliveS: 20 });
  const client = stage.connect({ clientId: "a", keepAliveS: 1_000 });
  const older = stage.connect({ clientId: "b", version: 4, keepAliveS: 0 });
  assert.equal(client.connack!.properties!.serverKeepAliveS, 20);
  stage.advance(100_000);
  assert.deepEqual([client.endMs, older.endMs], [30_000, undefined]);
});

Deno.test("connect: the broker refuses a CONNECT beyond its limits", () => {
  const stage = new Stage({ limits: { connections: 2, clientIdLength: 5 } });
  assert.equal(stage.connect({ clientId: "toolong" }).connack!.reasonCode, 0x85);
  assert.equal(stage.connect({ clientId: "a" }).connack!.reasonCode, 0);
  assert.equal(stage.connect({ clientId: "b" }).connack!.reasonCode, 0);
  assert.equal(stage.connect({ clientId: "c" }).connack!.reasonCode, 0x97);
  assert.equal(stage.connect({ clientId: "c", version: 4 }).connack!.reasonCode, 3);
  assert.deepEqual(stage.core.metrics.refused, { [0x85]: 1, [0x97]: 2 });
  for (let links = stage.core.metrics.open; links < 4; links++) stage.dial();
  const turnedAway = stage.dial();
  stage.settle();
  assert.deepEqual({ end: turnedAway.end, open: stage.core.metrics.open }, { end: { kind: "reset" }, open: 4 });
  const few = new Stage({ limits: { sessions: 1 } });
  const asked = { clientId: "a", cleanStart: false, properties: { sessionExpiryIntervalS: 9 } };
  few.connect(asked).die();
  assert.equal(few.connect({ clientId: "b" }).connack!.reasonCode, 0x97);
  assert.equal(few.connect(asked).connack!.sessionPresent, true);
});

Deno.test("connect: the broker does not send a CONNACK that is larger than the client accepts [MQTT5 3.1.2-24]", () => {
  const stage = new Stage();
  const client = stage.connect({ properties: { maximumPacketSize: 10 } });
  assert.equal(client.connack?.reasonCode, 0x95); // this CONNACK has less than 10 bytes
  assert.equal(stage.core.sessions.size, 0);
  assert.deepEqual(client.end, { kind: "fin" });
});

Deno.test("connect: the broker handles packets that wait for a login in order after the login", async () => {
  const { promise, resolve } = Promise.withResolvers<"accept">();
  const stage = new Stage({ authenticate: ({ clientId }) => clientId === "slow" ? promise : "accept" });
  const watcher = stage.watch();
  const client = stage.dial(5);
  const publish = { type: "publish", dup: false, qos: 0, retain: false, payload: new Uint8Array() } as const;
  client.send(connectPacket({ clientId: "slow" }), { ...publish, topic: "a" }, { ...publish, topic: "b" });
  client.send({ ...publish, topic: "c" });
  assert.deepEqual(watcher.messages, []);
  assert.equal(client.connack, undefined);
  resolve("accept");
  await promise.then(() => {}).then(() => {});
  stage.settle();
  assert.equal(client.connack!.reasonCode, 0);
  assert.deepEqual(watcher.messages, ["a ", "b ", "c "]);
});

Deno.test("connect: a client that closes while its login is pending leaves no trace", async () => {
  const { promise, resolve } = Promise.withResolvers<"accept">();
  const stage = new Stage({ authenticate: () => promise, limits: { timeToConnectMs: 1_000 } });
  const client = stage.connect();
  stage.advance(1_000);
  assert.equal(client.endMs, 1_000);
  resolve("accept");
  await promise.then(() => {}).then(() => {});
  stage.settle();
  assert.equal(client.connack, undefined);
  assert.equal(stage.core.sessions.size, 0);
});

Deno.test("connect: the broker refuses a login when the decision fails", async (t) => {
  const answers = [() => Promise.reject(new Error("no directory")), () => {
    throw new Error("no directory");
  }];
  await eachCase(t, answers, async (authenticate) => {
    const stage = new Stage({ authenticate });
    const client = stage.connect();
    // deno-lint-ignore no-await-in-loop
    await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => resolve(0)))));
    stage.settle();
    assert.equal(client.connack!.reasonCode, 0x88);
    assert.ok(stage.logged.some((line) => line.includes("no directory")), stage.logged.join());
  });
});
