/** Attacks on other brokers, by CVE number, and the behaviour of this broker. SECURITY.md lists them. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { parseAcl } from "../../src/broker/access/acl.ts";
import { parseUsers } from "../../src/broker/access/users.ts";
import { ReasonCode } from "../../src/mqtt/reason.ts";
import { aWill, type Client, Stage } from "../broker/stage.ts";
import { eachCase } from "../support/steps.ts";

/** Bytes written as hexadecimal text: `30 00`. */
const bytesOf = (hex: string) => hex.trim().split(/\s+/).map((byte) => parseInt(byte, 16));

/** A stage with a client that the attack must not affect. */
function besideHonest() {
  const stage = new Stage();
  const honest = stage.connect({ clientId: "honest" }).subscribe("news");
  const isServed = () => {
    stage.connect({ clientId: "author" }).publish("news", "today").disconnect();
    assert.equal(honest.end, undefined);
    assert.equal(honest.messages.at(-1), "news today");
  };
  return { stage, isServed };
}

const endedBy = (client: Client) => client.of("disconnect")[0]?.reasonCode;

Deno.test("CVE-2017-7650: a client named # or + gets no permission from a pattern", async (t) => {
  const acl = parseAcl("pattern readwrite devices/%c/#\npattern readwrite users/%u\n", "acl");
  await eachCase(t, ["#", "+", "a/b", "+/+"], (name) => {
    assert.equal(acl.allows({ clientId: name, username: name }, "subscribe", "devices/other/x"), false);
    assert.equal(acl.allows({ clientId: name, username: name }, "publish", "users/other"), false);
  });
});

Deno.test("CVE-2017-7653: a topic that is not UTF-8 ends only its sender's connection", () => {
  const { stage, isServed } = besideHonest();
  const client = stage.connect({ clientId: "bad" }).sendBytes(bytesOf("30 05 00 02 c3 28 00"));
  assert.notEqual(client.end, undefined);
  isServed();
});

Deno.test("CVE-2018-12543: a message to a topic that begins with $ ends no connection", () => {
  const { stage, isServed } = besideHonest();
  const client = stage.connect({ clientId: "c" });
  for (const topic of ["$", "$/x", "$test", "$SYS/x"]) client.publish(topic, "x", { qos: 1 });
  assert.equal(client.of("puback").length, 4);
  assert.equal(client.end, undefined);
  isServed();
});

Deno.test("CVE-2018-12550: an empty ACL file denies every action", () => {
  const acl = parseAcl("", "acl");
  assert.equal(acl.allows({ clientId: "c", username: "ann" }, "publish", "a"), false);
  assert.equal(acl.allows({ clientId: "c", username: undefined }, "subscribe", "#"), false);
});

Deno.test("CVE-2018-12551: the broker refuses a users file with a line without a hash", async (t) => {
  await eachCase(t, ["ann", "ann:", ":", "ann:x"], (line) => {
    assert.throws(() => parseUsers(`${line}\n`, "users"), UsageError);
  });
});

Deno.test("CVE-2019-11778: a will delay beyond the session expiry publishes the will once, at the session's end", () => {
  const stage = new Stage();
  const watcher = stage.watch("will");
  const properties = { sessionExpiryIntervalS: 1 };
  stage.connect({ properties, cleanStart: false, will: aWill({ delayIntervalS: 60 }) }).die();
  stage.advance(120_000);
  assert.deepEqual(watcher.messages, ["will gone"]);
  assert.deepEqual(watcher.messageTimes, [1_000]);
});

Deno.test("CVE-2019-11779: the broker refuses a filter of 65,400 slashes without a stack overflow", () => {
  const { stage, isServed } = besideHonest();
  const client = stage.connect({ clientId: "deep" }).subscribe("/".repeat(65_400));
  client.publish("/".repeat(65_400), "x", { qos: 1 });
  assert.deepEqual(client.of("suback")[0]?.reasonCodes, [ReasonCode.topicFilterInvalid]);
  assert.equal(client.of("puback")[0]?.reasonCode, ReasonCode.topicNameInvalid);
  isServed();
});

Deno.test("CVE-2020-13849: with a keep alive limit the broker disconnects a silent client that requested none", () => {
  const stage = new Stage({ limits: { keepAliveMs: 60_000 } });
  const client = stage.connect({ keepAliveS: 0 });
  stage.advance(90_001);
  assert.equal(endedBy(client), ReasonCode.keepAliveTimeout);
  assert.equal(stage.connect({ version: 4, keepAliveS: 0 }).connack?.reasonCode, 2);
});

