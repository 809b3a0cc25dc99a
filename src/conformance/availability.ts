/**
 * Whether the broker is there. A link that cannot be opened may have met a limit; only a broker that refuses several in
 * a row is held to be gone. Then every case that runs is called off, for none of them is judged by a broker that is not
 * there, and the check waits for it.
 */
import type { World } from "./world.ts";

/** How often, and at which distance in milliseconds, a broker is tried before it is held to be gone. */
const knocks = 3;
const knockEveryMs = 300;

export class Availability {
  readonly #world: World;
  readonly #waitMs: number;
  #asking: Promise<boolean> | undefined;
  #gone = false;

  /** @param waitMs how long a broker that is gone is waited for */
  constructor(world: World, waitMs: number) {
    this.#world = world;
    this.#waitMs = waitMs;
  }

  /** True from when the broker was found to be gone until it is back. */
  get gone(): boolean {
    return this.#gone;
  }

  /**
   * Looks whether it is gone, once for all who ask meanwhile.
   *
   * @param isSure where nothing listened any more, which no limit of a broker looks like: it may be back already
   */
  isGone(isSure = false): Promise<boolean> {
    if (isSure) this.#gone = true;
    if (this.#gone) return Promise.resolve(true);
    this.#asking ??= this.#looks(knocks * knockEveryMs).then((opened) => {
      this.#gone = !opened;
      this.#asking = undefined;
      return this.#gone;
    });
    return this.#asking;
  }

  /** Waits until it is back; false when it is not within its time, or the wait is called off. */
  async isBack(isOver: () => boolean): Promise<boolean> {
    const opened = await this.#looks(this.#waitMs, isOver);
    if (opened) this.#gone = false;
    return opened;
  }

  async #looks(forMs: number, isOver: () => boolean = () => false): Promise<boolean> {
    const lastMs = this.#world.clock.nowMs() + forMs;
    for (;;) {
      // One knock after the other.
      // deno-lint-ignore no-await-in-loop
      if (await this.#opens()) return true;
      if (this.#world.clock.nowMs() >= lastMs || isOver()) return false;
      // deno-lint-ignore no-await-in-loop
      await new Promise<void>((resolve) => void this.#world.after(knockEveryMs, resolve));
    }
  }

  /** Opens a link and closes it. */
  #opens(): Promise<boolean> {
    return new Promise((resolve) => {
      const link = this.#world.dial({
        onOpen: () => {
          link.end();
          resolve(true);
        },
        onBytes() {},
        onDrain() {},
        onEnd: () => resolve(false),
      });
    });
  }
}
