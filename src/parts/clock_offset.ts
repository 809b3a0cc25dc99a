/** The offset of a part's clock to that of the coordinator, by pings: the quickest round trip has the least error. */
import type { OffsetFacts } from "./message.ts";
import { pings } from "./limits.ts";

export class ClockOffset {
  #best: OffsetFacts | undefined;
  #answers = 0;

  /** The best measurement so far. The offset is the coordinator's time minus the part's. */
  get best(): OffsetFacts | undefined {
    return this.#best;
  }

  /** True once enough pings were answered. */
  get isSettled(): boolean {
    return this.#answers >= pings;
  }

  /** @param sentMs and `nowMs` by the part's clock; `atMs` by the coordinator's */
  answered(sentMs: number, atMs: number, nowMs: number): void {
    const rttMs = nowMs - sentMs;
    if (rttMs < 0) return;
    this.#answers++;
    if (this.#best !== undefined && rttMs >= this.#best.rttMs) return;
    this.#best = { offsetMs: atMs - (sentMs + rttMs / 2), errorMs: rttMs / 2, rttMs };
  }
}
