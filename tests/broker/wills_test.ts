/** The oracle's table row by row, and other outcomes of wills, exact to the millisecond. */
import assert from "node:assert/strict";
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { ConnectWill, ProtocolVersion } from "../../src/mqtt/packet.ts";
import { aWill, bytesOf, type Client, type ConnectAsked, connectPacket, Stage, textOf } from "./stage.ts";
import { eachCase, eachVersion } from "../support/steps.ts";

const keepAliveS = 10;
/** When the victim connects, when it sends its last packet, and when it is killed. */
const killMs = 7_000;

/** An ending, carried out at `killMs`. */
const modes: Record<string, (client: Client, stage: Stage) => void> = {
  reset: (client) => client.die("reset"),
  close: (client) => client.die("end"),
  freeze: () => {},
  "half-packet, then FIN": (client) => client.sendBytes([0x30, 0x10, 0x00]).die("end"),
  "half-packet, then silence": (client) => client.sendBytes([0x30, 0x10, 0x00]),
  garbage: (client) => client.sendBytes([0xff, 0x00, 0xff, 0xff]),
  "second-connect": (client) => client.send(connectPacket({ version: client.version, clientId: "victim" })),
  "takeover, new session": (client, stage) => stage.connect({ version: client.version, clientId: "victim" }),
  "takeover, session resumed": (client, stage) =>
    stage.connect({ ...persistent(client.version), clientId: "victim", will: undefined! }),
  "disconnect-with-will": (client) => client.disconnect(0x04),
  "disconnect-error": (client) => client.disconnect(0x80),
  "DISCONNECT with reserved bits": (client) => client.sendBytes([0xe1, 0x00]),
  leave: (client) => client.disconnect(),
};

function persistent(version: ProtocolVersion, sessionExpiryIntervalS = 100): ConnectAsked {
  return version === 4
    ? { version, cleanStart: false, clientId: "victim" }
    : { version, cleanStart: false, clientId: "victim", properties: { sessionExpiryIntervalS } };
}

/** Mode by column: when the will arrives, in milliseconds after the kill; undefined for never. The delay is 3 s. */
const table: readonly [mode: string, in311: number[], withoutDelay: number[], withDelay: number[]][] = [
  ["reset", [0], [0], [3_000]],
  ["close", [0], [0], [3_000]],
  ["freeze", [15_000], [15_000], [18_000]],
  ["half-packet, then FIN", [0], [0], [3_000]],
  ["half-packet, then silence", [15_000], [15_000], [18_000]],
  ["garbage", [0], [0], [3_000]],
  ["second-connect", [0], [0], [3_000]],
  ["takeover, new session", [0], [0], [0]],
  ["takeover, session resumed", [0], [0], []],
  ["disconnect-with-will", [], [0], [3_000]],
  ["disconnect-error", [], [0], [3_000]],
  ["DISCONNECT with reserved bits", [0], [0], [3_000]],
  ["leave", [], [], []],
];

for (const [mode, in311, withoutDelay, withDelay] of table) {
  const columns: readonly [ProtocolVersion, number, number[]][] = [[4, 0, in311], [5, 0, withoutDelay], [
    5,
    3,
    withDelay,
  ]];
  for (const [version, delayIntervalS, dueAfterMs] of columns) {
    if (version === 4 && mode.startsWith("disconnect-")) continue; // 3.1.1 has no reason codes
    Deno.test(`wills: ${mode}, ${version === 4 ? "3.1.1" : `5.0 with a delay of ${delayIntervalS} s`}`, () => {
      const stage = new Stage();
      const watcher = stage.watch();
      const will = aWill(delayIntervalS > 0 ? { delayIntervalS } : {});
      const victim = stage.connect({ ...persistent(version), keepAliveS, will });
      stage.advance(killMs);
      victim.send({ type: "pingreq" });
      modes[mode]!(victim, stage);
      stage.advance(200_000);
      assert.deepEqual(watcher.messageTimes, dueAfterMs.map((afterMs) => killMs + afterMs));
      assert.deepEqual(watcher.messages, dueAfterMs.map(() => "will gone"));
    });
  }
}

Deno.test("wills: a session that ends before the delay makes the will due [MQTT5 3.1.2-8]", async (t) => {
  const cases = [[60, 2, 2_000], [60, 0, 0], [2, 60, 2_000], [2, 2, 2_000], [3, 0xffff_ffff, 3_000]] as const;
  await eachCase(t, cases, ([delayIntervalS, sessionExpiryIntervalS, dueMs]) => {
    const stage = new Stage();
    const watcher = stage.watch();
    stage.connect({ ...persistent(5, sessionExpiryIntervalS), will: aWill({ delayIntervalS }) }).die();
    stage.advance(100_000);
    assert.deepEqual(watcher.messageTimes, [dueMs], `delay ${delayIntervalS} s, session ${sessionExpiryIntervalS} s`);
  });
});

