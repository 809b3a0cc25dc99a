import assert from "node:assert/strict";
import { BufferCollector } from "../../src/base/collect.ts";

const mebibyte = 1024 * 1024;

/** A fake runtime with `kept` bytes of buffers that stay, and `garbage` bytes that its collector frees. */
function stage() {
  const buffers = { kept: 0, garbage: 0, collections: 0 };
  const collector = new BufferCollector({
    collect: () => {
      buffers.garbage = 0;
      buffers.collections++;
    },
    bufferBytes: () => buffers.kept + buffers.garbage,
  });
  return { buffers, collector };
}

Deno.test("buffers: collects garbage of large messages before it exceeds 32 MiB", () => {
  const { buffers, collector } = stage();
  let most = 0;
  for (let total = mebibyte; total < 1_000 * mebibyte; total += mebibyte) {
    buffers.garbage += 2 * mebibyte;
    collector.moved(total);
    most = Math.max(most, buffers.garbage);
  }
  assert.ok(most <= 32 * mebibyte, `${most} bytes of garbage`);
});

Deno.test("buffers: does not collect while buffers are in use, or with little garbage", () => {
  const { buffers, collector } = stage();
  buffers.kept = 100 * mebibyte;
  collector.moved(5 * mebibyte);
  assert.equal(buffers.collections, 1);
  for (let total = 10 * mebibyte; total < 1_000 * mebibyte; total += mebibyte) collector.moved(total);
  assert.equal(buffers.collections, 1);
});

Deno.test("buffers: released memory counts as growth when it is used again", () => {
  const { buffers, collector } = stage();
  buffers.kept = 100 * mebibyte;
  collector.moved(5 * mebibyte);
  buffers.kept = 0;
  collector.moved(10 * mebibyte);
  buffers.garbage = 20 * mebibyte;
  collector.moved(15 * mebibyte);
  assert.equal(buffers.collections, 2);
});
