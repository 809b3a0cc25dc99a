/** Sessions and messages across a crash of the broker. */
import assert from "node:assert/strict";
import { bytesOf, textOf } from "../stage.ts";
import { Lives } from "./lives.ts";
import { eachCase } from "../../support/steps.ts";

const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 3_600 } } as const;

function client(lives: Lives, clientId: string, acknowledges = true) {
  return lives.stage.connect({ clientId, ...lasting }, { acknowledges });
}

Deno.test("restart: a subscription survives as granted, an ended one does not", () => {
  using lives = new Lives();
  const watcher = client(lives, "watcher");
  watcher.subscribe("a", { qos: 1, retainAsPublished: true, noLocal: true }, 7).subscribe("b").subscribe("$share/g/c");
  watcher.send({ type: "unsubscribe", packetId: 9, topicFilters: ["b"] });
  lives.restart();
  const back = client(lives, "watcher");
  assert.equal(back.connack!.sessionPresent, true);
  back.publish("a", "own");
  client(lives, "other").publish("a", "x", { qos: 2, retain: true }).publish("b", "y").publish("c", "z");
  assert.deepEqual(back.messages, ["a x", "c z"]);
  const [a] = back.of("publish");
  assert.deepEqual(
    { qos: a!.qos, retain: a!.retain, subscriptionIdentifiers: a!.properties?.subscriptionIdentifiers },
    { qos: 1, retain: true, subscriptionIdentifiers: [7] },
  );
});

Deno.test("restart: queued messages of an offline client survive in order, and their expiry continues", () => {
  using lives = new Lives();
  client(lives, "watcher").subscribe("#").die();
  const sender = client(lives, "sender");
  const properties = { messageExpiryIntervalS: 100 };
  sender.publish("m", "1", { qos: 1 }).publish("m", "2", { qos: 2, properties }).publish("m", "3", { qos: 1 });
  sender.publish("m", "short", { qos: 1, properties: { messageExpiryIntervalS: 10 } });
  lives.restart(40_000);
  const back = client(lives, "watcher");
  assert.deepEqual(back.messages, ["m 1", "m 2", "m 3"]);
  assert.equal(back.of("publish")[1]!.properties?.messageExpiryIntervalS, 60);
});

Deno.test("restart: the broker sends a message in flight again with its packet identifier and DUP", () => {
  using lives = new Lives();
  client(lives, "watcher", false).subscribe("#");
  client(lives, "sender").publish("m", "1", { qos: 1 }).publish("m", "2", { qos: 2 });
  lives.restart();
  const again = client(lives, "watcher").of("publish");
  assert.deepEqual(again.map(({ packetId, dup, payload }) => [packetId, dup, textOf(payload)]), [[1, true, "1"], [
    2,
    true,
    "2",
  ]]);
  lives.stage.settle();
  lives.restart();
  assert.deepEqual(client(lives, "watcher").messages, []);
});

Deno.test("restart: a message to several clients is in flight for each of them by itself", () => {
  using lives = new Lives();
  const watchers = ["early", "late", "never"].map((clientId) => client(lives, clientId, false).subscribe("#"));
  watchers[2]!.send({ type: "unsubscribe", packetId: 2, topicFilters: ["#"] }).subscribe("0");
  client(lives, "sender").publish("0", "0", { qos: 1 }).publish("m", "1", { qos: 1 }).publish("m", "2", { qos: 1 });
  watchers[0]!.sendBytes([0x40, 2, 0, 1, 0x40, 2, 0, 3]);
  watchers[1]!.sendBytes([0x40, 2, 0, 2]);
  lives.restart();
  const again = (clientId: string) => client(lives, clientId, false).of("publish").map(({ packetId }) => packetId);
  assert.deepEqual(["early", "late", "never"].map(again), [[2], [1, 3], [1]]);
});

Deno.test("restart: an outgoing QoS 2 delivery continues with PUBREL after PUBREC", () => {
  using lives = new Lives();
  const watcher = client(lives, "watcher", false).subscribe("#");
  client(lives, "sender").publish("m", "1", { qos: 2 });
  watcher.send({ type: "pubrec", packetId: 1 });
  lives.restart();
  const back = client(lives, "watcher");
  assert.deepEqual(back.messages, []);
  assert.deepEqual(back.of("pubrel").map(({ packetId }) => packetId), [1]);
});

Deno.test("restart: a repeated incoming QoS 2 message is not routed again before PUBREL", () => {
  using lives = new Lives();
  client(lives, "watcher").subscribe("#").die();
  const message = { type: "publish", topic: "m", qos: 2, retain: false, packetId: 5 } as const;
  client(lives, "sender", false).send({ ...message, dup: false, payload: bytesOf("1") });
  lives.restart();
  const sender = client(lives, "sender", false).send({ ...message, dup: true, payload: bytesOf("1") });
  assert.deepEqual(sender.of("pubrec").map(({ packetId }) => packetId), [5]);
  sender.send({ type: "pubrel", packetId: 5 });
  lives.restart();
  client(lives, "sender", false).send({ ...message, dup: false, payload: bytesOf("2") });
  assert.deepEqual(client(lives, "watcher").messages, ["m 1", "m 2"]);
});

Deno.test("restart: the last retained message of a topic survives, a cleared or expired one does not", () => {
  using lives = new Lives();
  const sender = client(lives, "sender");
  sender.publish("a", "1", { retain: true }).publish("a", "2", { retain: true }).publish("b", "1", { retain: true });
  sender.publish("b", "", { retain: true });
  sender.publish("c", "1", { retain: true, properties: { messageExpiryIntervalS: 5 } });
  lives.stage.settle();
  lives.restart(5_000);
  assert.deepEqual(client(lives, "watcher").subscribe("#").messages, ["a 2"]);
});

Deno.test("restart: an expired session is removed from the file, one without expiry stays", () => {
  using lives = new Lives();
  client(lives, "short").subscribe("#");
  lives.stage.connect({ clientId: "endless", version: 4, cleanStart: false }).subscribe("#");
  lives.stage.connect({ clientId: "brief" }).subscribe("#");
  client(lives, "sender").publish("m", "1", { qos: 1 }).disconnect(0, 1);
  lives.restart(3_602_000);
  assert.deepEqual([...lives.stage.core.sessions.values()].map(({ clientId }) => clientId), ["endless"]);
  lives.restart();
  assert.equal(client(lives, "short").connack!.sessionPresent, false);
  assert.equal(lives.stage.connect({ clientId: "brief", ...lasting }).connack!.sessionPresent, false);
});

Deno.test("store: the tables are empty when the broker holds no state", async (t) => {
  const { Database } = await import("../../../src/broker/store/database.ts");
  using lives = new Lives();
  const watcher = client(lives, "watcher").subscribe("#");
  const sender = client(lives, "sender", true);
  for (let n = 0; n < 20; n++) sender.publish("m", `${n}`, { qos: n % 3 as 0 | 1 | 2 });
  sender.publish("r", "1", { retain: true }).publish("r", "", { retain: true });
  watcher.disconnect(0, 0);
  sender.disconnect(0, 0);
  lives.stage.advance(1_000);
  lives.stage.core.turn.stop(lives.stage.nowMs);
  const database = Database.open({ path: lives.path });
  await eachCase(t, ["session", "subscription", "message", "delivery", "taken", "retained", "will"], (table) => {
    assert.deepEqual(database.prepare(`SELECT * FROM ${table}`).all(), [], table);
  });
  database.close();
});
