/** The operator's actions: packets to clients; changes of sessions, wills, retained messages and the store. */
import assert from "node:assert/strict";
import { clearRetained, disconnectClient, endSession } from "../../../src/broker/serve/operator.ts";
import { aWill, type ConnectAsked, Stage } from "../stage.ts";
import { Lives } from "../store/lives.ts";
import { eachCase } from "../../support/steps.ts";

const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } } as const;

/** Options of a session that outlives its connection, for each version. */
const lastingOf = (version: 4 | 5): ConnectAsked => version === 5 ? lasting : { version, cleanStart: false };

for (const version of [4, 5] as const) {
  const name = version === 5 ? "5.0" : "3.1.1";

  Deno.test(`disconnect: a ${name} client gets ${version === 5 ? "DISCONNECT 0x98" : "no packet"}, and FIN`, () => {
    const stage = new Stage();
    const client = stage.connect({ ...lastingOf(version), version, clientId: "a" });
    const other = stage.connect({ version, clientId: "b" });
    assert.equal(disconnectClient(stage.core, "a", stage.nowMs), true);
    stage.settle();
    assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), version === 5 ? [0x98] : []);
    assert.deepEqual([client.end, other.end], [{ kind: "fin" }, undefined]);
    assert.deepEqual([...stage.core.sessions.values()].map(({ clientId }) => clientId), ["a", "b"]);
    assert.equal(stage.core.metrics.ended.administrative, 1);
    assert.equal(stage.core.metrics.operatorActions.disconnect, 1);
    assert.deepEqual(stage.logged, ['warn: Operator disconnected client "a"']);
  });

  Deno.test(`disconnect: the will of a ${name} client is published once`, () => {
    const stage = new Stage();
    const watcher = stage.watch();
    const client = stage.connect({ version, clientId: "a", will: aWill() });
    disconnectClient(stage.core, "a", stage.nowMs);
    stage.settle();
    client.die();
    assert.deepEqual(watcher.messages, ["will gone"]); // [MQTT5 3.1.2-8] [MQTT311 3.1.2-8]
    assert.equal(stage.core.metrics.willsPublished.administrative, 1);
  });

  Deno.test(`end a session: the broker disconnects a ${name} client, which gets a new session at its return`, () => {
    const stage = new Stage();
    const watcher = stage.watch("will");
    const client = stage.connect({ ...lastingOf(version), version, clientId: "a", will: aWill() }).subscribe("t");
    assert.equal(endSession(stage.core, "a", stage.nowMs), true);
    stage.settle();
    assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), version === 5 ? [0x98] : []);
    assert.deepEqual(client.end, { kind: "fin" });
    assert.deepEqual(watcher.messages, ["will gone"]);
    assert.equal(stage.core.sessions.get("a"), undefined);
    assert.equal(stage.connect({ ...lastingOf(version), version, clientId: "a" }).connack!.sessionPresent, false);
    assert.equal(stage.core.metrics.operatorActions["end-session"], 1);
    assert.deepEqual(stage.logged, ['warn: Operator ended the session of client "a"']);
  });
}

Deno.test("disconnect: a delayed will waits for its delay, and is cancelled when the client returns", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  for (const clientId of ["stays away", "returns"]) {
    stage.connect({ ...lasting, clientId, will: aWill({ topic: clientId, delayIntervalS: 10 }) });
    disconnectClient(stage.core, clientId, stage.nowMs);
  }
  stage.advance(9_999);
  assert.deepEqual(watcher.messages, []);
  assert.equal(stage.connect({ ...lasting, clientId: "returns" }).connack!.sessionPresent, true);
  stage.advance(1);
  assert.deepEqual(watcher.messages, ["stays away gone"]);
});

Deno.test("end a session: a delayed will is due at once, whether its client is connected or offline [MQTT5 3.1.2-8]", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  const asked = (clientId: string) => ({ ...lasting, clientId, will: aWill({ topic: clientId, delayIntervalS: 10 }) });
  stage.connect(asked("online"));
  stage.connect(asked("away")).die();
  for (const clientId of ["online", "away"]) endSession(stage.core, clientId, stage.nowMs);
  stage.settle();
  assert.deepEqual(watcher.messages, ["online gone", "away gone"]);
  stage.advance(60_000);
  assert.equal(watcher.messages.length, 2);
  assert.equal(stage.core.metrics.willsPublished["session-end"], 2);
  assert.equal(stage.core.metrics.willsHeld, 0);
});

Deno.test("end a session: a session that ends with its connection ends once, and its queue is discarded", () => {
  const stage = new Stage();
  stage.connect({ clientId: "short" });
  stage.connect({ ...lasting, clientId: "long" }).subscribe("t").die();
  stage.connect({ clientId: "sender" }).publish("t", "x", { qos: 1 });
  assert.deepEqual(["short", "long"].map((clientId) => endSession(stage.core, clientId, stage.nowMs)), [true, true]);
  stage.settle();
  assert.equal(stage.core.metrics.dropped["session-ended"], 1);
  assert.equal(stage.core.metrics.sessionsHeld, 1);
  assert.equal(stage.core.deadlines.nextMs, Infinity);
});

