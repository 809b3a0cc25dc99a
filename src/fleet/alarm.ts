/** The one instant at which something wants to be woken next. */
import type { Deadline, Deadlines } from "../base/deadlines.ts";
import type { Wakeable } from "./connection.ts";

export class Alarm {
  readonly #wakes: Deadlines<Wakeable>;
  readonly #owner: Wakeable;
  #deadline: Deadline<Wakeable> | undefined;

  constructor(wakes: Deadlines<Wakeable>, owner: Wakeable) {
    this.#wakes = wakes;
    this.#owner = owner;
  }

  /** Wakes at this instant and not before; Infinity is never. */
  at(atMs: number): void {
    if (this.#deadline === undefined) {
      if (atMs !== Infinity) this.#deadline = this.#wakes.add(atMs, this.#owner);
    } else if (atMs === Infinity) this.#wakes.cancel(this.#deadline);
    else this.#wakes.move(this.#deadline, atMs);
  }
}
