/**
 * The next orders of a squad, drawn before they are due. A squad draws the orders of the whole fleet to find its own
 * ones: of a million clients in a hundred parts, a kill of all takes most of a second of drawing. So it draws ahead, in
 * short slices between its other work.
 */
import type { Clock } from "../../base/clock.ts";
import type { KillSchedule, Order } from "./schedule.ts";

/** The longest time of one slice of drawing, in milliseconds. */
export const sliceMs = 2;
/** A shorter slice is not worth its reading of the clock, in milliseconds. */
const leastSliceMs = 0.2;
/** The list is full with so many orders, or once it reaches so far beyond the present. */
const mostOrders = 100_000;
const reachMs = 60_000;
/** With less than this ahead, a slice takes its whole time even if an order is due meanwhile. */
const lowMs = 5_000;
/** Draws between two readings of the clock. */
const burst = 16;

export class OrdersAhead {
  readonly #schedule: KillSchedule;
  readonly #clock: Pick<Clock, "nowMs">;
  #orders: Order[] = [];
  #taken = 0;

  constructor(schedule: KillSchedule, clock: Pick<Clock, "nowMs">) {
    this.#schedule = schedule;
    this.#clock = clock;
  }

  /** The orders that are ready. */
  get size(): number {
    return this.#orders.length - this.#taken;
  }

  /** Draws for one slice, before the kills begin. Returns true once the list is full. */
  fill(): boolean {
    return this.#isFull(0, 1) || this.#draw(0, sliceMs);
  }

  /**
   * Draws for one slice where the list is less than half full.
   *
   * @param passedMs the time since the kills began
   * @param freeMs the time until the next order is due
   */
  refill(passedMs: number, freeMs: number): void {
    if (this.#isFull(passedMs, 0.5)) return;
    const isLow = this.#schedule.atMs < passedMs + lowMs;
    const forMs = isLow ? sliceMs : Math.min(sliceMs, freeMs);
    if (forMs >= leastSliceMs) this.#draw(passedMs, forMs);
  }

  /** The next order; undefined once the plan's phases are over. */
  take(): Order | undefined {
    if (this.size === 0) return this.#schedule.next();
    const order = this.#orders[this.#taken++];
    if (this.#taken === this.#orders.length || this.#taken >= mostOrders) {
      this.#orders = this.#orders.slice(this.#taken);
      this.#taken = 0;
    }
    return order;
  }

  /** Whether the list has this share of its size. */
  #isFull(passedMs: number, share: number): boolean {
    return this.#schedule.over || this.size >= share * mostOrders || this.#schedule.atMs >= passedMs + share * reachMs;
  }

  #draw(passedMs: number, forMs: number): boolean {
    const untilMs = this.#clock.nowMs() + forMs;
    do {
      for (let draws = 0; draws < burst; draws++) {
        const order = this.#schedule.draw();
        if (order !== undefined) this.#orders.push(order);
      }
      if (this.#isFull(passedMs, 1)) return true;
    } while (this.#clock.nowMs() < untilMs);
    return false;
  }
}
