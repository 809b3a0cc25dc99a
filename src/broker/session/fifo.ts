/** A first-in, first-out queue, with constant cost at both ends. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The next item; undefined if there is none. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Removes and returns the next item; undefined if there is none. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= 1_024 && 2 * this.#head >= this.#items.length) this.#compact();
    return item;
  }

  /** Keeps the items for which `isKept` is true, in order. Linear cost. */
  keep(isKept: (item: T) => boolean): void {
    this.#items = this.#items.slice(this.#head).filter((item) => isKept(item as T));
    this.#head = 0;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
