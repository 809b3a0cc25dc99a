/**
 * The messages in flight to one client, by packet identifier. Owns the assignment of packet identifiers.
 *
 * The table is two arrays, so that a message in flight needs no object, and an acknowledgement frees none. A message
 * has the slot of its packet identifier modulo the number of slots: an identifier whose slot is in use is not assigned.
 */
import type { Delivery } from "../message/delivery.ts";

const firstSlots = 8;
/** A table that is half full is replaced by one this many times larger. */
const growth = 4;
/** An empty table with more slots than this is dropped. */
const keptSlots = 64;
/** Each packet identifier has its own slot in a table of this size. */
const mostSlots = 65_536;
const highestId = 65_535;

/** One message in flight, for the end of a connection or session. */
interface Flight {
  readonly packetId: number;
  readonly delivery: Delivery;
}

export class InFlight {
  /** By slot; undefined: the slot is free. */
  #deliveries: (Delivery | undefined)[] = [];
  /** By slot: the lap and the packet identifier, a number that grows in the order of first sending. */
  #marks: number[] = [];
  /** Of QoS 2: PUBREL was sent. */
  #released: Set<number> | undefined;
  #size = 0;
  #lastId = 0;
  /** How many times the packet identifiers began again at 1, in the upper bits of a mark. */
  #lap = 0;

  get size(): number {
    return this.#size;
  }

  get(packetId: number): Delivery | undefined {
    const slot = packetId & this.#deliveries.length - 1;
    return (this.#marks[slot]! & 0xffff) === packetId ? this.#deliveries[slot] : undefined;
  }

  /** A packet identifier that is not in use. At most 65,534 may be. // [MQTT5 2.2.1-4] [MQTT311 2.3.1-4] */
  assign(): number {
    const { length } = this.#deliveries;
    if (2 * this.#size >= length && length < mostSlots) {
      this.#setSlots(Math.min(mostSlots, Math.max(firstSlots, growth * length)));
    }
    const mask = this.#deliveries.length - 1;
    let id = this.#lastId;
    do {
      if (id++ === highestId) {
        id = 1;
        this.#lap += mostSlots;
      }
    } while (this.#deliveries[id & mask] !== undefined);
    return this.#lastId = id;
  }

  /** Adds a message that is sent under the packet identifier that was assigned last. */
  add(delivery: Delivery): void {
    this.#put(this.#lap + this.#lastId, delivery);
  }

  /** Adds a message of an earlier broker; they come in the order of first sending. */
  restore(packetId: number, delivery: Delivery): void {
    if (packetId <= this.#lastId) this.#lap += mostSlots;
    this.#lastId = packetId;
    if (this.#deliveries.length === 0) this.#setSlots(firstSlots);
    while (this.#deliveries[packetId & this.#deliveries.length - 1] !== undefined) {
      this.#setSlots(2 * this.#deliveries.length);
    }
    this.add(delivery);
  }

  /** Whether PUBREL was sent. */
  isReleased(packetId: number): boolean {
    return this.#released?.has(packetId) === true;
  }

  release(packetId: number): void {
    (this.#released ??= new Set()).add(packetId);
  }

  /** Removes a message, which must be in flight. */
  delete(packetId: number): void {
    this.#released?.delete(packetId);
    this.#deliveries[packetId & this.#deliveries.length - 1] = undefined;
    if (--this.#size === 0 && this.#deliveries.length > keptSlots) this.#empty();
  }

  /** All of them, in the order of first sending. */
  inOrder(): Flight[] {
    const slots = [...this.#deliveries.keys()].filter((slot) => this.#deliveries[slot] !== undefined);
    slots.sort((one, other) => this.#marks[one]! - this.#marks[other]!);
    return slots.map((slot) => ({ packetId: this.#marks[slot]! & 0xffff, delivery: this.#deliveries[slot]! }));
  }

  clear(): void {
    this.#empty();
    this.#released = undefined;
    this.#size = 0;
  }

  #put(mark: number, delivery: Delivery): void {
    const slot = mark & this.#deliveries.length - 1;
    this.#deliveries[slot] = delivery;
    this.#marks[slot] = mark;
    this.#size++;
  }

  #empty(): void {
    this.#deliveries = [];
    this.#marks = [];
  }

  /** Messages that have different slots in a table have different slots in a larger one. */
  #setSlots(count: number): void {
    const deliveries = this.#deliveries;
    const marks = this.#marks;
    this.#deliveries = new Array<Delivery | undefined>(count).fill(undefined);
    this.#marks = new Array<number>(count).fill(0);
    this.#size = 0;
    for (const [slot, delivery] of deliveries.entries()) {
      if (delivery !== undefined) this.#put(marks[slot]!, delivery);
    }
  }
}
