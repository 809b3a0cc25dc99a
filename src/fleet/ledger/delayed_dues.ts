/** When the wills of ended lives are due, by their delay: in a broker that lists them, one will may wait for others. */
export class DelayedDues {
  readonly #lastByDelay = new Map<number, number>();

  /** A life has ended with a will that is due then; a will without a delay waits for no other. */
  add(delayS: number, dueMs: number): void {
    if (delayS > 0) this.#lastByDelay.set(delayS, Math.max(dueMs, this.#lastByDelay.get(delayS) ?? -Infinity));
  }

  /** When the last will of this or a shorter delay is due, among the ended lives. */
  lastMs(delayS: number): number {
    let lastMs = -Infinity;
    for (const [otherS, dueMs] of this.#lastByDelay) if (otherS <= delayS) lastMs = Math.max(lastMs, dueMs);
    return lastMs;
  }
}
