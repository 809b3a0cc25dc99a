import assert from "node:assert/strict";
import { aWill, bytesOf, Stage, textOf } from "../stage.ts";

Deno.test("router: subscribers receive the broker's own messages, and later subscribers the retained ones", () => {
  const stage = new Stage();
  const client = stage.connect().subscribe("$SYS/#").subscribe("#");
  const message = { topic: "$SYS/broker/uptime", payload: bytesOf("5 seconds"), retain: true };
  assert.equal(stage.core.router.publishOwn(message, stage.nowMs), 1);
  stage.settle();
  assert.deepEqual(client.messages, ["$SYS/broker/uptime 5 seconds"]);
  const late = stage.connect({ clientId: "late" }).subscribe("$SYS/+/uptime");
  assert.deepEqual(late.of("publish").map(({ retain, payload }) => [retain, textOf(payload)]), [[true, "5 seconds"]]);
});

Deno.test("router: refuses publications of clients and of their wills to $SYS", () => {
  const stage = new Stage();
  const watcher = stage.watch("$SYS/#");
  const client = stage.connect();
  client.publish("$SYS/a", "x", { qos: 1 }).publish("$SYS/a", "x", { qos: 2, retain: true });
  assert.deepEqual([client.of("puback")[0]!.reasonCode, client.of("pubrec")[0]!.reasonCode], [0x90, 0x90]);
  client.publish("$SYS/a", "x");
  assert.deepEqual(client.of("disconnect").map(({ reasonCode }) => reasonCode), [0x90]);
  assert.equal(stage.connect({ will: aWill({ topic: "$SYS/a" }) }).connack!.reasonCode, 0x90);
  const older = stage.connect({ version: 4 }).publish("$SYS/x", "x", { qos: 1 });
  assert.deepEqual({ pubacks: older.of("puback"), end: older.end }, { pubacks: [], end: { kind: "fin" } });
  assert.deepEqual(watcher.messages, []);
  assert.equal(stage.core.metrics.retainedHeld, 0);
});
