/**
 * Many deadlines with one timer: a heap of due items. The owner calls `takeDue(nowMs)` on each turn and sleeps until
 * `nextMs`. Adding, moving and cancelling cost O(log n) comparisons, and no timer of the runtime.
 */

/** One deadline; its owner keeps it to move or cancel it. */
export interface Deadline<T> {
  /** The item. */
  readonly value: T;
  /** The due time, in the owner's milliseconds. */
  readonly atMs: number;
  /** True until it was taken or cancelled. */
  readonly pending: boolean;
}

class Entry<T> implements Deadline<T> {
  /** Index in the heap; -1 if it is in none. */
  place = -1;

  constructor(readonly value: T, public atMs: number, public order: number) {}

  get pending(): boolean {
    return this.place >= 0;
  }
}

/** Number of children of a node: a shallow heap touches fewer entries. */
const branches = 4;

/** A set of deadlines, earliest first; equal times in the order of addition. */
export class Deadlines<T> {
  readonly #heap: Entry<T>[] = [];
  /** The times of the heap by index: a separate array of numbers, because they are compared most often. */
  readonly #instants: number[] = [];
  #order = 0;

  /** The number of pending deadlines. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest time, or Infinity if none is pending. */
  get nextMs(): number {
    return this.#instants.length === 0 ? Infinity : this.#instants[0]!;
  }

  /** The item with the earliest time. */
  get next(): T | undefined {
    return this.#heap[0]?.value;
  }

  /** Adds an item that is due at `atMs`. */
  add(atMs: number, value: T): Deadline<T> {
    const entry = new Entry(value, atMs, this.#order++);
    this.#append(entry);
    return entry;
  }

  /** Moves a pending deadline, or adds it again if it was taken or cancelled. */
  move(deadline: Deadline<T>, atMs: number): void {
    const entry = deadline as Entry<T>;
    entry.atMs = atMs;
    entry.order = this.#order++;
    if (entry.pending) this.#settle(entry, entry.place);
    else this.#append(entry);
  }

  /** Removes a deadline; does nothing if it is not pending. */
  cancel(deadline: Deadline<T>): void {
    const entry = deadline as Entry<T>;
    if (entry.pending) this.#remove(entry);
  }

  /** Removes and returns the earliest item that is due at or before `nowMs`; undefined if there is none. */
  takeDue(nowMs: number): T | undefined {
    if (this.nextMs > nowMs || this.#heap.length === 0) return undefined;
    const first = this.#heap[0]!;
    this.#remove(first);
    return first.value;
  }

  #append(entry: Entry<T>): void {
    this.#heap.push(entry);
    this.#instants.push(entry.atMs);
    this.#rise(entry, this.#heap.length - 1);
  }

  #remove(entry: Entry<T>): void {
    const last = this.#heap.pop()!;
    this.#instants.pop();
    if (last !== entry) this.#settle(last, entry.place);
    entry.place = -1;
  }

  /** Finds the index of an entry, starting at a free index. */
  #settle(entry: Entry<T>, place: number): void {
    if (this.#rise(entry, place) === place) this.#sink(entry, place);
  }

  /** Moves a free index towards the top, past all later entries; returns its new index. */
  #rise(entry: Entry<T>, from: number): number {
    let place = from;
    while (place > 0) {
      const parent = Math.floor((place - 1) / branches);
      if (!this.#isBefore(entry, parent)) break;
      this.#put(this.#heap[parent]!, place);
      place = parent;
    }
    this.#put(entry, place);
    return place;
  }

  /** Moves a free index down, past all earlier entries. */
  #sink(entry: Entry<T>, from: number): void {
    let place = from;
    for (;;) {
      const child = this.#earliestChild(place);
      if (child < 0 || this.#isBefore(entry, child)) break;
      this.#put(this.#heap[child]!, place);
      place = child;
    }
    this.#put(entry, place);
  }

  /** Negative if there is none. */
  #earliestChild(place: number): number {
    const first = branches * place + 1;
    const to = Math.min(first + branches, this.#heap.length);
    let earliest = first < to ? first : -1;
    for (let child = first + 1; child < to; child++) {
      if (this.#isBefore(this.#heap[child]!, earliest, this.#instants[child])) earliest = child;
    }
    return earliest;
  }

  #put(entry: Entry<T>, place: number): void {
    this.#heap[place] = entry;
    this.#instants[place] = entry.atMs;
    entry.place = place;
  }

  /** Whether an entry is earlier than the one at an index. */
  #isBefore(entry: Entry<T>, place: number, atMs = entry.atMs): boolean {
    const otherMs = this.#instants[place]!;
    return atMs < otherMs || (atMs === otherMs && entry.order < this.#heap[place]!.order);
  }
}
