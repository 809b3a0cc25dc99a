/** Conversion of bytes to text and back, which must lose no byte; and joined bytes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOfText, joinedBytes, textOfBytes, withoutLineEnd } from "../../src/base/bytes.ts";

Deno.test("byte text: any bytes survive a round trip, also through JSON", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    assert.deepEqual(bytesOfText(textOfBytes(bytes)), bytes);
    assert.deepEqual(bytesOfText(JSON.parse(JSON.stringify(textOfBytes(bytes)))), bytes);
  }));
});

Deno.test("byte text: UTF-8 is its own text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(textOfBytes(new TextEncoder().encode(text)), text);
    assert.deepEqual(bytesOfText(text), new TextEncoder().encode(text));
  }));
});

Deno.test("byte text: one line end after a text does not count, whatever its form", () => {
  const bare = (text: string) => new TextDecoder().decode(withoutLineEnd(new TextEncoder().encode(text)));
  assert.deepEqual(["a", "a\n", "a\r\n", "a\n\n", "a\r", "\n", ""].map(bare), ["a", "a", "a", "a\n", "a\r", "", ""]);
});

const cases: readonly [what: string, bytes: number[], text: string][] = [
  ["Latin-1", [0x70, 0xe4, 0x73, 0x73], "p\udce4ss"],
  ["a byte order mark stays", [0xef, 0xbb, 0xbf, 0x61], "\ufeffa"],
  ["a surrogate in UTF-8 is no UTF-8", [0xed, 0xb2, 0x80], "\udced\udcb2\udc80"],
  ["a character that is cut off", [0xe2, 0x82], "\udce2\udc82"],
];
for (const [what, bytes, text] of cases) {
  Deno.test(`byte text: ${what}`, () => {
    assert.equal(textOfBytes(Uint8Array.from(bytes)), text);
    assert.deepEqual([...bytesOfText(text)], bytes);
  });
}

Deno.test("joined bytes: each part once, in its order", () => {
  assert.deepEqual(joinedBytes([Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]), Uint8Array.of(1, 2, 3));
  assert.deepEqual(joinedBytes([]), Uint8Array.of());
});
