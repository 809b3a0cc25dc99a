/** The one instant at which something wants to be woken next. */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import type { Wakeable } from "./fleet_world.ts";

export class ClientTimer {
  readonly #wakes: Deadlines<Wakeable>;
  readonly #owner: Wakeable;
  #deadline: Deadline<Wakeable> | undefined;
  #wantedMs = Infinity;

  constructor(wakes: Deadlines<Wakeable>, owner: Wakeable) {
    this.#wakes = wakes;
    this.#owner = owner;
  }

  /**
   * Wakes at this instant and not before; Infinity is never. A deadline that falls due sooner is left where it is, for
   * most alarms are put off or turned off before their time: {@link rings} tells whether it is time.
   */
  at(atMs: number): void {
    this.#wantedMs = atMs;
    const deadline = this.#deadline;
    if (deadline === undefined) {
      if (atMs !== Infinity) this.#deadline = this.#wakes.add(atMs, this.#owner);
    } else if (atMs !== Infinity && (!deadline.pending || atMs < deadline.atMs)) this.#wakes.move(deadline, atMs);
  }

  /** Asked when its owner is woken: whether that is what it is for. */
  rings(nowMs: number): boolean {
    const wantedMs = this.#wantedMs;
    this.#wantedMs = Infinity;
    if (wantedMs <= nowMs) return true;
    if (wantedMs !== Infinity) this.at(wantedMs);
    return false;
  }
}
