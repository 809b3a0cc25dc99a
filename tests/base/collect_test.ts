import assert from "node:assert/strict";
import { GarbageCollector } from "../../src/base/collect.ts";

const mebibyte = 1024 * 1024;

/** A fake runtime with `kept` bytes of buffers that stay, and `garbage` bytes that its collector frees. */
function stage() {
  const buffers = { kept: 0, garbage: 0, collections: 0 };
  const collector = new GarbageCollector({
    collectYoung: () => {
      buffers.garbage = 0;
      buffers.collections++;
    },
    collectAll: () => assert.fail("there is no limit"),
    memoryUse: () => ({ bufferBytes: buffers.kept + buffers.garbage, heapBytes: 0 }),
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

/** A collector of a runtime whose heap keeps `kept` bytes, and garbage that only a collection of all objects frees. */
function heapStage(limitBytes: number) {
  const heap = { kept: 0, garbage: 0, collections: 0 };
  const collector = new GarbageCollector({
    collectYoung: () => {},
    collectAll: () => {
      heap.garbage = 0;
      heap.collections++;
    },
    memoryUse: () => ({ bufferBytes: 0, heapBytes: heap.kept + heap.garbage }),
    limitBytes,
  });
  let total = 0;
  /** Lets so many times a mebibyte arrive, and turns so many mebibytes of heap into garbage each time. */
  const move = (times: number, garbageMebibytes: number) => {
    let most = 0;
    for (let each = 0; each < times; each++) {
      heap.garbage += garbageMebibytes * mebibyte;
      most = Math.max(most, heap.kept + heap.garbage);
      collector.moved(total += mebibyte);
    }
    return most / mebibyte;
  };
  return { heap, move };
}

Deno.test("garbage: collects old objects before the memory in use exceeds the limit", () => {
  const { heap, move } = heapStage(256 * mebibyte);
  heap.kept = 140 * mebibyte;
  const most = move(200, 5);
  assert.ok(most <= 200, `${most} MiB in use`);
  assert.ok(heap.collections >= 15, `${heap.collections} collections`);
});

Deno.test("garbage: does not collect old objects below three quarters of the limit", () => {
  const { heap, move } = heapStage(256 * mebibyte);
  heap.kept = 20 * mebibyte;
  move(34, 5);
  assert.equal(heap.collections, 0);
});

Deno.test("garbage: does not collect old objects again before the memory in use has grown", () => {
  const { heap, move } = heapStage(256 * mebibyte);
  heap.kept = 300 * mebibyte;
  move(1, 0);
  move(100, 0.2);
  assert.equal(heap.collections, 1);
  move(50, 0.2);
  assert.equal(heap.collections, 2);
});
