/**
 * How fast a whole check connects: as fast as its cases connect until the broker refuses a CONNECT for its load, and
 * slower from then on. All cases of a check share one pacer.
 */
import type { TimedWorld } from "../../net/world.ts";

/** The shortest and the longest time between two CONNECTs once the broker has refused one, in milliseconds. */
const shortestGapMs = 10;
const longestGapMs = 200;
/** Refusals within this time have one cause: the check slows down once. Limits count by the second. */
const oneCauseMs = 1_000;
/** After so long without a refusal the pacer halves the gap. */
const easedAfterMs = 5_000;

export class Pacer {
  readonly #world: TimedWorld;
  #gapMs = 0;
  #nextMs = 0;
  #slowedMs = -Infinity;
  /** When links were opened within the last second. */
  #opened: number[] = [];

  constructor(world: TimedWorld) {
    this.#world = world;
  }

  /** The time between two CONNECTs, in milliseconds; 0 as long as the broker has refused none for its load. */
  get gapMs(): number {
    return this.#gapMs;
  }

  /** Fulfilled when the next CONNECT may be sent. */
  async turn(): Promise<void> {
    if (this.#gapMs === 0) return;
    const nowMs = this.#world.clock.nowMs();
    if (nowMs >= this.#slowedMs + easedAfterMs) {
      this.#slowedMs = nowMs;
      this.#gapMs = Math.max(shortestGapMs, this.#gapMs / 2);
    }
    const waitMs = Math.max(0, this.#nextMs - nowMs);
    this.#nextMs = Math.max(nowMs, this.#nextMs) + this.#gapMs;
    if (waitMs > 0) await new Promise<void>((resolve) => void this.#world.after(waitMs, resolve));
  }

  /** A link is opened: one that did not wait for its turn makes the next ones wait. */
  opens(hasWaited: boolean): void {
    const nowMs = this.#world.clock.nowMs();
    this.#opened = [...this.#opened.filter((atMs) => atMs > nowMs - oneCauseMs), nowMs];
    if (!hasWaited) this.#nextMs = Math.max(nowMs, this.#nextMs) + this.#gapMs;
  }

  /** The broker has refused something for its load. */
  slowDown(): void {
    const nowMs = this.#world.clock.nowMs();
    if (nowMs < this.#slowedMs + oneCauseMs) return;
    this.#slowedMs = nowMs;
    // Half as fast as it was when the broker refused.
    const pacedMs = 2 * oneCauseMs / Math.max(1, this.#opened.length);
    this.#gapMs = Math.min(longestGapMs, Math.max(shortestGapMs, this.#gapMs, pacedMs));
    this.#nextMs = Math.max(this.#nextMs, nowMs + oneCauseMs);
  }
}
