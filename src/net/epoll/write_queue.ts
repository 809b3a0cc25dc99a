/** The written bytes of a link that have not been sent, in order. */
import { SmallChunks } from "../tcp/small_chunks.ts";

export class WriteQueue {
  #chunks: Uint8Array[] | undefined;
  /** The sent bytes of the first chunk. */
  #sentBytes = 0;
  #sizeBytes = 0;
  /** Exists from the second queued chunk on. */
  #small: SmallChunks | undefined;

  /** The number of bytes that have not been sent. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(bytes: Uint8Array): void {
    // Usually there is only one.
    if (this.#chunks === undefined) this.#chunks = [bytes];
    else {
      this.#chunks.push(bytes);
      (this.#small ??= new SmallChunks()).added(this.#chunks);
    }
    this.#sizeBytes += bytes.length;
  }

  /** Copies the next bytes to send into a buffer; returns their number. */
  fill(buffer: Uint8Array): number {
    const limit = buffer.length;
    let sizeBytes = 0;
    let from = this.#sentBytes;
    for (const chunk of this.#chunks!) {
      const fits = limit - sizeBytes;
      const isWhole = from === 0 && chunk.length <= fits;
      buffer.set(isWhole ? chunk : chunk.subarray(from, from + fits), sizeBytes);
      sizeBytes += Math.min(chunk.length - from, fits);
      if (sizeBytes === limit) break;
      from = 0;
    }
    return sizeBytes;
  }

  /** Removes the first bytes, which have been sent. */
  sent(sizeBytes: number): void {
    if (sizeBytes === this.#sizeBytes) return this.clear();
    this.#sizeBytes -= sizeBytes;
    const chunks = this.#chunks!;
    let gone = 0;
    let left = this.#sentBytes + sizeBytes;
    while (left >= chunks[gone]!.length) left -= chunks[gone++]!.length;
    chunks.splice(0, gone);
    this.#sentBytes = left;
  }

  clear(): void {
    this.#chunks = this.#small = undefined;
    this.#sentBytes = 0;
    this.#sizeBytes = 0;
  }
}
