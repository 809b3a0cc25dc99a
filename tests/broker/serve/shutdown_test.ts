import assert from "node:assert/strict";
import { beginStop, finishStop, isDrained } from "../../../src/broker/serve/shutdown.ts";
import { aWill, type ConnectAsked, Stage } from "../stage.ts";
import { eachCase } from "../../support/steps.ts";

const lasting: ConnectAsked = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };

Deno.test("shutdown: watchers receive all wills before their links close, and 5.0 clients receive DISCONNECT", async (t) => {
  const stage = new Stage();
  const watcher = stage.watch("#", {}, { will: aWill({ topic: "watcher" }) });
  const older = stage.connect({ version: 4, clientId: "a", will: aWill({ topic: "armed" }) });
  const delayed = stage.connect({ ...lasting, clientId: "b", will: aWill({ topic: "online", delayIntervalS: 30 }) });
  stage.connect({ ...lasting, clientId: "c", will: aWill({ topic: "offline", delayIntervalS: 30 }) }).die();
  stage.connect({ clientId: "d", will: aWill({ topic: "left" }) }).disconnect();
  beginStop(stage.core, stage.nowMs);
  assert.equal(isDrained(stage.core), false);
  stage.settle();
  assert.equal(isDrained(stage.core), true);
  assert.equal(watcher.end, undefined);
  finishStop(stage.core, stage.nowMs);
  stage.settle();
  assert.deepEqual(watcher.messages.sort(), ["armed gone", "offline gone", "online gone", "watcher gone"]);
  await eachCase(t, [watcher, delayed], (client) => {
    assert.deepEqual(client.of("disconnect"), [{ type: "disconnect", reasonCode: 0x8b }]);
  });
  assert.deepEqual(older.end, { kind: "fin" });
  assert.deepEqual({ connections: stage.core.connections.size, willsHeld: stage.core.metrics.willsHeld }, {
    connections: 0,
    willsHeld: 0,
  });
});

Deno.test("shutdown: with keep the broker publishes no will", () => {
  const stage = new Stage({ onShutdown: "keep" });
  const watcher = stage.watch();
  stage.connect({ clientId: "a", will: aWill() });
  stage.connect({ ...lasting, clientId: "c", will: aWill({ delayIntervalS: 30 }) }).die();
  beginStop(stage.core, stage.nowMs);
  finishStop(stage.core, stage.nowMs);
  stage.settle();
  assert.deepEqual(watcher.messages, []);
  assert.equal(stage.core.metrics.willsLostAtStop, 2);
});
