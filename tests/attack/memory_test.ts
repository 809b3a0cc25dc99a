/** Attacks on the broker's memory: each item that a client makes it store counts at its cost, within a limit. */
import assert from "node:assert/strict";
import { cost } from "../../src/broker/limits/memory.ts";
import type { Packet, UserProperty } from "../../src/mqtt/packet.ts";
import { ReasonCode } from "../../src/mqtt/reason.ts";
import { pushSmall } from "../net/tcp/small_chunks_stage.ts";
import { aWill, bytesOf, type Client, type ConnectAsked, Stage } from "../broker/stage.ts";

const lasting = (clientId: string): ConnectAsked => ({
  clientId,
  cleanStart: false,
  properties: { sessionExpiryIntervalS: 3_600 },
});

/** Many empty user properties: few bytes on the wire, many in memory. */
const manyProperties = (count: number): UserProperty[] => Array.from({ length: count }, () => ["", ""] as const);

const codesOf = (client: Client, type: "puback" | "suback" | "disconnect") =>
  client.of(type).flatMap((packet: Packet) =>
    packet.type === "suback" ? packet.reasonCodes : "reasonCode" in packet ? [packet.reasonCode ?? 0] : [0]
  );

/** Makes the broker write answers that the client does not read: each UNSUBACK has one byte for each filter. */
function provoke(client: Client, count: number): void {
  const topicFilters = Array.from({ length: 2_000 }, () => "a");
  for (let each = 0; each < count; each++) client.send({ type: "unsubscribe", packetId: 1, topicFilters });
}

Deno.test("F4: the broker reads no more from a client that does not read its answers, and serves the others", () => {
  const stage = new Stage();
  const honest = stage.watch("news");
  const deaf = stage.connect({ clientId: "deaf", will: aWill({ topic: "news" }), keepAliveS: 10 });
  deaf.link.pause();
  provoke(deaf, 800);
  const connection = stage.core.sessions.get("deaf")!.connection!;
  assert.ok(connection.link.bufferedBytes < 1024 * 1024, `${connection.link.bufferedBytes} bytes wait`);
  assert.equal(connection.paused, true);
  stage.connect({ clientId: "author" }).publish("news", "today");
  assert.deepEqual(honest.messages, ["news today"]);
  // The unread PINGREQ resets keep alive only when the broker reads it.
  stage.advance(15_500);
  assert.equal(stage.core.sessions.get("deaf")?.connection, connection);
});

Deno.test("F4: a paused client that is silent ends by its keep alive", () => {
  const stage = new Stage();
  const watcher = stage.watch("will");
  const deaf = stage.connect({ clientId: "deaf", will: aWill(), keepAliveS: 10 });
  deaf.link.pause();
  const connection = stage.core.sessions.get("deaf")!.connection!;
  for (; !connection.paused;) provoke(deaf, 1);
  stage.advance(14_000);
  assert.deepEqual(watcher.messages, []);
  stage.advance(3_000);
  assert.deepEqual(watcher.messages, ["will gone"]);
});

Deno.test("F4: the broker reads again from a client that reads its answers again", () => {
  const stage = new Stage();
  const slow = stage.connect({ clientId: "slow" });
  slow.link.pause();
  provoke(slow, 400);
  slow.send({ type: "subscribe", packetId: 1, subscriptions: [{ topicFilter: "a", qos: 0 }] });
  slow.link.resume();
  stage.settle();
  assert.equal(slow.of("unsuback").length, 400);
  assert.deepEqual(codesOf(slow, "suback"), [0]);
});

Deno.test("F4: the broker joins small buffered writes", () => {
  assert.ok(pushSmall(100_000) < 1_000);
});

