/** A process of the simulation: it acts only while it runs, and gets what waited once it goes on. */
import type { Random } from "../../../src/base/random.ts";

/** The longest difference between the clocks of two processes, in milliseconds. */
const longestSkewMs = 7_200_000;

export class SimulatedProcess {
  dead = false;
  pausedUntilMs = 0;
  readonly #world: { readonly nowMs: number };
  readonly #skewMs: number;
  readonly #startMs: number;
  readonly #inbox: (() => void)[] = [];

  /** @param world the simulation, with its time */
  constructor(world: { readonly nowMs: number }, random: Random, startMs: number) {
    this.#world = world;
    this.#skewMs = (random.fraction() - 0.5) * longestSkewMs;
    this.#startMs = startMs;
  }

  /** True unless it is dead or paused, or has not started. */
  get runs(): boolean {
    return this.#exists && this.#world.nowMs >= this.pausedUntilMs;
  }

  get #exists(): boolean {
    return !this.dead && this.#world.nowMs >= this.#startMs;
  }

  /** The time by its own clock, in milliseconds. */
  get localMs(): number {
    return this.#world.nowMs + this.#skewMs;
  }

  /** An instant by its own clock as one of the simulation. */
  worldMs(ownMs: number): number {
    return ownMs - this.#skewMs;
  }

  /** Has it act now, or once it goes on; never if it is dead or has not started. */
  take(act: () => void): void {
    if (this.runs) act();
    else if (this.#exists) this.#inbox.push(act);
  }

  /** Does what waited. */
  wake(): void {
    for (const act of this.#inbox.splice(0)) act();
  }
}
