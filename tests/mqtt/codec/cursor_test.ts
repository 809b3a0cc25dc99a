import assert from "node:assert/strict";
import { Cursor } from "../../../src/mqtt/codec/cursor.ts";

const bytes = Uint8Array.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 5]);

Deno.test("cursor: skips a text and reports whether it is the expected one", () => {
  for (const [text, isIt] of [["MQTT", true], ["MQTs", false], ["MQT", false], ["MQTTT", false]] as const) {
    const cursor = new Cursor(bytes, 0, bytes.length, "connect");
    assert.equal(cursor.skipText(text), isIt, text);
    assert.equal(cursor.at, 6, text);
  }
});

Deno.test("cursor: does not read an expected text beyond the end of the part", () => {
  const part = new Cursor(bytes, 0, 5, "connect");
  assert.throws(() => part.skipText("MQTT"), /connect/i);
});
