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
   * Resolves when the broker has restarted, after every participant has called it or left.
   *
   * @param lastly work for the last moment before the restart
   */
  join(lastly: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lastly, resolve, reject });
      this.#look();
    });
  }

  /** One participant leaves. */
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
