import assert from "node:assert/strict";
import { frameSize, headerLength } from "../../src/mqtt/frame.ts";

/** Bytes, from, to, size. */
const sizes: readonly (readonly [hex: string, from: number, to: number, size: number])[] = [
  ["", 0, 0, 0],
  ["c0", 0, 1, 0],
  ["c000", 0, 2, 2],
  ["c000", 0, 1, 0],
  ["30ff", 0, 2, 0],
  ["307f", 0, 2, 129],
  ["308001", 0, 3, 131],
  ["30ffffff7f", 0, 5, 268_435_460],
  ["30ffffff", 0, 4, 0],
  ["c000 3005", 2, 4, 7],
  ["c000 30ff01", 2, 4, 0],
  ["308000", 0, 3, 3],
];

for (const [hex, from, to, size] of sizes) {
  Deno.test(`the frame in ${hex} from ${from} to ${to} has ${size} bytes`, () => {
    assert.equal(frameSize(Uint8Array.fromHex(hex.replaceAll(" ", "")), from, to), size);
  });
}

Deno.test("a remaining length of more than four bytes is malformed", () => {
  assert.throws(() => frameSize(Uint8Array.fromHex("30ffffffff"), 0, 5), { name: "ProtocolError", reasonCode: 0x81 });
});

Deno.test("the fixed header ends with the first length byte below 0x80", () => {
  assert.equal(headerLength(Uint8Array.of(0xc0, 0), 0), 2);
  assert.equal(headerLength(Uint8Array.of(9, 0x30, 0x80, 0x80, 0x80, 0x01), 1), 5);
});
