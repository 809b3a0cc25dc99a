/**
 * Many instants, one timer: a binary heap of things that fall due. Whoever owns it asks `takeDue(nowMs)` on each turn
 * and sleeps until `nextMs`. Adding, moving and cancelling cost O(log n) comparisons and no timer of the runtime's.
 */

/** One thing that falls due; held by whoever may want to move or cancel it. */
export interface Deadline<T> {
  /** What falls due. */
  readonly value: T;
  /** When, in the owner's milliseconds. */
  readonly atMs: number;
  /** True until it was taken or cancelled. */
  readonly pending: boolean;
}

class Entry<T> implements Deadline<T> {
  /** Place in the heap; -1 when it is in none. */
  place = -1;

  constructor(readonly value: T, public atMs: number, public order: number) {}

  get pending(): boolean {
    return this.place >= 0;
  }
}

/** A set of deadlines, earliest first; equal instants in the order in which they were added. */
export class Deadlines<T> {
  readonly #heap: Entry<T>[] = [];
  #order = 0;

  /** How many are pending. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest instant, or Infinity when nothing is pending. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  /** Adds a thing that falls due at `atMs`. */
  add(atMs: number, value: T): Deadline<T> {
    const entry = new Entry(value, atMs, this.#order++);
    entry.place = this.#heap.length;
    this.#heap.push(entry);
    this.#rise(entry);
    return entry;
  }

  /** Moves a pending deadline, or adds it anew when it was taken or cancelled. */
  move(deadline: Deadline<T>, atMs: number): void {
    const entry = deadline as Entry<T>;
    entry.atMs = atMs;
    entry.order = this.#order++;
    if (!entry.pending) {
      entry.place = this.#heap.length;
      this.#heap.push(entry);
    }
    this.#rise(entry);
    this.#sink(entry);
  }

  /** Takes a deadline out; a no-op when it is no longer pending. */
  cancel(deadline: Deadline<T>): void {
    const entry = deadline as Entry<T>;
    if (entry.pending) this.#remove(entry);
  }

  /** Takes the earliest thing whose instant is `nowMs` or before; undefined when there is none. */
  takeDue(nowMs: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.#remove(first);
    return first.value;
  }

  #remove(entry: Entry<T>): void {
    const last = this.#heap.pop()!;
    if (last !== entry) {
      this.#put(last, entry.place);
      this.#rise(last);
      this.#sink(last);
    }
    entry.place = -1;
  }

  #rise(entry: Entry<T>): void {
    while (entry.place > 0) {
      const parent = this.#heap[(entry.place - 1) >> 1]!;
      if (!before(entry, parent)) return;
      const place = parent.place;
      this.#put(parent, entry.place);
      this.#put(entry, place);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * entry.place + 2];
      const child = right !== undefined && before(right, left) ? right : left;
      if (!before(child, entry)) return;
      const place = child.place;
      this.#put(child, entry.place);
      this.#put(entry, place);
    }
  }

  #put(entry: Entry<T>, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}

function before<T>(one: Entry<T>, other: Entry<T>): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
