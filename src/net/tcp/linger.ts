/**
 * Links that have sent FIN and wait for that of the peer. All have the same timeout, so one queue and one timer serve
 * them all.
 */

import { monotonicClock } from "../../base/clock.ts";

/** Timeout in milliseconds for the peer's FIN; then the link is torn down. */
export const lingerMs = 2_000;

/** A link that can be torn down. */
export interface Lingering {
  giveUp(): void;
}

const waiting = new Map<Lingering, number>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Calls `giveUp` after the timeout, unless `stopLingering` is called first. */
export function startLingering(link: Lingering): void {
  waiting.set(link, monotonicClock.nowMs() + lingerMs);
  timer ??= setTimeout(sweep, lingerMs);
}

/** The peer has closed: cancels the timeout. */
export function stopLingering(link: Lingering): void {
  if (!waiting.delete(link) || waiting.size > 0) return;
  clearTimeout(timer);
  timer = undefined;
}

function sweep(): void {
  timer = undefined;
  const nowMs = monotonicClock.nowMs();
  for (const [link, untilMs] of waiting) {
    if (untilMs > nowMs) {
      timer = setTimeout(sweep, untilMs - nowMs);
      return;
    }
    waiting.delete(link);
    link.giveUp();
  }
}
