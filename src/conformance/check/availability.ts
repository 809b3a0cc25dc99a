/**
 * Whether the broker is there. A link that cannot be opened may have met a limit; only a broker that refuses several in
 * a row is held to be gone. Then every case that runs is called off, for none of them is judged by a broker that is not
 * there, and the check waits for it.
 */
import type { LinkEnd } from "../../net/link.ts";
import type { TimedWorld } from "../../net/world.ts";

/** Nothing listens on the port: no limit of a broker looks like that. */
function isSureEnd(end: LinkEnd): boolean {
  return end.kind === "error" && end.code === "ECONNREFUSED";
}

/** How often, and at which distance in milliseconds, a broker is tried before it is held to be gone. */
const knocks = 3;
const knockEveryMs = 300;

export class Availability {
  readonly #world: TimedWorld;
  readonly #waitMs: number;
  #asking: Promise<boolean> | undefined;
  #gone = false;

  /** @param waitMs how long a broker that is gone is waited for */
  constructor(world: TimedWorld, waitMs: number) {
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
    this.#asking ??= this.#asks();
    return this.#asking;
  }

  async #asks(): Promise<boolean> {
    let isSure = false;
    const isOver = () => isSure;
    const opened = await this.#looks(knocks * knockEveryMs, isOver, () => isSure = true);
    this.#gone = isSure || !opened;
    this.#asking = undefined;
    return this.#gone;
  }

  /** Waits until it is back; false when it is not within its time, or the wait is called off. */
  async isBack(isOver: () => boolean): Promise<boolean> {
    const opened = await this.#looks(this.#waitMs, isOver);
    if (opened) this.#gone = false;
    return opened;
  }

  async #looks(forMs: number, isOver = () => false, onSure = () => {}): Promise<boolean> {
    const lastMs = this.#world.clock.nowMs() + forMs;
    for (;;) {
      // One knock after the other.
      // deno-lint-ignore no-await-in-loop
      const answer = await this.#opens();
      if (answer === "open") return true;
      if (answer === "nothing listens") onSure();
      if (this.#world.clock.nowMs() >= lastMs || isOver()) return false;
      // deno-lint-ignore no-await-in-loop
      await new Promise<void>((resolve) => void this.#world.after(knockEveryMs, resolve));
    }
  }

  /** Opens a link and closes it. */
  #opens(): Promise<"open" | "nothing listens" | "not opened"> {
    return new Promise((resolve) => {
      const link = this.#world.dial({
        onOpen: () => {
          link.end();
          resolve("open");
        },
        onBytes() {},
        onDrain() {},
        onEnd: (end) => resolve(isSureEnd(end) ? "nothing listens" : "not opened"),
      });
    });
  }
}