Deno.test("F8: user properties count at their memory cost in queues, retained messages and wills", () => {
  const userProperties = manyProperties(1_000);
  const stage = new Stage({ limits: { memoryBytes: 1024 * 1024 } });
  stage.connect(lasting("away")).subscribe("q").die();
  const author = stage.connect({ clientId: "author" });
  const before = stage.core.memory.usedBytes;
  author.publish("q", "x", { qos: 1, properties: { userProperties } });
  assert.ok(stage.core.memory.usedBytes - before > 1_000 * cost.userProperty);
  for (let each = 0; each < 100; each++) author.publish("q", "x", { qos: 1, properties: { userProperties } });
  assert.ok(stage.core.memory.usedBytes <= 1.1 * 1024 * 1024);
  assert.ok(stage.core.metrics.dropped["memory-full"] > 80);
  for (let each = 0; each < 100; each++) {
    author.publish(`r/${each}`, "x", { qos: 1, retain: true, properties: { userProperties } });
  }
  assert.ok(codesOf(author, "puback").includes(ReasonCode.quotaExceeded));
  const will = aWill({ properties: { userProperties } });
  const refused = stage.connect({ clientId: "wills", will });
  assert.equal(refused.connack?.reasonCode, ReasonCode.quotaExceeded);
  assert.ok(stage.core.metrics.limitsHit.memoryBytes > 0);
  assert.ok(stage.core.memory.usedBytes <= 1.1 * 1024 * 1024);
});

Deno.test("F9: filters count by the levels that they add, and the broker refuses one beyond the limit", () => {
  const stage = new Stage({ limits: { memoryBytes: 2 * 1024 * 1024 } });
  const client = stage.connect({ clientId: "deep" });
  for (let each = 0; each < 200; each++) {
    client.subscribe(Array.from({ length: 100 }, (_, at) => `${each}.${at}`).join("/"));
  }
  const codes = codesOf(client, "suback");
  assert.ok(codes.filter((code) => code === ReasonCode.quotaExceeded).length > 100);
  assert.ok(stage.core.memory.usedBytes <= 2 * 1024 * 1024);
  assert.equal(client.end, undefined);
  client.disconnect();
  stage.advance(10);
  assert.equal(stage.core.memory.usedBytes, 0);
});

Deno.test("F16: the first byte of a packet other than CONNECT ends a new link", () => {
  const stage = new Stage();
  const client = stage.dial().sendBytes([0x30]);
  assert.equal(client.end?.kind, "fin");
  assert.equal(stage.core.memory.usedBytes, 0);
});

Deno.test("F16: the broker refuses a CONNECT above 100 kB as soon as it has read the length", () => {
  const stage = new Stage();
  const client = stage.dial().sendBytes([0x10, 0xff, 0xff, 0x7f, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5]);
  assert.equal(client.connack?.reasonCode, ReasonCode.packetTooLarge);
  const small = new Stage();
  const will = aWill({ payload: new Uint8Array(60_000) });
  assert.equal(small.connect({ will, username: "u".repeat(30_000) }).connack?.reasonCode, 0);
});

Deno.test("F22: a retained message drops its encoded form after delivery", () => {
  const stage = new Stage();
  const author = stage.connect({ clientId: "author" });
  author.publish("r", "x".repeat(10_000), { qos: 1, retain: true });
  const { usedBytes } = stage.core.memory;
  const readers = [4, 5].flatMap((version) =>
    [0, 1].map((qos) =>
      stage.connect({ clientId: `${version}${qos}`, version: version as 4 | 5 }).subscribe("r", {
        qos: qos as 0 | 1,
      })
    )
  );
  assert.ok(readers.every(({ messages }) => messages.length === 1));
  const found: { formBytes: number }[] = [];
  stage.core.retained.match("r", stage.nowMs, found as never);
  assert.equal(found[0]!.formBytes, 0);
  for (const reader of readers) reader.disconnect();
  stage.advance(10);
  assert.equal(stage.core.memory.usedBytes, usedBytes);
});

