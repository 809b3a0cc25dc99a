import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { aborted, SignalCounter } from "../../../src/cli/process/interrupt.ts";

Deno.test("interrupt: the first signal ends the run early, a later signal at once", () => {
  const clock = new ManualClock();
  const counter = new SignalCounter(clock);
  assert.deepEqual([counter.early.aborted, counter.atOnce.aborted], [false, false]);
  counter.take();
  assert.deepEqual([counter.early.aborted, counter.atOnce.aborted], [true, false]);
  clock.advance(500);
  counter.take();
  assert.deepEqual([counter.early.aborted, counter.atOnce.aborted], [true, true]);
});

Deno.test("interrupt: several signals of one key press count as one", () => {
  const clock = new ManualClock();
  const counter = new SignalCounter(clock);
  counter.take();
  counter.take();
  clock.advance(499);
  counter.take();
  assert.equal(counter.atOnce.aborted, false);
});

Deno.test("interrupt: aborted resolves for a signal that aborts later or has aborted", async () => {
  const controller = new AbortController();
  const before = aborted(controller.signal);
  controller.abort();
  await before;
  await aborted(controller.signal);
});
