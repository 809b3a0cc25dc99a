/** The timers of clients, a few at a time. */
import type { FleetWorld } from "../client/fleet_world.ts";

/** How many timers ring before a look at what is more urgent. */
const wakesInRow = 16;

/**
 * Wakes the objects whose timers are due; returns false if something more urgent falls due before the rest.
 *
 * @param urgentMs returns its instant
 */
export function wakeDue({ wakes, clock }: FleetWorld, nowMs: number, urgentMs: () => number): boolean {
  let woken = 0;
  for (let due = wakes.takeDue(nowMs); due !== undefined; due = wakes.takeDue(nowMs)) {
    due.wake(nowMs);
    if (++woken % wakesInRow === 0 && urgentMs() <= clock.nowMs()) return false;
  }
  return true;
}
