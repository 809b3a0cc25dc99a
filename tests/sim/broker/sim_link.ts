/**
 * A link of the simulation: the broker's end is a `Link`; the client's end is two queues that the simulation empties in
 * steps, so that each cut, delay and full link can occur. The broker's writes carry their times.
 */
import type { Link, LinkEnd, LinkReceiver } from "../../../src/net/link.ts";

/** Bytes from the broker, and when it wrote them. */
export interface Written {
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

const noReceiver: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };

export class SimLink implements Link {
  receiver: LinkReceiver = noReceiver;
  readonly peer = "sim";
  /** How the broker ended its side, if it did. */
  ending: "end" | "reset" | undefined;
  /** Messages written after the link had reported that it was full. */
  pushed = 0;
  readonly #nowMs: () => number;
  readonly #highWaterBytes: number;
  #written: Written[] = [];
  #bufferedBytes = 0;
  #wantsDrain = false;
  #over = false;

  /** @param highWaterBytes the number of unread bytes above which the link is full */
  constructor(nowMs: () => number, highWaterBytes: number) {
    this.#nowMs = nowMs;
    this.#highWaterBytes = highWaterBytes;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get open(): boolean {
    return this.ending === undefined && !this.#over;
  }

  /** Whether the broker has seen the end of the link. */
  get over(): boolean {
    return this.#over;
  }

  get unread(): number {
    return this.#written.length;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.open) return true;
    if (this.#wantsDrain && bytes[0]! >> 4 === 3) this.pushed++;
    this.#written.push({ bytes, atMs: this.#nowMs() });
    this.#bufferedBytes += bytes.length;
    if (this.#bufferedBytes <= this.#highWaterBytes) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (this.open) this.ending = "end";
  }

  reset(): void {
    if (this.open) this.ending = "reset";
    this.#written = [];
  }

  pause(): void {}

  resume(): void {}

  /** The client takes the oldest write. */
  take(): Written | undefined {
    const written = this.#written.shift();
    if (written === undefined) return undefined;
    this.#bufferedBytes -= written.bytes.length;
    return written;
  }

  /** The broker sees that a full link is empty again. */
  drain(): void {
    if (!this.#wantsDrain || this.#bufferedBytes > 0) return;
    this.#wantsDrain = false;
    if (this.open) this.receiver.onDrain();
  }

  /** The broker sees how the link ended, once. */
  finish(end: LinkEnd["kind"] & ("fin" | "reset" | "closed")): void {
    if (this.#over) return;
    this.#over = true;
    this.#written = [];
    this.receiver.onEnd({ kind: end });
  }
}
