/**
 * The written bytes of a link that have not been sent, in order. Copies of small writes share buffers: a separate array
 * for each costs more than its bytes.
 */
import { SmallChunks } from "../tcp/small_chunks.ts";
import { copyBytes, copyOf } from "../../mqtt/codec/small_bytes.ts";

/** A larger write keeps its own array behind copied ones, unless it must be copied itself. */
const smallBytes = 256;
/** Sizes of the first buffer for copies and of the largest one, in bytes; each is twice as large as the last. */
const firstBytes = 512;
const largestBytes = 16 * 1024;

/** Buffers of the largest size that no queue of this thread uses, and the most of them. */
const spare: Uint8Array[] = [];
const mostSpare = 64;

/** A buffer for copies: `from` to `to` is not among the chunks yet. */
interface Tail {
  readonly buffer: Uint8Array;
  from: number;
  to: number;
  /** Full buffers of the largest size before this one, which others may use when all bytes have been sent. */
  readonly full: Uint8Array[];
}

export class WriteQueue {
  #chunks: Uint8Array[] | undefined;
  /** The sent bytes of the first chunk. */
  #sentBytes = 0;
  #sizeBytes = 0;
  /** Exists from the second copied write on; its bytes follow those of the chunks. */
  #tail: Tail | undefined;
  /** Exists from the second queued chunk on. */
  #small: SmallChunks | undefined;

  /** The number of bytes that have not been sent. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds bytes that the caller will not change. */
  add(bytes: Uint8Array): void {
    if (this.#tail !== undefined && bytes.length <= smallBytes) this.#append(bytes);
    else this.#push(bytes);
  }

  /** Adds a copy of bytes that the caller may change. */
  addCopy(bytes: Uint8Array): void {
    if (this.#sizeBytes > 0) this.#append(bytes);
    else this.#push(copyOf(bytes, 0, bytes.length));
  }

  /** Copies the next bytes to send into a buffer; returns their number. */
  fill(buffer: Uint8Array): number {
    this.#seal();
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
    this.#seal();
    this.#sizeBytes -= sizeBytes;
    const chunks = this.#chunks!;
    let gone = 0;
    let left = this.#sentBytes + sizeBytes;
    while (left >= chunks[gone]!.length) left -= chunks[gone++]!.length;
    chunks.splice(0, gone);
    this.#sentBytes = left;
  }

  clear(): void {
    if (this.#tail !== undefined) give(this.#tail);
    this.#chunks = this.#tail = this.#small = undefined;
    this.#sentBytes = 0;
    this.#sizeBytes = 0;
  }

  #push(bytes: Uint8Array): void {
    this.#seal();
    if (this.#chunks === undefined) this.#chunks = [bytes];
    else {
      this.#chunks.push(bytes);
      (this.#small ??= new SmallChunks()).added(this.#chunks);
    }
    this.#sizeBytes += bytes.length;
  }

  #append(bytes: Uint8Array): void {
    let tail = this.#tail;
    if (tail === undefined || tail.to + bytes.length > tail.buffer.length) {
      this.#seal();
      tail = this.#tail = nextTail(tail, bytes.length);
    }
    copyBytes(bytes, tail.buffer, tail.to);
    tail.to += bytes.length;
    this.#sizeBytes += bytes.length;
  }

  /** Moves the bytes of the tail to the chunks; its free part takes further writes. */
  #seal(): void {
    const tail = this.#tail;
    if (tail === undefined || tail.from === tail.to) return;
    this.#chunks!.push(tail.buffer.subarray(tail.from, tail.to));
    tail.from = tail.to;
  }
}

function nextTail(last: Tail | undefined, leastBytes: number): Tail {
  const full = last?.full ?? [];
  if (last?.buffer.length === largestBytes) full.push(last.buffer);
  const known = leastBytes <= largestBytes ? spare.pop() : undefined;
  if (known !== undefined) return { buffer: known, from: 0, to: 0, full };
  const sizeBytes = last === undefined ? firstBytes : Math.min(largestBytes, 2 * last.buffer.length);
  return { buffer: new Uint8Array(Math.max(sizeBytes, leastBytes)), from: 0, to: 0, full };
}

/** Gives the large buffers of a queue to others. */
function give({ buffer, full }: Tail): void {
  if (buffer.length === largestBytes) full.push(buffer);
  for (const each of full) if (spare.length < mostSpare) spare.push(each);
}
