/** Joins consecutive small queued writes: a chunk of two bytes costs some hundred bytes of memory by itself. */
import { joinedBytes } from "../../base/bytes.ts";

const smallBytes = 512;
const joinAt = 256;

/** Counts small chunks at the end of a list. */
export class SmallChunks {
  #inRow = 0;

  /** Call this after adding a chunk to the end of the list: joins the last chunks if many of them are small. */
  added(chunks: Uint8Array[]): void {
    if (chunks.at(-1)!.length >= smallBytes) this.#inRow = 0;
    else if (++this.#inRow === joinAt) {
      const count = Math.min(joinAt, chunks.length);
      chunks.push(joinedBytes(chunks.splice(-count)));
      this.#inRow = 0;
    }
  }
}
