import { deepEqual, equal } from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { Fifo } from "../../../src/broker/session/fifo.ts";

Deno.test("fifo: in the order of an array's push and shift", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed);
    const fifo = new Fifo<number>();
    const expected: number[] = [];
    for (let step = 0; step < 10_000; step++) {
      if (random.below(100) < 60 - step / 200) {
        fifo.push(step);
        expected.push(step);
      } else {
        equal(fifo.peek(), expected[0]);
        equal(fifo.shift(), expected.shift());
      }
      equal(fifo.size, expected.length);
    }
  }
});

Deno.test("fifo: empty after clear", () => {
  const fifo = new Fifo<number>();
  fifo.push(1);
  fifo.clear();
  deepEqual([fifo.size, fifo.shift(), fifo.peek()], [0, undefined, undefined]);
});
