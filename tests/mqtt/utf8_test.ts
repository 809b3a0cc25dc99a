import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isPacketText,
  maximumStringBytes,
  packetText,
  packetTextSize,
  utf8Length,
  writeUtf8,
} from "../../src/mqtt/utf8.ts";
import { eachCase } from "../support/steps.ts";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lengths = { minLength: 0, maxLength: 100 };

/** Short and long, ordinary and unusual texts, and halves of surrogate pairs. */
const strings = fc.oneof(
  fc.string({ unit: "binary-ascii", ...lengths }),
  fc.string({ unit: "binary", ...lengths }),
  fc.string({ unit: fc.constantFrom("a", "é", "\ufeff", "\ud83d\ude80", "\ud83d", "\0"), ...lengths }),
);

Deno.test("utf8: measures and writes a string as the runtime does", () => {
  fc.assert(
    fc.property(strings, (text) => {
      const expected = encoder.encode(text);
      const size = utf8Length(text);
      assert.equal(size, expected.length);
      const bytes = new Uint8Array(size + 3).fill(0xee);
      assert.equal(writeUtf8(text, size, bytes, 2), 2 + size);
      assert.deepEqual(bytes.subarray(2, 2 + size), expected);
      assert.deepEqual([bytes[0], bytes[1], bytes[2 + size]], [0xee, 0xee, 0xee]);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("utf8: accepts bytes that a strict decoder accepts and that contain no 0", () => {
  const either = fc.oneof(strings.map((text) => encoder.encode(text)), fc.uint8Array({ maxLength: 60 }));
  fc.assert(
    fc.property(either, fc.nat(3), (text, before) => {
      const bytes = new Uint8Array(before + text.length + 1).fill(0xff);
      bytes.set(text, before);
      const expected = strictly(text);
      assert.equal(packetText(bytes, before, before + text.length), expected);
      assert.equal(isPacketText(bytes, before, before + text.length), expected !== undefined);
    }),
    { numRuns: 4_000 },
  );
});

function strictly(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

Deno.test("utf8: a string that no packet can contain has no size", async (t) => {
  await eachCase(t, ["\0", "a\0", "\ud800", "a".repeat(65_536), "é".repeat(32_768)], (text) => {
    assert.equal(packetTextSize(text), undefined);
  });
  await eachCase(t, ["", "a", "é".repeat(40), "a".repeat(maximumStringBytes)], (text) => {
    assert.equal(packetTextSize(text), encoder.encode(text).length);
  });
});
