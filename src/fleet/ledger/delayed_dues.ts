/** When the wills of those who died are due, by their delay: a broker that keeps them in a list lets one wait for others. */
export class DelayedDues {
  readonly #lastByDelay = new Map<number, number>();

  /** A life has ended whose will is due then; without a delay it waits for nobody. */
  add(delayS: number, dueMs: number): void {
    if (delayS > 0) this.#lastByDelay.set(delayS, Math.max(dueMs, this.#lastByDelay.get(delayS) ?? -Infinity));
  }

  /** When the last will of this or a shorter delay is due, of those who have died. */
  lastMs(delayS: number): number {
    let lastMs = -Infinity;
    for (const [otherS, dueMs] of this.#lastByDelay) if (otherS <= delayS) lastMs = Math.max(lastMs, dueMs);
    return lastMs;
  }
}
