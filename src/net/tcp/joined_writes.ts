/**
 * The writes of one turn, joined: small packets written one by one leave in one call to the operating system.
 */
import { joined, SmallChunks } from "./small_chunks.ts";

export class JoinedWrites {
  #chunks: Uint8Array[] | undefined;
  readonly #small = new SmallChunks();
  #sizeBytes = 0;

  /** Bytes waiting. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds bytes, which are kept and not copied until they are taken. */
  push(bytes: Uint8Array): void {
    if (this.#chunks === undefined) this.#chunks = [bytes];
    else this.#chunks.push(bytes);
    this.#small.added(this.#chunks);
    this.#sizeBytes += bytes.length;
  }

  /** All that waits, in order, as one piece. */
  take(): Uint8Array {
    const chunks = this.#chunks ?? [];
    this.clear();
    return chunks.length === 1 ? chunks[0]! : joined(chunks);
  }

  /** Drops all that waits. */
  clear(): void {
    this.#chunks = undefined;
    this.#sizeBytes = 0;
  }
}
