/** The one timer of a broker: fires when the next action is due. */
import type { Clock } from "../../base/clock.ts";

/** The functions that a timer uses. */
export interface TimerDeps {
  readonly clock: Clock;
  /** The next due time; Infinity if there is none. */
  readonly nextMs: () => number;
  /** Handles a portion of the due actions. */
  readonly runDue: (nowMs: number) => void;
}

/** The runtime's timers accept at most 2^31 - 1 milliseconds. */
const longestMs = 2_000_000_000;
/** Beyond this lateness in milliseconds the process was stalled, and bytes that arrived in time may be unread. */
const heldUpMs = 20;

export class Timer {
  readonly #deps: TimerDeps;
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #armedForMs = Infinity;
  #waitedForReads = false;

  constructor(deps: TimerDeps) {
    this.#deps = deps;
  }

  /** Call this when due times may have changed; costs one comparison if the next one is not earlier than before. */
  arm(): void {
    const nextMs = this.#deps.nextMs();
    if (nextMs < this.#armedForMs) this.#set(nextMs, nextMs - this.#deps.clock.nowMs());
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

  /**
   * If it fires late, reads links first, once, so that no client counts as silent because of the broker's own delay.
   */
  #fire(): void {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#armedForMs > heldUpMs && !this.#waitedForReads) {
      this.#waitedForReads = true;
      return this.#set(this.#armedForMs, 0);
    }
    this.#waitedForReads = false;
    this.#armedForMs = Infinity;
    this.#deps.runDue(nowMs);
    this.arm();
  }
}
