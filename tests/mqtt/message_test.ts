import assert from "node:assert/strict";
import { keepsPayloadFormat, messageOf, messageOfWill } from "../../src/mqtt/message.ts";
import type { PublishPacket } from "../../src/mqtt/packet.ts";

const payload = Uint8Array.of(1);
const publish: PublishPacket = { type: "publish", dup: true, qos: 2, retain: true, topic: "", packetId: 7, payload };

Deno.test("message: keeps end-to-end properties and drops those of one connection", () => {
  const properties = {
    topicAlias: 3,
    subscriptionIdentifiers: [1],
    contentType: "",
    userProperties: [["b", "a"]] as const,
  };
  assert.deepEqual(messageOf({ ...publish, properties }, "a/b", 12.5), {
    topic: "a/b",
    payload,
    qos: 2,
    retain: true,
    properties: { contentType: "", userProperties: [["b", "a"]] },
    publishedAtMs: 12.5,
  });
});

Deno.test("message: has no properties if all were those of its connection", () => {
  const message = messageOf({ ...publish, properties: { topicAlias: 3 } }, "a", 0);
  assert.equal("properties" in message, false);
  assert.equal("properties" in messageOf(publish, "a", 0), false);
});

Deno.test("message: a will becomes a message without its delay", () => {
  const properties = { messageExpiryIntervalS: 0 };
  const will = { topic: "w", payload, qos: 1, retain: false, delayIntervalS: 5, properties } as const;
  assert.deepEqual(messageOfWill(will, 99), {
    topic: "w",
    payload,
    qos: 1,
    retain: false,
    properties,
    publishedAtMs: 99,
  });
});

Deno.test("message: only a payload that is declared as text must be text", () => {
  const text = new TextEncoder().encode("né\0");
  const broken = Uint8Array.of(0x61, 0xc3);
  assert.equal(keepsPayloadFormat(text, { payloadFormatIndicator: 1 }), true);
  assert.equal(keepsPayloadFormat(broken, { payloadFormatIndicator: 1 }), false);
  assert.equal(keepsPayloadFormat(broken, { payloadFormatIndicator: 0 }), true);
  assert.equal(keepsPayloadFormat(broken, undefined), true);
});