Deno.test("end a session: the broker releases the memory of the session once", async (t) => {
  await eachCase(t, [{}, lasting], (asked) => {
    const stage = new Stage();
    stage.connect({ ...asked, clientId: "a", will: aWill() }).subscribe("t");
    assert.ok(stage.core.memory.usedBytes > 0);
    endSession(stage.core, "a", stage.nowMs);
    stage.settle();
    assert.equal(stage.core.memory.usedBytes, 0);
  });
});

Deno.test("clear a retained topic: removes one topic for later subscribers; present subscribers receive nothing", () => {
  const stage = new Stage();
  const sender = stage.connect({ clientId: "sender" });
  for (const topic of ["a", "a/b", "/a"]) sender.publish(topic, "kept", { retain: true });
  const before = stage.watch("#", { qos: 0 });
  assert.equal(clearRetained(stage.core, "a/b", stage.nowMs), true);
  stage.settle();
  assert.deepEqual(before.messages, []);
  const after = stage.connect({ clientId: "after" }).subscribe("#", { qos: 0 });
  assert.deepEqual(after.messages.sort(), ["/a kept", "a kept"]);
  assert.equal(stage.core.metrics.retainedHeld, 2);
  assert.equal(stage.core.metrics.operatorActions["clear-retained"], 1);
  assert.deepEqual(stage.logged, ['warn: Operator cleared the retained message of topic "a/b"']);
});

Deno.test("operator: an unknown client, session or topic changes, counts and logs nothing", () => {
  const stage = new Stage({ sysIntervalMs: 1_000 });
  stage.connect({ ...lasting, clientId: "away" }).die();
  const sender = stage.connect({ clientId: "sender" });
  sender.publish("brief", "x", { retain: true, properties: { messageExpiryIntervalS: 1 } }).publish("x/y", "x", {
    retain: true,
  });
  stage.clock.advance(1_000); // messages that expire at this instant have not been removed yet
  const { core, nowMs } = stage;
  const answers = [
    disconnectClient(core, "away", nowMs),
    disconnectClient(core, "nobody", nowMs),
    endSession(core, "nobody", nowMs),
    ...["brief", "x", "x/+", "x/y/z", "#", "", "$SYS/broker/uptime"].map((topic) => clearRetained(core, topic, nowMs)),
  ];
  assert.deepEqual(new Set(answers), new Set([false]));
  assert.deepEqual(core.metrics.operatorActions, { disconnect: 0, "end-session": 0, "clear-retained": 0 });
  assert.deepEqual(stage.logged, []);
  assert.notEqual(core.sessions.get("away"), undefined);
});

Deno.test("operator: a client whose login is pending is not connected", () => {
  const stage = new Stage({ authenticate: () => new Promise(() => {}) });
  const client = stage.connect({ clientId: "a" });
  assert.equal(disconnectClient(stage.core, "a", stage.nowMs), false);
  assert.equal(client.end, undefined);
});

Deno.test("operator: the log quotes, escapes and cuts names", () => {
  const stage = new Stage();
  const clientId = `"\u202e\u009b${"x".repeat(100)}`;
  stage.connect({ clientId });
  disconnectClient(stage.core, clientId, stage.nowMs);
  assert.deepEqual(stage.logged, [
    `warn: Operator disconnected client "\\"\\u202e\\u009b${"x".repeat(61)}…"`,
  ]);
});

Deno.test("operator: actions are in the store when they return, also when the broker is killed at once", () => {
  using lives = new Lives();
  const { stage } = lives;
  const will = aWill({ delayIntervalS: 600 });
  stage.connect({ clientId: "watcher", cleanStart: false, properties: { sessionExpiryIntervalS: 3_600 } })
    .subscribe("will");
  for (const clientId of ["away", "online", "kept"]) stage.connect({ ...lasting, clientId, will });
  stage.connect({ clientId: "sender" }).publish("a", "x", { retain: true }).publish("b", "x", { retain: true });
  stage.settle();
  endSession(stage.core, "away", stage.nowMs);
  endSession(stage.core, "online", stage.nowMs);
  clearRetained(stage.core, "a", stage.nowMs);
  const { core } = lives.restart();
  assert.deepEqual([...core.sessions.values()].map(({ clientId }) => clientId).sort(), ["kept", "watcher"]);
  assert.equal(core.metrics.willsHeld, 1);
  const retained = lives.stage.connect({ clientId: "late" }).subscribe("+", { qos: 0 }).messages;
  assert.deepEqual(retained, ["b x"]);
  const watcher = lives.stage.connect({ clientId: "watcher", cleanStart: false });
  assert.deepEqual(watcher.messages, ["will gone", "will gone"]);
});

Deno.test("disconnect: a will that an operator's action delays keeps its due time over a restart", () => {
  using lives = new Lives();
  lives.stage.connect({ ...lasting, clientId: "a", will: aWill({ delayIntervalS: 30 }) });
  disconnectClient(lives.stage.core, "a", lives.stage.nowMs);
  lives.restart(10_000);
  const watcher = lives.stage.watch("will");
  lives.stage.advance(19_999);
  assert.deepEqual(watcher.messages, []);
  lives.stage.advance(1);
  assert.deepEqual(watcher.messages, ["will gone"]);
  assert.equal(lives.stage.core.metrics.willsPublished.administrative, 1);
});
