/** A timer descriptor in an epoll set: it ends a wait at an instant, which epoll alone does in whole milliseconds. */
import { Epoll, type Libc } from "./libc.ts";

export class LoopTimer {
  readonly #libc: Libc;
  #descriptor = -1;
  /** The instant that it is set to. */
  #atMs = Infinity;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  get isOpen(): boolean {
    return this.#descriptor >= 0;
  }

  /** Without a descriptor it stays closed, and the loop waits in whole milliseconds, and then polls. */
  open(epoll: number): void {
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
}
