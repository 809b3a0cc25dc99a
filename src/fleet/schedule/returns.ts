/**
 * The instants at which many clients return: a heap in typed arrays, 20 bytes for each client. A blackout of a million
 * clients has a million of them at once, and as objects they would take 80 MB and long pauses for garbage.
 */

/** Number of children of a node: a shallow heap touches fewer entries. */
const branches = 4;

/** Clients by their instant, earliest first; equal instants in the order of addition. */
export class Returns {
  #instants = new Float64Array(0);
  #orders = new Float64Array(0);
  #clients = new Int32Array(0);
  #size = 0;
  #order = 0;

  /** The earliest instant, or Infinity if no client waits. */
  get nextMs(): number {
    return this.#size === 0 ? Infinity : this.#instants[0]!;
  }

  add(atMs: number, client: number): void {
    if (this.#size === this.#clients.length) this.#grow();
    this.#rise(this.#size++, atMs, this.#order++, client);
  }

  /** Takes the earliest client that is due at or before `nowMs`; undefined if there is none. */
  takeDue(nowMs: number): number | undefined {
    if (this.nextMs > nowMs || this.#size === 0) return undefined;
    const client = this.#clients[0]!;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#instants[last]!, this.#orders[last]!, this.#clients[last]!);
    return client;
  }

  #grow(): void {
    const size = Math.max(256, this.#size * 2);
    const [instants, orders, clients] = [new Float64Array(size), new Float64Array(size), new Int32Array(size)];
    instants.set(this.#instants);
    orders.set(this.#orders);
    clients.set(this.#clients);
    [this.#instants, this.#orders, this.#clients] = [instants, orders, clients];
  }

  /** Moves a free place towards the top, past all later entries, and fills it. */
  #rise(from: number, atMs: number, order: number, client: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1 - (place - 1) % branches) / branches;
      if (!this.#isAfter(parent, atMs, order)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, atMs, order, client);
  }

  /** Moves the free place at the top down, past all earlier entries, and fills it. */
  #sink(atMs: number, order: number, client: number): void {
    let place = 0;
    for (;;) {
      const child = this.#earliestChild(place);
      if (child < 0 || this.#isAfter(child, atMs, order)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, atMs, order, client);
  }

  /** Negative if there is none. */
  #earliestChild(place: number): number {
    const first = branches * place + 1;
    const to = Math.min(first + branches, this.#size);
    let earliest = first < to ? first : -1;
    for (let child = first + 1; child < to; child++) {
      if (this.#isAfter(earliest, this.#instants[child]!, this.#orders[child]!)) earliest = child;
    }
    return earliest;
  }

  #isAfter(place: number, atMs: number, order: number): boolean {
    const its = this.#instants[place]!;
    return its > atMs || (its === atMs && this.#orders[place]! > order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#instants[from]!, this.#orders[from]!, this.#clients[from]!);
  }

  #put(place: number, atMs: number, order: number, client: number): void {
    this.#instants[place] = atMs;
    this.#orders[place] = order;
    this.#clients[place] = client;
  }
}
