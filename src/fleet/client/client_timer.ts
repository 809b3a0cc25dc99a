/** The instant of the next alarm of one owner. */
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
   * Sets the alarm to this instant and not before; Infinity is never. A postponed alarm keeps its earlier deadline in
   * the queue, which costs less: {@link rings} returns whether it is time.
   */
  at(atMs: number): void {
    this.#wantedMs = atMs;
    const deadline = this.#deadline;
    if (deadline === undefined) {
      if (atMs !== Infinity) this.#deadline = this.#wakes.add(atMs, this.#owner);
    } else if (atMs === Infinity) this.#wakes.cancel(deadline);
    else if (!deadline.pending || atMs < deadline.atMs) this.#wakes.move(deadline, atMs);
  }

  /** Returns whether the alarm is the cause of the owner's wake-up. */
  rings(nowMs: number): boolean {
    const wantedMs = this.#wantedMs;
    this.#wantedMs = Infinity;
    if (wantedMs <= nowMs) return true;
    if (wantedMs !== Infinity) this.at(wantedMs);
    return false;
  }
}
