/** Waits for a condition for a limited time; the code that changes it triggers a new check. */
import { CaseOver } from "../model/outcome.ts";
import type { TimedWorld } from "../../net/world.ts";

/** Waits for packets, up to a bound. */
export class Patience {
  readonly #world: TimedWorld;
  readonly #waiting = new Set<() => void>();
  #calledOff = false;

  /**
   * Prepares to wait.
   *
   * @param world the clock of the check
   */
  constructor(world: TimedWorld) {
    this.#world = world;
  }

  /** Something has happened. */
  lookAgain(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Ends every wait with a CaseOver. */
  callOff(): void {
    this.#calledOff = true;
    this.lookAgain();
  }

  /** Fulfilled when it is so, or when the time is up. */
  until(isSo: () => boolean, ms: number): Promise<void> {
    if (this.#calledOff) return Promise.reject(new CaseOver());
    if (isSo()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#calledOff || isSo()) done();
      };
      const done = () => {
        cancel();
        this.#waiting.delete(look);
        if (this.#calledOff) reject(new CaseOver());
        else resolve();
      };
      const cancel = this.#world.after(Math.max(0, ms), done);
      this.#waiting.add(look);
    });
  }
}
