import assert from "node:assert/strict";
import { Stage } from "../stage.ts";
import { eachVersion } from "../../support/steps.ts";

Deno.test("tick: keep alive ends a connection at 1.5 times its value after the last packet [MQTT5 3.1.2-22] [MQTT311 3.1.2-24]", async (t) => {
  const cases = [[1, 1_500], [3, 4_500], [60, 90_000], [65_535, 98_302_500]] as const;
  await eachVersion(t, (version) => {
    for (const [keepAliveS, limitMs] of cases) {
      const stage = new Stage();
      const client = stage.connect({ version, keepAliveS });
      for (const pingMs of [limitMs - 1, limitMs / 2, limitMs - 1]) {
        stage.advance(pingMs);
        client.send({ type: "pingreq" });
      }
      const lastMs = stage.nowMs;
      stage.advance(limitMs - 1);
      assert.equal(client.end, undefined);
      stage.advance(1);
      assert.equal(client.endMs, lastMs + limitMs);
      assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), version === 5 ? [0x8d] : []);
    }
  });
});

Deno.test("tick: each control packet resets keep alive, an incomplete packet does not", () => {
  const stage = new Stage();
  const client = stage.connect({ keepAliveS: 10 });
  stage.advance(10_000);
  client.publish("a", "x");
  stage.advance(10_000);
  client.sendBytes([0x30]);
  stage.advance(4_999);
  assert.equal(client.end, undefined);
  stage.advance(1);
  assert.equal(client.endMs, 25_000);
});

Deno.test("tick: packets to a client do not reset its keep alive", () => {
  const stage = new Stage();
  const client = stage.watch("#", {}, { keepAliveS: 10 });
  const other = stage.connect();
  for (let second = 0; second < 14; second++) {
    other.publish("a", "x");
    stage.advance(1_000);
  }
  stage.advance(1_000);
  assert.equal(client.endMs, 15_000);
});

Deno.test("tick: packets leave the heap unchanged, and a client has one entry in it", () => {
  const stage = new Stage();
  const client = stage.connect({ keepAliveS: 10 });
  for (let second = 0; second < 100; second++) {
    client.send({ type: "pingreq" });
    assert.equal(stage.core.deadlines.size, 1);
    stage.advance(1_000);
  }
  client.disconnect();
  assert.equal(stage.core.deadlines.size, 0);
});

Deno.test("tick: a deadline without a handler is an internal error, and the next deadline is handled", () => {
  const stage = new Stage({ onInternalError: "contain" });
  const client = stage.connect({ keepAliveS: 10 });
  stage.core.deadlines.add(stage.nowMs + 1_000, {});
  stage.advance(15_000);
  assert.equal(stage.core.metrics.snapshot().internalErrors, 1);
  assert.equal(client.endMs, 15_000);
});

Deno.test("tick: one turn moves the deadlines of many clients that have sent packets, and ends the silent one in time", () => {
  const stage = new Stage();
  const clients = [];
  for (let number = 0; number < 200; number++) {
    clients.push(stage.connect({ clientId: `client${number}`, keepAliveS: 10 }));
    stage.advance(5);
  }
  const [silent, ...others] = clients;
  stage.advance(8_000);
  for (const client of others) client.send({ type: "pingreq" });
  let turns = 0;
  for (const { deadlines } = stage.core; deadlines.nextMs <= 16_500; turns++) {
    stage.advance(deadlines.nextMs - stage.nowMs);
  }
  assert.ok(turns <= 6, `${turns} turns`);
  assert.equal(silent!.endMs, 15_000);
  stage.advance(24_000 - stage.nowMs - 1);
  assert.ok(others.every(({ end }) => end === undefined));
  stage.advance(1);
  assert.ok(others.every(({ endMs }) => endMs === 24_000));
});
