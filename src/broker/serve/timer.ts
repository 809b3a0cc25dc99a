/**
 * The one timer of a broker: wakes when the next thing falls due.
 */
import type { Clock } from "../../base/clock.ts";

/** What a timer works for. */
export interface TimerParts {
  readonly clock: Clock;
  /** The next instant; Infinity when there is none. */
  readonly nextMs: () => number;
  /** Handles a portion of what is due. */
  readonly runDue: (nowMs: number) => void;
}

/** The runtime's timers take no more than 2^31 - 1 milliseconds. */
const longestMs = 2_000_000_000;
/** Beyond so much lateness the process was held up, and bytes may wait unread that came in time. */
const heldUpMs = 20;

export class Timer {
  readonly #parts: TimerParts;
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #armedForMs = Infinity;
  #waitedForReads = false;

  constructor(parts: TimerParts) {
    this.#parts = parts;
  }

  /** To be called when instants may have changed; costs a comparison when the next one is not earlier than before. */
  arm(): void {
    const nextMs = this.#parts.nextMs();
    if (nextMs < this.#armedForMs) this.#set(nextMs, nextMs - this.#parts.clock.nowMs());
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#armedForMs = -Infinity;
  }

  #set(atMs: number, delayMs: number): void {
    clearTimeout(this.#timeout);
    this.#armedForMs = atMs;
    this.#timeout = setTimeout(() => this.#fire(), Math.min(longestMs, Math.max(0, Math.ceil(delayMs))));
  }

  /** Lets links be read first, once, when it fires late: no client is to be called silent for the broker's own delay. */
  #fire(): void {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs - this.#armedForMs > heldUpMs && !this.#waitedForReads) {
      this.#waitedForReads = true;
      return this.#set(this.#armedForMs, 0);
    }
    this.#waitedForReads = false;
    this.#armedForMs = Infinity;
    this.#parts.runDue(nowMs);
    this.arm();
  }
}