Deno.test("an incomplete packet counts as memory", () => {
  const stage = new Stage({ limits: { memoryBytes: 256 * 1024 } });
  const honest = stage.connect({ clientId: "honest" });
  const part = Uint8Array.from([0x30, 0xff, 0xff, 0x3f, ...new Array<number>(300_000).fill(0)]);
  const held = stage.connect({ clientId: "held" }).sendBytes(part);
  assert.deepEqual(codesOf(held, "disconnect"), [ReasonCode.quotaExceeded]);
  honest.send({ type: "pingreq" });
  assert.equal(honest.of("pingresp").length, 1);
});

Deno.test("topic aliases and QoS 2 identifiers count as memory until they are released", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "c" }, { acknowledges: false });
  const before = stage.core.memory.usedBytes;
  client.publish("t".repeat(10_000), "", { properties: { topicAlias: 1 } });
  for (let each = 0; each < 10; each++) client.publish("x", "", { qos: 2 });
  assert.ok(stage.core.memory.usedBytes >= before + 20_000 + 10 * cost.packetId);
  client.die();
  stage.advance(10);
  assert.equal(stage.core.memory.usedBytes, 0);
});

Deno.test("at the memory limit the broker refuses a new client with 0x97 and serves a connected one", () => {
  const stage = new Stage({ limits: { memoryBytes: 64 * 1024 } });
  const clients = Array.from({ length: 100 }, (_, each) => stage.connect({ clientId: `c${each}` }));
  const codes = clients.map(({ connack }) => connack?.reasonCode);
  const served = clients.filter((_, at) => codes[at] === 0);
  assert.ok(served.length > 10 && served.length < 60, `${served.length} served`);
  assert.ok(codes.includes(ReasonCode.quotaExceeded));
  served[0]!.subscribe("news");
  served[1]!.publish("news", "today", { qos: 1 });
  assert.equal(served.every(({ end }) => end === undefined), true);
});

Deno.test("the broker caps session expiry at its default maximum and announces it in CONNACK", () => {
  const stage = new Stage();
  const asked = stage.connect({ clientId: "a", properties: { sessionExpiryIntervalS: 0xffff_ffff } });
  assert.equal(asked.connack?.properties?.sessionExpiryIntervalS, 14 * 86_400);
  const short = stage.connect({ clientId: "b", properties: { sessionExpiryIntervalS: 60 } });
  assert.equal(short.connack?.properties?.sessionExpiryIntervalS, undefined);
  stage.connect({ clientId: "old", version: 4, cleanStart: false }).die();
  asked.die();
  stage.advance(14 * 86_400_000 - 1);
  assert.equal(stage.core.sessions.size, 3);
  stage.advance(1);
  assert.deepEqual([...stage.core.sessions.values()].map(({ clientId }) => clientId), ["b"]);
});

Deno.test("the broker limits keep alive in both versions", () => {
  const stage = new Stage({ limits: { keepAliveMs: 60_000 } });
  assert.equal(stage.connect({ keepAliveS: 0 }).connack?.properties?.serverKeepAliveS, 60);
  assert.equal(stage.connect({ keepAliveS: 30 }).connack?.properties?.serverKeepAliveS, undefined);
  assert.equal(stage.connect({ version: 4, keepAliveS: 0 }).connack?.reasonCode, 2);
  assert.equal(stage.connect({ version: 4, keepAliveS: 61 }).connack?.reasonCode, 2);
  assert.equal(stage.connect({ version: 4, keepAliveS: 60 }).connack?.reasonCode, 0);
});

