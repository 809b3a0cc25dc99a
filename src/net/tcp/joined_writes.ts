/** Joins the writes of one turn, so that small packets are sent with one system call. */
import { joinedBytes } from "../../base/bytes.ts";
import { SmallChunks } from "./small_chunks.ts";

export class JoinedWrites {
  #chunks: Uint8Array[] | undefined;
  readonly #small = new SmallChunks();
  #sizeBytes = 0;

  /** Number of queued bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Queues bytes, which are not copied until they are taken. */
  push(bytes: Uint8Array): void {
    if (this.#chunks === undefined) this.#chunks = [bytes];
    else this.#chunks.push(bytes);
    this.#small.added(this.#chunks);
    this.#sizeBytes += bytes.length;
  }

  /** Removes and returns all queued bytes, in order, as one chunk. */
  take(): Uint8Array {
    const chunks = this.#chunks ?? [];
    this.clear();
    return chunks.length === 1 ? chunks[0]! : joinedBytes(chunks);
  }

  /** Drops all queued bytes. */
  clear(): void {
    this.#chunks = undefined;
    this.#sizeBytes = 0;
  }
}
