import assert from "node:assert/strict";
import { claimedVersion, frameSize, headerLength } from "../../../src/mqtt/codec/frame.ts";

/** Bytes, start, end, expected size. */
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
  Deno.test(`frame: ${hex} from ${from} to ${to} has ${size} bytes`, () => {
    assert.equal(frameSize(Uint8Array.fromHex(hex.replaceAll(" ", "")), from, to), size);
  });
}

Deno.test("frame: a remaining length of more than four bytes is malformed", () => {
  assert.throws(() => frameSize(Uint8Array.fromHex("30ffffffff"), 0, 5), { name: "ProtocolError", reasonCode: 0x81 });
});

Deno.test("frame: the fixed header ends with the first length byte below 0x80", () => {
  assert.equal(headerLength(Uint8Array.of(0xc0, 0), 0), 2);
  assert.equal(headerLength(Uint8Array.of(9, 0x30, 0x80, 0x80, 0x80, 0x01), 1), 5);
});

for (
  const [what, hex, version] of [
    ["3.1.1", "100c 0004 4d515454 04 02 0000 0000", 4],
    ["5.0", "100d 0004 4d515454 05 02 0000 00 0000", 5],
    ["5.0 with faults behind it", "1080 01 0004 4d515454 05 ff", 5],
    ["6", "100c 0004 4d515454 06 02", undefined],
    ["3.1", "100c 0006 4d5149736470 03", undefined],
    ["another packet", "200c 0004 4d515454 05", undefined],
    ["what is cut before it", "100c 0004 4d515454", undefined],
    ["nothing", "", undefined],
  ] as const
) {
  Deno.test(`frame: the version that a first packet claims: ${what}`, () => {
    const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));
    assert.equal(claimedVersion(bytes, 0, bytes.length), version);
    const inside = Uint8Array.of(1, 2, 3, ...bytes);
    assert.equal(claimedVersion(inside, 3, inside.length), version);
  });
}
