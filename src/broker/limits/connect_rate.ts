/** The number of links that each address has opened in the current second. Nothing is kept longer. */
export class ConnectRate {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();
  #endMs = -Infinity;

  /** @param limit links from one address per second; 0: no limit */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a link; returns how many times over the limit its address is: 0 within it, 1 and more beyond it. */
  count(link: { readonly peer: string }, nowMs: number): number {
    if (this.#limit === 0) return 0;
    if (nowMs >= this.#endMs) {
      this.#counts.clear();
      this.#endMs = nowMs + 1_000;
    }
    const { peer } = link;
    const address = peer.slice(0, peer.lastIndexOf(":"));
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    return Math.floor((count - 1) / this.#limit);
  }
}
