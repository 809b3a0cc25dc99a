/**
 * Two links joined in memory: each receives what the other writes, in order, when the scheduler runs. For the
 * simulation and for tests without sockets.
 */
import { highWaterBytes, type Link, type LinkEnd, type LinkReceiver } from "./link.ts";

const noReceiver: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };

/**
 * Creates a pair of open links.
 *
 * @param schedule runs tasks later, in the given order; a test can hold them back
 */
export function memoryLinkPair(schedule: (task: () => void) => void): [near: MemoryLink, far: MemoryLink] {
  const near = new MemoryLink("memory:near", schedule);
  const far = new MemoryLink("memory:far", schedule);
  near.join(far);
  far.join(near);
  return [near, far];
}

/** One end of a pair. */
export class MemoryLink implements Link {
  receiver: LinkReceiver = noReceiver;
  readonly #schedule: (task: () => void) => void;
  #other!: MemoryLink;
  #bufferedBytes = 0;
  #open = true;
  #over = false;
  #paused = false;
  #held: Uint8Array[] = [];
  #heldEnd: LinkEnd | undefined;
  #wantsDrain = false;
  #isCut = false;

  /** Created in pairs by {@link memoryLinkPair}. */
  constructor(readonly peer: string, schedule: (task: () => void) => void) {
    this.#schedule = schedule;
  }

  /** Used once by {@link memoryLinkPair}. */
  join(other: MemoryLink): void {
    this.#other = other;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get open(): boolean {
    return this.#open;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    this.#bufferedBytes += bytes.length;
    this.#schedule(() => this.#other.#take(bytes));
    if (this.#bufferedBytes <= highWaterBytes) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    this.#close({ kind: "fin" });
  }

  reset(): void {
    this.#close({ kind: "reset" });
  }

  /** No byte and no end passes any more, in either direction. */
  cut(): void {
    this.#isCut = this.#other.#isCut = true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule(() => this.#catchUp());
  }

  #catchUp(): void {
    while (!this.#paused && this.#held.length > 0) this.#hand(this.#held.shift()!);
    if (!this.#holding && this.#heldEnd !== undefined) this.#finish(this.#heldEnd);
  }

  /** True while incoming bytes must wait: the link is paused, or still has older ones. */
  get #holding(): boolean {
    return this.#paused || this.#held.length > 0;
  }

  #close(seenByPeer: LinkEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.#schedule(() => {
      if (!this.#isCut) this.#other.#finish(seenByPeer);
      this.#finish({ kind: "closed" });
    });
  }

  #take(bytes: Uint8Array): void {
    if (this.#over || this.#isCut) return;
    if (this.#holding) this.#held.push(bytes);
    else this.#hand(bytes);
  }

  #hand(bytes: Uint8Array): void {
    this.#other.#taken(bytes.length);
    if (this.#open) this.receiver.onBytes(bytes);
  }

  #taken(sizeBytes: number): void {
    this.#bufferedBytes -= sizeBytes;
    if (!this.#wantsDrain || this.#bufferedBytes > 0) return;
    this.#wantsDrain = false;
    if (this.#open) this.#schedule(() => this.#open && this.receiver.onDrain());
  }

  #finish(end: LinkEnd): void {
    if (this.#over) return;
    if (this.#holding && end.kind !== "closed") {
      this.#heldEnd = end;
      return;
    }
    this.#over = true;
    this.#open = false;
    this.receiver.onEnd(end);
  }
}