Deno.test("wills: a client returns before, at and after the end of the delay [MQTT5 3.1.3-9]", async (t) => {
  const cases = [[2_999, []], [3_000, [3_000]], [3_001, [3_000]]] as const;
  await eachCase(t, cases, ([backMs, times]) => {
    const stage = new Stage();
    const watcher = stage.watch();
    stage.connect({ ...persistent(5), will: aWill({ delayIntervalS: 3 }) }).die();
    stage.advance(backMs);
    assert.equal(stage.connect(persistent(5)).connack!.sessionPresent, true);
    stage.advance(100_000);
    assert.deepEqual(watcher.messageTimes, times, `back after ${backMs} ms`);
  });
});

Deno.test("wills: a CONNECT that is read after the delay does not cancel the will", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  stage.connect({ ...persistent(5), will: aWill({ delayIntervalS: 3 }) }).die();
  stage.clock.advance(5_000); // the timer has not run yet
  stage.connect(persistent(5));
  assert.deepEqual(watcher.messages, ["will gone"]);
});

Deno.test("wills: clean start ends the old session, and its delayed will is due [MQTT5 3.1.2-8]", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  stage.connect({ ...persistent(5), will: aWill({ delayIntervalS: 30 }) }).die();
  stage.advance(1_000);
  const back = stage.connect({ ...persistent(5), cleanStart: true });
  assert.equal(back.connack!.sessionPresent, false);
  stage.advance(100_000);
  assert.deepEqual(watcher.messageTimes, [1_000]);
});

Deno.test("wills: each connection has its own will", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  const live = (payload: string) =>
    stage.connect({ ...persistent(5), will: aWill({ payload: bytesOf(payload), delayIntervalS: 3 }) });
  live("first").die();
  stage.advance(2_000);
  live("second").die();
  stage.advance(2_000);
  live("third").disconnect(0x00);
  stage.advance(2_000);
  live("fourth").die();
  stage.advance(100_000);
  stage.connect(persistent(5)).die(); // client without a will
  stage.advance(100_000);
  assert.deepEqual(watcher.messages, ["will fourth"]);
  assert.deepEqual(watcher.messageTimes, [9_000]);
});

Deno.test("wills: a link that ends after its takeover does not affect the will of the new connection", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const watcher = stage.watch();
    const old = stage.connect({ ...persistent(version), will: aWill({ payload: bytesOf("old") }) });
    stage.connect({ ...persistent(version), will: aWill({ payload: bytesOf("new") }) });
    old.die();
    stage.core.wills.release({
      clientId: "victim",
      connectionId: 2,
      version,
      ending: { kind: "link-end" },
      sessionExpiryS: 0,
      nowMs: 0,
    });
    stage.advance(1_000);
    assert.deepEqual(watcher.messages, ["will old"]);
    assert.equal(stage.core.metrics.willsHeld, 1);
  });
});

Deno.test("wills: takeover of a session that ends with its connection publishes the will [MQTT5 3.1.2-8]", () => {
  const stage = new Stage();
  const watcher = stage.watch();
  stage.connect({ version: 5, clientId: "victim", will: aWill({ delayIntervalS: 30 }) });
  const back = stage.connect({ ...persistent(5), clientId: "victim" });
  assert.equal(back.connack!.sessionPresent, false);
  assert.deepEqual(watcher.messageTimes, [0]);
});

Deno.test("wills: DISCONNECT with will applies its new session expiry", async (t) => {
  await eachCase(t, [[1, 1_000], [0, 0], [50, 5_000]] as const, ([expiryS, dueMs]) => {
    const stage = new Stage();
    const watcher = stage.watch();
    stage.connect({ ...persistent(5), will: aWill({ delayIntervalS: 5 }) }).disconnect(0x04, expiryS);
    stage.advance(100_000);
    assert.deepEqual(watcher.messageTimes, [dueMs]);
  });
});

Deno.test("wills: a refused client leaves no will, and its pipelined packets are not read [MQTT5 3.1.4-6] [MQTT311 3.1.4-5]", async (t) => {
  await eachVersion(t, async (version) => {
    for (const late of [false, true]) {
      const answer = late ? Promise.resolve("bad-credentials" as const) : "bad-credentials";
      const stage = new Stage({ authenticate: ({ username }) => username === "bad" ? answer : "accept" });
      const watcher = stage.watch();
      const refused = stage.dial(version);
      refused.send(connectPacket({ version, username: "bad", will: aWill() }), {
        type: "publish",
        dup: false,
        qos: 0,
        retain: false,
        topic: "pipelined",
        payload: bytesOf("x"),
      });
      // deno-lint-ignore no-await-in-loop
      await Promise.resolve().then(() => {}).then(() => {});
      stage.advance(100_000);
      assert.equal(refused.connack!.reasonCode, version === 5 ? 0x86 : 4);
      assert.equal(refused.end !== undefined, true);
      assert.deepEqual(watcher.messages, []);
      assert.equal(stage.core.metrics.willsArmed, 0);
    }
  });
});

Deno.test("wills: an incomplete CONNECT leaves no will [MQTT5 3.1.2-9] [MQTT311 3.1.2-9]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const watcher = stage.watch();
    const whole = encode(connectPacket({ version, will: aWill() }), version);
    for (let sizeBytes = 1; sizeBytes < whole.length; sizeBytes++) {
      stage.dial(version).sendBytes(whole.subarray(0, sizeBytes)).die(sizeBytes % 2 ? "end" : "reset");
    }
    assert.deepEqual(watcher.messages, []);
    assert.equal(stage.core.connections.size, 1);
  });
});

