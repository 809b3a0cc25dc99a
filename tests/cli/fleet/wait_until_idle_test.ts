import assert from "node:assert/strict";
import { waitUntilIdle } from "../../../src/cli/fleet/wait_until_idle.ts";

/** A clock that advances by each awaited time, and by `lateMs` more. */
function slowMachine(lateMs: (waited: number) => number) {
  let nowMs = 0;
  let waited = 0;
  const clock = { nowMs: () => nowMs };
  const wait = (ms: number) => {
    nowMs += ms + lateMs(waited++);
    return Promise.resolve();
  };
  return { clock, wait };
}

const never = new AbortController().signal;

Deno.test("wait until idle: a machine with timers on time is idle after one second", async () => {
  const { clock, wait } = slowMachine(() => 1);
  const { quiet, afterMs } = await waitUntilIdle(clock, never, wait);
  assert.equal(quiet, true);
  assert.ok(afterMs >= 1_000 && afterMs < 1_100, `${afterMs}`);
});

Deno.test("wait until idle: a late timer restarts the second", async () => {
  const { clock, wait } = slowMachine((waited) => waited < 20 ? 40 : 0);
  const { quiet, afterMs } = await waitUntilIdle(clock, never, wait);
  assert.deepEqual({ quiet, afterMs }, { quiet: true, afterMs: 20 * 90 + 1_000 });
});

Deno.test("wait until idle: the wait for a busy machine has a limit", async () => {
  const { clock, wait } = slowMachine(() => 30);
  const { quiet, afterMs } = await waitUntilIdle(clock, never, wait);
  assert.equal(quiet, false);
  assert.ok(afterMs >= 15_000 && afterMs < 15_100, `${afterMs}`);
});

Deno.test("wait until idle: an interrupt ends the wait", async () => {
  const { clock, wait } = slowMachine(() => 0);
  assert.deepEqual(await waitUntilIdle(clock, AbortSignal.abort(), wait), { quiet: false, afterMs: 0 });
});
