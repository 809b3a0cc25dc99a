/** The waits of a loop for an instant, on a machine that wakes a thread late. */
import assert from "node:assert/strict";
import type { Libc } from "../../../src/net/epoll/libc.ts";
import { LoopTimer } from "../../../src/net/epoll/loop_timer.ts";

/** A clock that each look moves on a little, and a sleep that ends some time too late. */
class LateMachine {
  #nowMs = 0;

  constructor(readonly lateMs: () => number) {}

  nowMs(): number {
    return this.#nowMs += 0.0001;
  }

  sleep(ms: number): void {
    this.#nowMs += ms + this.lateMs();
  }
}

/** How late the thread is at each of many instants, in milliseconds. */
function latenessOf(machine: LateMachine): number[] {
  const timer = new LoopTimer(machine as unknown as Libc);
  const lateMs: number[] = [];
  for (let count = 0; count < 200; count++) {
    const atMs = machine.nowMs() + 5;
    timer.sleepUntil(atMs, machine);
    lateMs.push(machine.nowMs() - atMs);
  }
  return lateMs;
}

for (const lateMs of [0.02, 0.1, 0.18]) {
  Deno.test(`a thread that the machine always wakes ${lateMs} ms late is on time after some waits`, () => {
    const all = latenessOf(new LateMachine(() => lateMs));
    assert.ok(Math.min(...all) >= 0, "never early");
    assert.ok(Math.max(...all.slice(100)) < 0.002, `${Math.max(...all.slice(100))} ms late at most`);
  });
}

Deno.test("a spin before an instant takes 0.2 ms at most", () => {
  const machine = new LateMachine(() => 1);
  const timer = new LoopTimer(machine as unknown as Libc);
  for (let count = 0; count < 200; count++) timer.sleepUntil(machine.nowMs() + 5, machine);
  const fromMs = machine.nowMs();
  timer.spinUntil(fromMs + 0.3, machine);
  assert.ok(machine.nowMs() - fromMs < 0.01, "a later instant is not waited for");
  timer.spinUntil(fromMs + 0.2, machine);
  assert.ok(machine.nowMs() >= fromMs + 0.2);
});

Deno.test("half of the instants are met on a machine that wakes a thread now early and now late", () => {
  let count = 0;
  const all = latenessOf(new LateMachine(() => [0.05, 0.06, 0.07, 0.08, 0.09, 0.1][count++ % 6]!));
  const inOrder = all.slice(100).toSorted((one, other) => one - other);
  assert.ok(inOrder[0]! >= 0, "never early");
  assert.ok(inOrder[50]! < 0.02, `${inOrder[50]} ms late in the middle`);
});
