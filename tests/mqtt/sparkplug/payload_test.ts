/** Payloads of Sparkplug B against bytes written by hand from the field numbers of the schema. */
import assert from "node:assert/strict";
import { dataType, decodePayload, encodePayload, loadSparkplug } from "../../../src/mqtt/sparkplug/payload.ts";

await loadSparkplug();

const bytes = (...all: readonly (number | string)[]) =>
  Uint8Array.from(all.flatMap((each) => typeof each === "number" ? [each] : [...new TextEncoder().encode(each)]));

/** Field 1, a timestamp of 300 ms; field 2, a metric with name, timestamp, data type 4 and long value 255; field 3. */
const death = bytes(0x08, 0xac, 0x02, 0x12, 14, 0x0a, 5, "bdSeq", 0x18, 1, 0x20, 4, 0x58, 0xff, 0x01, 0x18, 7);

Deno.test("a payload has the bytes of the schema", () => {
  const metrics = [{ name: "bdSeq", timestampMs: 1, dataType: dataType.int64, value: 255 }];
  const payload = { timestampMs: 300, metrics, seq: 7 };
  assert.deepEqual(encodePayload(payload), death);
  assert.deepEqual(decodePayload(death), payload);
});

Deno.test("each type of value survives, and unknown fields are skipped", () => {
  const metrics = [
    { name: "i", dataType: dataType.int64, value: 1_900_000_000_123 },
    { name: "b", dataType: dataType.boolean, value: true },
    { name: "d", dataType: dataType.double, value: -1.5 },
    { name: "s", dataType: dataType.string, value: "ä" },
  ];
  const known = encodePayload({ metrics });
  // Field 4, a uuid, and field 16 of the payload as four bytes.
  const more = bytes(...known, 0x22, 1, "u", 0x85, 0x01, 1, 2, 3, 4);
  assert.deepEqual(decodePayload(more), { metrics });
});

Deno.test("the short numbers of other encoders are read: int_value and float_value", () => {
  const metric = bytes(0x0a, 1, "i", 0x20, 3, 0x50, 5);
  const float = bytes(0x0a, 1, "f", 0x20, 9, 0x65, 0, 0, 0xc0, 0x3f);
  const payload = bytes(0x12, metric.length, ...metric, 0x12, float.length, ...float);
  assert.deepEqual(decodePayload(payload)!.metrics, [
    { name: "i", dataType: 3, value: 5 },
    { name: "f", dataType: 9, value: 1.5 },
  ]);
});

for (const [name, payload] of [["text", bytes("hello")], ["a cut payload", death.slice(0, 9)]] as const) {
  Deno.test(`bytes that are no payload give none: ${name}`, () => assert.equal(decodePayload(payload), undefined));
}
