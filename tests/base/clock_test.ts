import assert from "node:assert/strict";
import { ManualClock, monotonicClock, wallTime } from "../../src/base/clock.ts";

Deno.test("clock: a manual clock changes only when it is moved", () => {
  const clock = new ManualClock(250);
  assert.equal(clock.nowMs(), 250);
  assert.equal(clock.nowMs(), 250);
  assert.equal(clock.advance(0.5), 250.5);
  assert.equal(clock.nowMs(), 250.5);
});

Deno.test("clock: a manual clock starts at 0 by default", () => {
  assert.equal(new ManualClock().nowMs(), 0);
});

Deno.test("clock: the monotonic clock never runs backwards", () => {
  let lastMs = monotonicClock.nowMs();
  for (let reading = 0; reading < 10_000; reading++) {
    const nowMs = monotonicClock.nowMs();
    assert.ok(nowMs >= lastMs, `${nowMs} came after ${lastMs}`);
    lastMs = nowMs;
  }
});

Deno.test("clock: threads share the monotonic clock", async () => {
  const worker = new Worker(new URL("./clock_worker.ts", import.meta.url), { type: "module" });
  try {
    await answerOf(worker); // the first reading shows that the worker has started
    for (let round = 0; round < 20; round++) {
      const beforeMs = monotonicClock.nowMs();
      const answer = answerOf(worker);
      worker.postMessage("now?");
      const thereMs = await answer;
      const afterMs = monotonicClock.nowMs();
      // The runtime rounds the clock origin of each thread to 1 ms or less.
      assert.ok(beforeMs - 1 <= thereMs && thereMs <= afterMs + 1, `${beforeMs} ≤ ${thereMs} ≤ ${afterMs}`);
    }
  } finally {
    worker.terminate();
  }
});

Deno.test("clock: the wall time is a current date", () => {
  assert.ok(wallTime().getTime() > Date.UTC(2024, 0));
});

function answerOf(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<number>) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
}
