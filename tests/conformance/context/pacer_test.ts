import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { Pacer } from "../../../src/conformance/context/pacer.ts";
import type { TimedWorld } from "../../../src/net/world.ts";

/** A world with a clock and timers only. */
function timed() {
  const clock = new ManualClock();
  const timers = new Deadlines<() => void>();
  const world = {
    clock,
    after: (ms: number, act: () => void) => {
      const timer = timers.add(clock.nowMs() + ms, act);
      return () => timers.cancel(timer);
    },
  } as unknown as TimedWorld;
  const goOn = async (ms: number) => {
    clock.advance(ms);
    for (let act = timers.takeDue(clock.nowMs()); act !== undefined; act = timers.takeDue(clock.nowMs())) act();
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { pacer: new Pacer(world), goOn };
}

Deno.test("pacer: does not limit connects before the first refusal, and halves the rate after it", async () => {
  const { pacer, goOn } = timed();
  for (let link = 0; link < 100; link++) {
    // deno-lint-ignore no-await-in-loop
    await pacer.turn();
    pacer.opens(true);
  }
  assert.equal(pacer.gapMs, 0);
  pacer.slowDown();
  pacer.slowDown();
  assert.equal(pacer.gapMs, 20, "100 within a second were too many; refusals at one time have one cause");
  let turns = 0;
  for (let link = 0; link < 100; link++) void pacer.turn().then(() => turns++);
  await goOn(999);
  assert.equal(turns, 0, "the second in which it was refused has to pass");
  await goOn(1_001);
  assert.equal(turns, 51);
});

Deno.test("pacer: links outside the pace delay the next ones; without refusals the pace recovers", async () => {
  const { pacer, goOn } = timed();
  for (let link = 0; link < 50; link++) pacer.opens(true);
  pacer.slowDown();
  await goOn(1_000);
  assert.equal(pacer.gapMs, 40);
  for (let link = 0; link < 10; link++) pacer.opens(false);
  let isDue = false;
  void pacer.turn().then(() => isDue = true);
  await goOn(399);
  assert.equal(isDue, false);
  await goOn(1);
  assert.equal(isDue, true);
  await goOn(5_000);
  await pacer.turn();
  assert.equal(pacer.gapMs, 20);
});
