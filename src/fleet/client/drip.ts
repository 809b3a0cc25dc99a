/** Bytes that a link sends one by one. */
import type { Deadlines } from "../../base/deadlines.ts";
import type { Link } from "../../net/link.ts";
import type { Wakeable } from "./fleet_world.ts";

export class Drip implements Wakeable {
  readonly #wakes: Deadlines<Wakeable>;
  readonly #link: Link;
  readonly #bytes: Uint8Array;
  readonly #everyMs: number;
  #sent = 0;

  constructor(wakes: Deadlines<Wakeable>, link: Link, bytes: Uint8Array, everyMs: number) {
    this.#wakes = wakes;
    this.#link = link;
    this.#bytes = bytes;
    this.#everyMs = everyMs;
  }

  /** Sends the next byte; ends with the bytes or with the link. */
  wake(nowMs: number): void {
    if (!this.#link.open || this.#sent === this.#bytes.length) return;
    this.#link.write(this.#bytes.subarray(this.#sent, ++this.#sent));
    this.#wakes.add(nowMs + this.#everyMs, this);
  }
}