Deno.test("wills: each field of a will arrives unaltered [MQTT5 3.1.3-10] [MQTT5 3.3.2-17]", async (t) => {
  const properties = {
    payloadFormatIndicator: 1,
    contentType: "text/plain",
    responseTopic: "answer/here",
    correlationData: bytesOf("c\0d"),
    userProperties: [["b", "1"], ["a", "2"], ["b", "3"]],
  } as const;
  await eachCase(t, [0, 1, 2] as const, (qos) => {
    for (const delayIntervalS of [0, 2]) {
      const stage = new Stage();
      const watcher = stage.watch();
      const will = aWill({ topic: "a/é", payload: bytesOf("grüße"), qos, properties, delayIntervalS });
      stage.connect({ ...persistent(5), will }).die();
      stage.advance(5_000);
      const [packet] = watcher.of("publish");
      assert.equal(packet!.topic, "a/é");
      assert.equal(textOf(packet!.payload), "grüße");
      assert.equal(packet!.qos, qos);
      assert.equal(packet!.dup, false);
      assert.deepEqual({ ...packet!.properties }, properties);
    }
  });
});

Deno.test("wills: message expiry counts from the publication", () => {
  const stage = new Stage();
  const will = aWill({ delayIntervalS: 4, properties: { messageExpiryIntervalS: 5 } });
  stage.connect({ ...persistent(5), clientId: "offline", properties: { sessionExpiryIntervalS: 100 } })
    .subscribe("#").disconnect();
  stage.connect({ ...persistent(5), will }).die();
  stage.advance(6_500); // published at 4 s
  const back = stage.connect({ ...persistent(5), clientId: "offline" });
  assert.deepEqual(back.of("publish").map(({ properties }) => properties!.messageExpiryIntervalS), [3]);
});

Deno.test("wills: a retained will is kept, also when delayed, and an empty payload clears it [MQTT5 3.1.2-15] [MQTT311 3.1.2-17]", async (t) => {
  await eachCase(t, [0, 2], (delayIntervalS) => {
    const stage = new Stage();
    const live = (will: Partial<ConnectWill>) =>
      stage.connect({ ...persistent(5), will: aWill({ delayIntervalS, retain: true, ...will }) }).die();
    live({});
    assert.equal(stage.core.metrics.retainedHeld, delayIntervalS > 0 ? 0 : 1);
    stage.advance(2_000);
    const late = stage.watch("will");
    stage.connect({ clientId: "later" }).subscribe("will");
    assert.equal(stage.core.metrics.retainedHeld, 1);
    live({ payload: bytesOf("") });
    stage.advance(2_000);
    assert.deepEqual(late.messages, ["will "]);
    assert.equal(stage.core.metrics.retainedHeld, 0);
  });
});

Deno.test("wills: a will without retain is not kept [MQTT5 3.1.2-14] [MQTT311 3.1.2-16]", () => {
  const stage = new Stage();
  stage.connect({ will: aWill() }).die();
  assert.equal(stage.core.metrics.retainedHeld, 0);
});

Deno.test("wills: the broker refuses a will beyond its limits [MQTT5 3.2.2-12] [MQTT5 3.2.2-13]", () => {
  const stage = new Stage({ maximumQoS: 1, retainAvailable: false });
  assert.equal(stage.connect({ will: aWill({ qos: 2 }) }).connack!.reasonCode, 0x9b);
  assert.equal(stage.connect({ will: aWill({ retain: true }) }).connack!.reasonCode, 0x9a);
  const accepted = stage.connect({ will: aWill({ qos: 1 }) });
  assert.equal(accepted.connack!.reasonCode, 0);
  assert.equal(accepted.connack!.properties!.maximumQoS, 1);
  assert.equal(accepted.connack!.properties!.retainAvailable, false);
});

Deno.test("wills: the counters show each outcome of a will", () => {
  const stage = new Stage();
  const live = (delayIntervalS: number) => stage.connect({ ...persistent(5, 10), will: aWill({ delayIntervalS }) });
  live(0).die();
  live(0).disconnect(0);
  live(0).disconnect(0x04);
  live(3).die();
  live(3).die();
  stage.advance(3_000);
  live(30).die();
  stage.advance(10_000);
  live(0);
  const { wills } = stage.core.metrics.snapshot();
  assert.deepEqual({ ...wills, published: undefined, dropped: undefined, faultsByKind: undefined }, {
    armed: 7,
    held: 1,
    discarded: 1,
    delayed: 3,
    cancelled: 1,
    lostAtStop: 0,
    denied: 0,
    faults: 0,
    published: undefined,
    dropped: undefined,
    faultsByKind: undefined,
  });
  assert.deepEqual(Object.entries(wills.published).filter(([, count]) => count > 0), [
    ["disconnect", 1],
    ["link-end", 2],
    ["session-end", 1],
  ]);
});
