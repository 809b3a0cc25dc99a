import assert from "node:assert/strict";
import fc from "fast-check";
import { copyOf, slabBytes, smallBytes } from "../../../src/mqtt/codec/small_bytes.ts";
import { eachCase } from "../../support/steps.ts";

/** Sizes around each boundary. */
const sizes = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0, 1, 255, 256, 257, 1_023, 1_024, 1_025));

Deno.test("small bytes: pieces have the requested size, are all zero and do not overlap", () => {
  fc.assert(
    fc.property(fc.array(sizes, { minLength: 1, maxLength: 40 }), (asked) => {
      const pieces = asked.map((size) => smallBytes(size));
      for (const [index, piece] of pieces.entries()) {
        assert.equal(piece.length, asked[index]);
        assert.ok(piece.every((byte) => byte === 0));
        piece.fill(index + 1);
      }
      for (const [index, piece] of pieces.entries()) assert.ok(piece.every((byte) => byte === index + 1));
    }),
  );
});

Deno.test("small bytes: a piece keeps at most one slab in memory, and a large one only itself", async (t) => {
  await eachCase(t, [0, 1, 200, 256], (size) => {
    assert.equal(smallBytes(size).buffer.byteLength, slabBytes);
  });
  for (const size of [257, 1_024, 5_000]) assert.equal(smallBytes(size).buffer.byteLength, size);
});

Deno.test("small bytes: a copy does not change with its source", async (t) => {
  const whole = Uint8Array.from({ length: 2_000 }, (_, at) => at & 0xff);
  await eachCase(t, [[0, 0], [3, 4], [10, 266], [10, 267], [0, 2_000]] as const, ([from, to]) => {
    const bytes = whole.slice();
    const copy = copyOf(bytes, from, to);
    bytes.fill(0);
    assert.deepEqual(copy, whole.slice(from, to));
  });
});
