/**
 * One restart of the broker for several cases: each prepares, all wait for each other, the broker is restarted once, and
 * each looks on for itself.
 */

/** A case that waits. */
interface Waiting {
  readonly lastly: () => Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** One restart for several. */
export class SharedRestart {
  readonly #restart: () => Promise<void>;
  #waiting: Waiting[] = [];
  #taking: number;

  /** @param taking how many take part; each is to {@link leave} when it is over */
  constructor(restart: () => Promise<void>, taking: number) {
    this.#restart = restart;
    this.#taking = taking;
  }

  /**
   * Fulfilled when the broker was restarted, after all who take part have come here or left.
   *
   * @param lastly what is to be done only then, as shortly before the restart as can be
   */
  join(lastly: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lastly, resolve, reject });
      this.#look();
    });
  }

  /** One takes part no more. */
  leave(): void {
    this.#taking--;
    this.#look();
  }

  #look(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#taking) return;
    void this.#go(this.#waiting);
    this.#waiting = [];
  }

  async #go(all: readonly Waiting[]): Promise<void> {
    const ready = await Promise.all(all.map(async (one) => {
      try {
        await one.lastly();
        return [one];
      } catch (error) {
        one.reject(error);
        return [];
      }
    }));
    if (ready.flat().length === 0) return;
    try {
      await this.#restart();
      for (const one of ready.flat()) one.resolve();
    } catch (error) {
      for (const one of ready.flat()) one.reject(error);
    }
  }
}
