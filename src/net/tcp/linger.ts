/**
 * Links that have sent FIN and wait for the peer's: each gets the same grace, so one queue and one timer serve them all.
 */

import { monotonicClock } from "../../base/clock.ts";

/** How long a peer may take to close after our FIN, in milliseconds; then the link is torn down. */
export const lingerMs = 2_000;

/** Something that can be torn down. */
export interface Lingering {
  giveUp(): void;
}

const waiting = new Map<Lingering, number>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Calls `giveUp` after the grace unless `stopLingering` comes first. */
export function startLingering(link: Lingering): void {
  waiting.set(link, monotonicClock.nowMs() + lingerMs);
  timer ??= setTimeout(sweep, lingerMs);
}

/** The peer has closed: nothing is left to wait for. */
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
