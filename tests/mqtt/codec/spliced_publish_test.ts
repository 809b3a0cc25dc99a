import assert from "node:assert/strict";
import { InvariantError } from "../../../src/base/failure.ts";
import { decode, encodePublish, frameSize, withPacketId } from "../../../src/mqtt/codec/codec.ts";
import type { PublishPacket, PublishProperties, QoS } from "../../../src/mqtt/packet.ts";
import {
  splicePublish,
  subscriptionIdentifierBytes,
  topicAliasBytes,
} from "../../../src/mqtt/codec/spliced_publish.ts";

function aPublish(topic: string, size: number, qos: QoS, properties?: PublishProperties): PublishPacket {
  const payload = new Uint8Array(size).fill(0x78);
  const head = { type: "publish", dup: false, qos, retain: size % 2 === 1, topic, payload } as const;
  return { ...head, ...qos > 0 && { packetId: 1 }, ...properties !== undefined && { properties } };
}

/** Lengths around each boundary at which the fixed header or the property length takes one byte more. */
const sizes = [0, 1, 100, 110, 120, 121, 122, 123, 124, 125, 126, 127, 128, 16_370, 16_376, 16_380, 16_384, 2_097_150];

Deno.test("spliced PUBLISH: decodes like an encoded one", () => {
  for (const qos of [0, 1, 2] as const) {
    for (const size of sizes) {
      for (const contentType of [undefined, "t".repeat(122), "t".repeat(16_380)]) {
        const properties = contentType === undefined ? undefined : { contentType };
        const packet = aPublish("a/topic", size, qos, properties);
        const encoded = encodePublish(packet, 5);
        const before = encoded.bytes.slice();
        for (const keepTopic of [true, false]) {
          const spliced = splicePublish(encoded, topicAliasBytes(0x1234), keepTopic);
          const expected = {
            ...packet,
            topic: keepTopic ? "a/topic" : "",
            properties: { ...properties, topicAlias: 0x1234 },
          };
          assert.equal(frameSize(spliced.bytes, 0, spliced.bytes.length), spliced.bytes.length);
          assert.deepEqual(decode(spliced.bytes, 5), expected);
          if (qos === 0) continue;
          assert.deepEqual(decode(withPacketId(spliced, 0x4321, true), 5), {
            ...expected,
            dup: true,
            packetId: 0x4321,
          });
        }
        assert.deepEqual(encoded.bytes, before);
      }
    }
  }
});

Deno.test("spliced PUBLISH: accepts subscription identifiers of each length, together with an alias", () => {
  const subscriptionIdentifiers = [1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455];
  const packet = aPublish("t", 3, 1, { contentType: "c" });
  const once = splicePublish(encodePublish(packet, 5), subscriptionIdentifierBytes(subscriptionIdentifiers), true);
  assert.deepEqual(decode(once.bytes, 5), { ...packet, properties: { contentType: "c", subscriptionIdentifiers } });
  const twice = splicePublish(once, topicAliasBytes(9), false);
  const properties = { contentType: "c", subscriptionIdentifiers, topicAlias: 9 };
  assert.deepEqual(decode(twice.bytes, 5), { ...packet, topic: "", properties });
});

Deno.test("spliced PUBLISH: respects the maximum packet size", () => {
  const bytes = new Uint8Array(5 + 268_435_455);
  bytes.set([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61, 0]);
  assert.throws(() => splicePublish({ bytes, packetIdAt: 0 }, topicAliasBytes(1), true), InvariantError);
});