Deno.test("the broker releases a client's memory at each kind of end", () => {
  const stage = new Stage();
  const will = aWill({ delayIntervalS: 5, retain: true, payload: bytesOf("x") });
  for (const [at, end] of (["leave", "die", "takeover", "expire"] as const).entries()) {
    const client = stage.connect({ ...lasting(`c${at}`), will: { ...will, topic: `w/${at}` } }, {
      acknowledges: false,
    });
    client.subscribe(`a/b/${at}/#`).subscribe(`$share/g/a/b/${at}`);
    stage.connect({ clientId: "author" }).publish(`a/b/${at}`, "x", { qos: 2 }).disconnect();
    if (end === "leave") client.disconnect(0, 0);
    else if (end === "takeover") stage.connect({ clientId: `c${at}` }).disconnect();
    else client.die();
  }
  stage.advance(4_000_000);
  const cleaner = stage.connect({ clientId: "cleaner" });
  for (const at of [0, 1, 2, 3]) cleaner.publish(`w/${at}`, "", { retain: true });
  cleaner.disconnect();
  stage.advance(10);
  assert.equal(stage.core.memory.usedBytes, 0);
});

Deno.test("incomplete packets leave the memory reserve to connected clients", () => {
  const limitBytes = 1024 * 1024;
  const stage = new Stage({ limits: { memoryBytes: limitBytes } });
  const subscriber = stage.connect({ clientId: "subscriber" }, { acknowledges: false }).subscribe("news", { qos: 1 });
  const author = stage.connect({ clientId: "author" });
  const part = Uint8Array.from([0x30, 0xff, 0xff, 0x3f, ...new Array<number>(30_000).fill(0)]);
  for (let each = 0; each < 50; each++) stage.connect({ clientId: `held${each}` }).sendBytes(part);
  const connectPart = Uint8Array.from([0x10, 0xff, 0xff, 0x05, ...new Array<number>(15_000).fill(0)]);
  for (let each = 0; each < 50; each++) stage.dial().sendBytes(connectPart);
  assert.ok(stage.core.metrics.limitsHit.memoryBytes > 10);
  for (const text of ["one", "two", "three"]) author.publish("news", text, { qos: 1 });
  assert.deepEqual(subscriber.messages, ["news one", "news two", "news three"]);
  assert.ok(stage.core.memory.usedBytes <= 0.61 * limitBytes);
});

Deno.test("new links leave half of the memory reserve to connected clients", () => {
  const limitBytes = 1024 * 1024;
  const stage = new Stage({ limits: { memoryBytes: limitBytes } });
  const subscriber = stage.connect({ clientId: "subscriber" }).subscribe("news", { qos: 1 });
  const author = stage.connect({ clientId: "author" });
  for (let each = 0; each < 1_000; each++) stage.dial();
  assert.ok(stage.core.memory.usedBytes <= 0.58 * limitBytes);
  author.publish("news", "today", { qos: 1 });
  assert.deepEqual(subscriber.messages, ["news today"]);
});

Deno.test("unread answers stay within the memory limit, on many links each of which the broker pauses", () => {
  const limitBytes = 4 * 1024 * 1024;
  const stage = new Stage({ limits: { memoryBytes: limitBytes } });
  const clients = Array.from({ length: 100 }, (_, each) => stage.connect({ clientId: `deaf${each}` }));
  for (const client of clients) client.link.pause();
  for (const client of clients) provoke(client, 120);
  assert.ok(stage.core.memory.usedBytes <= 0.61 * limitBytes + 64 * 1024, `${stage.core.memory.usedBytes} bytes`);
});

Deno.test("filters with unsent retained messages count as memory until they are sent", () => {
  const stage = new Stage();
  const author = stage.connect({ clientId: "author" });
  for (let each = 0; each < 3_000; each++) author.publish(`r/${each}`, "x", { retain: true });
  const before = stage.core.memory.usedBytes;
  const reader = stage.connect({ clientId: "reader" });
  const subscriptions = Array.from({ length: 1_000 }, () => ({ topicFilter: "r/#", qos: 0 as const }));
  reader.send({ type: "subscribe", packetId: 1, subscriptions });
  assert.ok(stage.core.memory.usedBytes >= before + 1_000 * cost.waitingFilter);
  reader.die();
  stage.advance(200);
  assert.equal(stage.core.memory.usedBytes, before);
});
