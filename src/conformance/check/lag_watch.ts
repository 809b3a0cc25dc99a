/**
 * How late this process is: a timer with a fixed interval, and the time when it fired. A measurement with a late
 * clock takes its own lateness for the broker's.
 */
import type { TimedWorld } from "../../net/world.ts";

const everyMs = 100;

/** A span in which this process did no due work. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Watches how late the process is, from its making until {@link stop}. */
export class LagWatch {
  readonly #world: TimedWorld;
  readonly #leastMs: number;
  readonly #spans: Span[] = [];
  #dueMs = 0;
  #cancel: () => void = () => {};

  /** @param leastMs the longest lateness that it ignores */
  constructor(world: TimedWorld, leastMs: number) {
    this.#world = world;
    this.#leastMs = leastMs;
    this.#arm();
  }

  /** How late it was at the worst since an instant, in milliseconds; 0 where it was never later than what counts. */
  worstMs(sinceMs = -Infinity): number {
    const spans = [...this.#spans, ...this.#late()].filter(({ untilMs }) => untilMs > sinceMs);
    return Math.max(0, ...spans.map(({ fromMs, untilMs }) => untilMs - fromMs));
  }

  stop(): void {
    this.#cancel();
  }

  #arm(): void {
    this.#dueMs = this.#world.clock.nowMs() + everyMs;
    this.#cancel = this.#world.after(everyMs, () => {
      this.#spans.push(...this.#late());
      this.#arm();
    });
  }

  /** The present span, where its lateness exceeds the minimum. */
  #late(): Span[] {
    const span = { fromMs: this.#dueMs, untilMs: this.#world.clock.nowMs() };
    return span.untilMs - span.fromMs > this.#leastMs ? [span] : [];
  }
}
