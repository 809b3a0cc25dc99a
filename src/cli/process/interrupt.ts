/**
 * Ctrl-C: the first requests an early end, the second an immediate one.
 */
import { type Clock, monotonicClock } from "../../base/clock.ts";

/** The interrupts so far, from a person at the keyboard or a supervisor. */
export interface Interrupts {
  /** Aborts at the first signal: end early, and in good order. */
  readonly early: AbortSignal;
  /** Aborts at the second signal: end at once. */
  readonly atOnce: AbortSignal;
  /** Signals are the runtime's again. */
  close(): void;
}

/**
 * On a terminal Ctrl-C reaches every process of the group, and `deno task` and npx forward theirs as well: one press
 * may arrive as several signals. A signal this soon after the first belongs to the same press.
 */
const samePressMs = 500;

/** Turns a stream of signals into the two wishes. */
export class SignalCounter {
  readonly #early = new AbortController();
  readonly #atOnce = new AbortController();
  readonly #clock: Clock;
  #firstMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get early(): AbortSignal {
    return this.#early.signal;
  }

  get atOnce(): AbortSignal {
    return this.#atOnce.signal;
  }

  /** A signal has come. */
  take(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#firstMs === undefined) {
      this.#firstMs = nowMs;
      this.#early.abort();
    } else if (nowMs - this.#firstMs >= samePressMs) this.#atOnce.abort();
  }
}

/** Listens to SIGINT and SIGTERM (on Windows SIGBREAK) until it is closed. */
export function openInterrupts(): Interrupts {
  const counter = new SignalCounter(monotonicClock);
  const take = () => counter.take();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, take);
  return {
    early: counter.early,
    atOnce: counter.atOnce,
    close: () => signals.forEach((signal) => Deno.removeSignalListener(signal, take)),
  };
}

/** Fulfilled when the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
