import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { Fifo } from "../../../src/broker/session/fifo.ts";

Deno.test("fifo: keeps the order of an array's push and shift", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed);
    const fifo = new Fifo<number>();
    const expected: number[] = [];
    for (let step = 0; step < 10_000; step++) {
      if (random.below(100) < 60 - step / 200) {
        fifo.push(step);
        expected.push(step);
      } else {
        assert.equal(fifo.peek(), expected[0]);
        assert.equal(fifo.shift(), expected.shift());
      }
      assert.equal(fifo.size, expected.length);
    }
  }
});

Deno.test("fifo: is empty after clear", () => {
  const fifo = new Fifo<number>();
  fifo.push(1);
  fifo.clear();
  assert.deepEqual({ size: fifo.size, shift: fifo.shift(), peek: fifo.peek() }, {
    size: 0,
    shift: undefined,
    peek: undefined,
  });
});

Deno.test("fifo: filter keeps the selected items in order, also after removals", () => {
  const fifo = new Fifo<number>();
  for (let item = 0; item < 10; item++) fifo.push(item);
  for (let taken = 0; taken < 3; taken++) fifo.shift();
  fifo.keep((item) => item % 2 === 0);
  fifo.push(11);
  assert.equal(fifo.size, 4);
  assert.deepEqual(Array.from({ length: 5 }, () => fifo.shift()), [4, 6, 8, 11, undefined]);
});