Deno.test("CVE-2021-28166: a CONNACK from a client is a protocol error", () => {
  const { stage, isServed } = besideHonest();
  const client = stage.connect({ clientId: "bad" }).sendBytes(bytesOf("20 03 00 00 00"));
  assert.equal(endedBy(client), ReasonCode.protocolError);
  isServed();
});

Deno.test("CVE-2021-34432: a PUBLISH with an empty topic ends only its sender's connection", async (t) => {
  const { stage, isServed } = besideHonest();
  await eachCase(t, [4, 5] as const, (version) => {
    const client = stage.connect({ clientId: `bad${version}`, version });
    client.sendBytes(bytesOf(version === 5 ? "30 03 00 00 00" : "30 02 00 00"));
    assert.notEqual(client.end, undefined);
  });
  isServed();
});

Deno.test("CVE-2023-28366: unreleased QoS 2 messages are limited in both versions", async (t) => {
  await eachCase(t, [4, 5] as const, (version) => {
    const stage = new Stage({ limits: { memoryBytes: 64 * 1024 } });
    const client = stage.connect({ clientId: "c", version }, { acknowledges: false });
    for (let each = 0; each < 3_000 && client.end === undefined; each++) client.publish("a", "", { qos: 2 });
    assert.notEqual(client.end, undefined, `version ${version}`);
    assert.ok(stage.core.memory.usedBytes <= 1.1 * 64 * 1024);
  });
});

Deno.test("CVE-2023-3592: the broker refuses each CONNECT whose will has an invalid property, and keeps no memory of it", () => {
  const { stage, isServed } = besideHonest();
  // Client "a", a will with Server Keep Alive among its properties.
  const connect = "10 1d 00 04 4d 51 54 54 05 06 00 00 00 00 01 61 03 13 00 0a 00 04 77 69 6c 6c 00 02 68 69 00";
  const before = stage.core.memory.usedBytes;
  for (let each = 0; each < 100; each++) {
    const client = stage.dial().sendBytes(bytesOf(connect));
    assert.notEqual(client.connack?.reasonCode, 0);
    assert.notEqual(client.end, undefined);
  }
  stage.advance(20_000);
  assert.equal(stage.core.memory.usedBytes, before);
  isServed();
});

Deno.test("CVE-2026-21888: a variable byte integer of five bytes in properties ends only its sender's connection", () => {
  const { stage, isServed } = besideHonest();
  const client = stage.dial().sendBytes(bytesOf("10 12 00 04 4d 51 54 54 05 02 00 3c ff ff ff ff 01 00 00 00"));
  assert.notEqual(client.connack?.reasonCode, 0);
  assert.notEqual(client.end, undefined);
  isServed();
});

const cut: readonly (readonly [what: string, hex: string])[] = [
  ["a PUBLISH of QoS 1 without its packet identifier", "32 03 00 01 61"],
  ["a SUBSCRIBE without the options of its filter", "82 06 00 01 00 00 01 61"],
  ["a SUBSCRIBE whose filter is longer than the packet", "82 06 00 01 00 ff ff 61"],
  ["a PUBLISH whose topic is longer than the packet", "30 03 ff ff 61"],
  ["properties that are longer than the packet", "30 04 00 01 61 7f"],
];
for (const [what, hex] of cut) {
  Deno.test(`nanomq issues 1153 to 1181, 2268, 2270: ${what} ends only its sender's connection`, () => {
    const { stage, isServed } = besideHonest();
    const client = stage.connect({ clientId: "bad" }).sendBytes(bytesOf(hex));
    assert.equal(endedBy(client), ReasonCode.malformedPacket);
    isServed();
  });
}

Deno.test("CVE-2021-33175, CVE-2021-22116, CVE-2021-33176: an incomplete packet takes at most its limit of memory", () => {
  const stage = new Stage();
  const before = stage.core.memory.usedBytes;
  for (let each = 0; each < 100; each++) stage.dial().sendBytes(bytesOf("10 ff ff ff 7f 00 04 4d 51 54 54 05"));
  stage.advance(20_000);
  assert.equal(stage.core.memory.usedBytes, before);
});
