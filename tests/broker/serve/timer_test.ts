import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { Timer } from "../../../src/broker/serve/timer.ts";

/** Arms a timer for `dueMs` at `nowMs`, then a zero timeout of the runtime; returns the order in which they ran. */
async function order(dueMs: number, nowMs: number): Promise<string[]> {
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let nextMs = dueMs;
  const timer = new Timer({
    clock: new ManualClock(nowMs),
    nextMs: () => nextMs,
    runDue: () => {
      done.push("due");
      nextMs = Infinity;
      resolve();
    },
  });
  timer.arm();
  timer.arm(); // a second call has no effect
  setTimeout(() => done.push("read"), 0);
  await promise;
  await new Promise((later) => setTimeout(later, 0));
  timer.stop();
  return done;
}

Deno.test("timer: runs each deadline when it is due", async () => {
  assert.deepEqual(await order(1_000, 1_000), ["due", "read"]);
});

Deno.test("timer: after a pause of the process the broker reads links first", async () => {
  assert.deepEqual(await order(1_000, 1_100), ["read", "due"]);
});

Deno.test("timer: does not run after a stop", async () => {
  const timer = new Timer({
    clock: new ManualClock(),
    nextMs: () => 0,
    runDue: () => {
      throw new Error("fired");
    },
  });
  timer.arm();
  timer.stop();
  timer.arm();
  await new Promise((later) => setTimeout(later, 0));
});
