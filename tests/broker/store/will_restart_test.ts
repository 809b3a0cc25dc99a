/**
 * Wills across a crash of the broker: due at once if the connection ended with it, at their original instant if
 * delayed.
 */
import assert from "node:assert/strict";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import { aWill, type ConnectAsked } from "../stage.ts";
import { Lives } from "./lives.ts";

const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 3_600 } } as const;

/** Connects a watcher with a lasting session; a restart disconnects it. */
function watcherOf(lives: Lives) {
  return lives.stage.connect({ clientId: "watcher", ...lasting }).subscribe("#");
}

/** Reconnects the watcher, which then receives its queued messages. */
function back(lives: Lives) {
  return lives.stage.connect({ clientId: "watcher", ...lasting });
}

Deno.test("restart: a will whose connection died with the broker is published at the start", () => {
  using lives = new Lives();
  watcherOf(lives);
  lives.stage.connect({ clientId: "sensor", will: aWill() });
  lives.restart(5_000);
  assert.equal(lives.stage.core.metrics.willsPublished.shutdown, 1);
  assert.deepEqual(back(lives).messages, ["will gone"]);
});

Deno.test("restart: the will is published once, however often the broker dies", () => {
  using lives = new Lives();
  watcherOf(lives);
  lives.stage.connect({ clientId: "sensor", will: aWill() });
  lives.restart(5_000);
  lives.restart(5_000);
  const watcher = back(lives);
  lives.stage.advance(10_000);
  lives.restart(5_000);
  assert.equal(watcher.messages.length, 1);
  assert.deepEqual(back(lives).messages, []);
});

Deno.test("restart: a client that left before the crash has no will", () => {
  using lives = new Lives();
  watcherOf(lives);
  lives.stage.connect({ clientId: "sensor", will: aWill() }).disconnect();
  lives.restart();
  assert.deepEqual(back(lives).messages, []);
});

for (
  const [session, asked] of Object.entries<ConnectAsked>({
    "that ends with its connection": {},
    "that lasts": lasting,
    "that lasts, and a will with a delay": { ...lasting, will: aWill({ delayIntervalS: 60 }) },
  })
) {
  Deno.test(`restart: a client that has received FIN has no will at once: session ${session}`, () => {
    using lives = new Lives();
    watcherOf(lives);
    const client = lives.stage.connect({ clientId: "sensor", will: aWill(), ...asked });
    client.link.write(encode({ type: "disconnect" }, 5));
    while (client.end === undefined) lives.stage.settleSome(1);
    lives.restart();
    lives.stage.advance(61_000);
    assert.deepEqual(back(lives).messages, []);
  });
}

Deno.test("restart: a delayed will keeps its due time over several crashes", () => {
  using lives = new Lives();
  watcherOf(lives);
  lives.stage.connect({ clientId: "sensor", ...lasting, will: aWill({ delayIntervalS: 60 }) }).die();
  lives.stage.advance(10_000);
  lives.restart(10_000);
  lives.stage.advance(10_000);
  lives.restart(10_000);
  const watcher = back(lives);
  lives.stage.advance(19_999);
  assert.deepEqual(watcher.messages, []);
  lives.stage.advance(1);
  assert.deepEqual(watcher.messages, ["will gone"]);
});

Deno.test("restart: the delay of a will that died with the broker counts from the crash, within 1 s, never early", () => {
  using lives = new Lives();
  watcherOf(lives);
  lives.stage.connect({ clientId: "sensor", ...lasting, will: aWill({ delayIntervalS: 60 }) });
  lives.stage.advance(7_300); // the broker stored the time of day at 7,000 ms; the next time would have been 8,000 ms
  lives.restart(30_000);
  lives.stage.advance(2_000);
  lives.restart(8_000); // a second restart keeps the crash time that the first one found
  const watcher = back(lives);
  lives.stage.advance(60_000 + 8_000 - 7_300 - 40_000 - 1);
  assert.deepEqual(watcher.messages, []);
  lives.stage.advance(1);
  assert.deepEqual(watcher.messages, ["will gone"]);
});

Deno.test("restart: a client that returns in time cancels its will", () => {
  using lives = new Lives();
  watcherOf(lives);
  const asked = { clientId: "sensor", ...lasting };
  lives.stage.connect({ ...asked, will: aWill({ delayIntervalS: 60 }) });
  lives.restart(30_000);
  assert.equal(lives.stage.connect(asked).connack?.sessionPresent, true);
  lives.restart(1_000_000);
  assert.deepEqual(back(lives).messages, []);
});

Deno.test("restart: a will is due at the end of the session if that is first, also while the broker is down", () => {
  using lives = new Lives();
  watcherOf(lives);
  const properties = { sessionExpiryIntervalS: 20 };
  lives.stage.connect({ clientId: "sensor", properties, will: aWill({ delayIntervalS: 60 }) }).die();
  lives.restart(10_000);
  assert.equal(lives.stage.core.metrics.willsHeld, 1);
  lives.restart(10_000);
  assert.deepEqual(back(lives).messages, ["will gone"]);
  assert.equal(lives.stage.core.sessions.get("sensor"), undefined);
});

Deno.test("restart: a will keeps its properties, and message expiry counts from its publication", () => {
  using lives = new Lives();
  watcherOf(lives);
  const properties = {
    payloadFormatIndicator: 1,
    messageExpiryIntervalS: 50,
    contentType: "text/plain",
    responseTopic: "answers",
    correlationData: Uint8Array.of(0, 255),
    userProperties: [["a", "1"], ["b", "2"], ["a", "3"]],
  } as const;
  lives.stage.connect({ clientId: "sensor", will: aWill({ retain: true, qos: 2, properties }) });
  lives.restart(100_000);
  lives.stage.advance(10_000);
  const [message] = back(lives).of("publish");
  assert.deepEqual(message!.properties, { ...properties, messageExpiryIntervalS: 40 });
  assert.equal(message!.qos, 2);
  assert.deepEqual(lives.stage.watch().of("publish").map(({ retain }) => retain), []);
});

for (const onShutdown of ["publish", "keep"] as const) {
  Deno.test(`restart: after a clean stop with ${onShutdown} delayed wills keep their due time`, async () => {
    const { beginStop, finishStop } = await import("../../../src/broker/serve/shutdown.ts");
    using lives = new Lives({ onShutdown });
    watcherOf(lives);
    const now = lives.stage.connect({ clientId: "at-once", will: aWill({ topic: "at-once" }) });
    lives.stage.connect({ clientId: "later", ...lasting, will: aWill({ topic: "later", delayIntervalS: 60 }) });
    lives.stage.advance(1_000);
    const { core } = lives.stage;
    beginStop(core, lives.stage.nowMs);
    lives.stage.settle();
    finishStop(core, lives.stage.nowMs);
    lives.stage.settle();
    assert.equal(now.end?.kind, "fin");
    assert.equal(core.metrics.willsPublished.shutdown, onShutdown === "publish" ? 1 : 0);
    core.turn.stop(lives.stage.nowMs);
    lives.again(20_000);
    const watcher = back(lives);
    const atOnce = onShutdown === "publish" ? [] : ["at-once gone"];
    assert.deepEqual(watcher.messages, atOnce);
    lives.stage.advance(39_999);
    assert.deepEqual(watcher.messages, atOnce);
    lives.stage.advance(1);
    assert.deepEqual(watcher.messages, [...atOnce, "later gone"]);
  });
}
