/**
 * Whether the broker is available. A link that does not open may have met a limit; the check considers a broker gone
 * only if it refuses several links in a row. It then aborts every running case, because an absent broker proves
 * nothing, and waits for the broker.
 */
import type { LinkEnd } from "../../net/link.ts";
import type { TimedWorld } from "../../net/world.ts";

/** No process listens on the port: no limit of a broker looks like that. */
function isSureEnd(end: LinkEnd): boolean {
  return end.kind === "error" && end.code === "ECONNREFUSED";
}

/** How often, and at which interval in milliseconds, the check tries a broker before it considers it gone. */
const knocks = 3;
const knockEveryMs = 300;

export class Availability {
  readonly #world: TimedWorld;
  readonly #waitMs: number;
  #asking: Promise<boolean> | undefined;
  #gone = false;

  /** @param waitMs how long the check waits for a broker that is gone */
  constructor(world: TimedWorld, waitMs: number) {
    this.#world = world;
    this.#waitMs = waitMs;
  }

  /** True from the detection of the broker's absence until its return. */
  get gone(): boolean {
    return this.#gone;
  }

  /**
   * Tests whether the broker is gone; callers at the same time share one test.
   *
   * @param isSure the port had no listener, which no limit of a broker causes: the broker may be back already
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
