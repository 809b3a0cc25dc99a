/**
 * The waits of a loop for an instant. A timer descriptor in the epoll set ends a wait between two milliseconds. The
 * operating system wakes a thread some tens of microseconds late: the timer is set earlier, by the lateness of the more
 * punctual of the last waits, and the thread spins for the rest.
 */
import type { Clock } from "../../base/clock.ts";
import { Epoll, type Libc } from "./libc.ts";

/** The longest head start, in milliseconds: a spin takes no longer. */
const mostLeadMs = 0.2;
/** The share of the last wait in the measured lateness, if it was later than that, and if it was not. */
const laterShare = 1 / 8;
const soonerShare = 1 / 8;

export class LoopTimer {
  readonly #libc: Libc;
  #descriptor = -1;
  /** The instant that it is set to. */
  #atMs = Infinity;
  /** How late a punctual wait ends. */
  #leadMs = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  get isOpen(): boolean {
    return this.#descriptor >= 0;
  }

  /** Without a descriptor it stays closed, and the loop waits in whole milliseconds, and then polls. */
  open(epoll: number): void {
    this.#libc.wakeExactly();
    this.#atMs = Infinity;
    this.#descriptor = this.#libc.openTimer();
    if (!this.isOpen || this.#libc.watch(epoll, this.#descriptor, 0, Epoll.in) >= 0) return;
    this.close();
  }

  close(): void {
    if (this.isOpen) this.#libc.close(this.#descriptor);
    this.#descriptor = -1;
  }

  /** Once the instant has passed, each wait ends at once until the timer is set to another. */
  setAt(atMs: number, nowMs: number): void {
    if (atMs === this.#atMs) return;
    this.#libc.setTimer(this.#descriptor, atMs - nowMs);
    this.#atMs = atMs;
  }

  /** As {@link setAt}, with the head start for {@link spinUntil}. */
  setBefore(atMs: number, nowMs: number): void {
    this.setAt(Math.max(nowMs, atMs - this.#leadMs), nowMs);
  }

  /** Sleeps, whatever the descriptors report meanwhile. */
  sleepUntil(atMs: number, clock: Clock): void {
    const nowMs = clock.nowMs();
    this.#atMs = atMs - this.#leadMs;
    if (this.#atMs > nowMs) this.#libc.sleep(this.#atMs - nowMs);
    this.spinUntil(atMs, clock);
  }

  /** Ends a wait for an instant that is almost there, without a system call; does nothing for a later instant. */
  spinUntil(atMs: number, clock: Clock): void {
    let nowMs = clock.nowMs();
    const lateMs = nowMs - this.#atMs;
    if (lateMs >= 0) this.#note(Math.min(mostLeadMs, lateMs) - this.#leadMs);
    if (atMs - nowMs > mostLeadMs) return;
    while (nowMs < atMs) nowMs = clock.nowMs();
  }

  /** @param moreMs how much later the last wait was than expected */
  #note(moreMs: number): void {
    this.#leadMs += moreMs * (moreMs > 0 ? laterShare : soonerShare);
  }
}
