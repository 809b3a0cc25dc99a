/** Queued messages are dropped when they expire; the cost does not grow with the square of the queue's length. */
import assert from "node:assert/strict";
import { type ConnectAsked, Stage } from "../stage.ts";
import { eachCase } from "../../support/steps.ts";

const lasting: ConnectAsked = { clientId: "w", cleanStart: false, properties: { sessionExpiryIntervalS: 600 } };

function publish(stage: Stage, ...expiries: readonly (number | undefined)[]): void {
  const publisher = stage.connect({ clientId: "p" });
  for (const messageExpiryIntervalS of expiries) {
    const properties = messageExpiryIntervalS === undefined ? {} : { properties: { messageExpiryIntervalS } };
    publisher.publish("a", `${messageExpiryIntervalS}`, { qos: 1, ...properties });
  }
  publisher.disconnect();
}

Deno.test("expiry: the queue removes each expired message and no other, in any order", async (t) => {
  const stage = new Stage();
  stage.connect(lasting).subscribe("a").die();
  publish(stage, 9, undefined, 3, 5, undefined, 3);
  const { outbox } = stage.core.sessions.get("w")!;
  const left = [[2_999, 6], [3_000, 4], [4_999, 4], [5_000, 3], [9_000, 2], [100_000, 2]] as const;
  await eachCase(t, left, ([atMs, size]) => {
    stage.advance(atMs - stage.nowMs);
    assert.equal(outbox.size, size, `${atMs}`);
  });
  assert.equal(stage.core.metrics.dropped.expired, 4);
  assert.deepEqual(stage.connect(lasting).messages, ["a undefined", "a undefined"]);
  assert.equal(outbox.sizeBytes, 0);
});

Deno.test("expiry: many expiry times within one second cause one scan of the queue", () => {
  const stage = new Stage();
  stage.connect(lasting).subscribe("a").die();
  for (let step = 0; step < 100; step++) {
    publish(stage, 5);
    stage.advance(10);
  }
  const { outbox } = stage.core.sessions.get("w")!;
  stage.advance(5_000 - stage.nowMs);
  assert.equal(outbox.size, 99);
  stage.advance(999);
  assert.equal(outbox.size, 99); // no client receives them, so the outbox may keep them until its next sweep
  stage.advance(1);
  assert.equal(outbox.size, 0);
});

Deno.test("expiry: messages that wait for a full link expire", () => {
  const stage = new Stage();
  const client = stage.connect({ ...lasting, clientId: "slow" }).subscribe("a");
  client.link.pause();
  const publisher = stage.connect({ clientId: "p" });
  for (const qos of [0, 1, 2] as const) {
    for (let index = 0; index < 4; index++) {
      const properties = { messageExpiryIntervalS: 2 };
      publisher.publish("a", "x".repeat(100_000), { qos, properties });
    }
  }
  stage.advance(2_000);
  const { outbox } = stage.core.sessions.get("slow")!;
  assert.equal(stage.core.metrics.dropped.expired > 0, true);
  assert.equal(outbox.sizeBytes < 500_000, true);
  client.link.resume();
  stage.settle();
  assert.equal(client.messages.length + stage.core.metrics.dropped.expired, 12);
});

Deno.test("expiry: a session that ends leaves no deadline", () => {
  const stage = new Stage();
  const { size } = stage.core.deadlines;
  stage.connect(lasting).subscribe("a").die();
  publish(stage, 60);
  stage.connect({ clientId: "w", cleanStart: true }).disconnect();
  assert.equal(stage.core.deadlines.size, size);
});

Deno.test("expiry: a retained message expires at its own time, and so does its successor", () => {
  const stage = new Stage();
  const publisher = stage.connect({ clientId: "p" });
  const retain = (topic: string, messageExpiryIntervalS?: number) =>
    publisher.publish(topic, "x", {
      retain: true,
      ...(messageExpiryIntervalS !== undefined && { properties: { messageExpiryIntervalS } }),
    });
  retain("a", 2);
  retain("b", 2);
  retain("c", 4);
  retain("b", 9);
  retain("c");
  stage.advance(1_999);
  assert.equal(stage.core.metrics.retainedHeld, 3);
  stage.advance(1);
  assert.deepEqual([stage.core.metrics.retainedHeld], [2]);
  stage.advance(5_000);
  assert.deepEqual(stage.connect().subscribe("#").messages.sort(), ["b x", "c x"]);
  stage.advance(2_000);
  assert.deepEqual([stage.core.metrics.retainedHeld], [1]);
});
