/**
 * The pause between two runs: this machine must finish the work of one run before the next begins, so that it does not
 * affect another broker's result. The pause measures the lateness of timers: if they are on time, a core is idle.
 */
import type { Clock } from "../../base/clock.ts";

/** How it ended. */
export interface IdleWait {
  readonly quiet: boolean;
  readonly afterMs: number;
}

/** A timer this long is set again and again. */
const tickMs = 50;
/** Later than this, and something else has the cores. */
const latenessMs = 10;
/** So long without a late one is quiet. */
const quietMs = 1_000;
const patienceMs = 15_000;

/** The clock and the timers; a test replaces them. */
export type Wait = (ms: number) => Promise<void>;

/** Waits until this machine is idle, the time limit passes, or the user interrupts. */
export async function waitUntilIdle(clock: Clock, interrupt: AbortSignal, wait: Wait = timer): Promise<IdleWait> {
  const startMs = clock.nowMs();
  let quietSinceMs = startMs;
  for (;;) {
    const beforeMs = clock.nowMs();
    const afterMs = beforeMs - startMs;
    if (beforeMs - quietSinceMs >= quietMs) return { quiet: true, afterMs };
    if (afterMs >= patienceMs || interrupt.aborted) return { quiet: false, afterMs };
    await wait(tickMs);
    const nowMs = clock.nowMs();
    if (nowMs - beforeMs - tickMs > latenessMs) quietSinceMs = nowMs;
  }
}

function timer(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
