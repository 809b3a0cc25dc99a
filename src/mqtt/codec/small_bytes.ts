/**
 * Room for few bytes. An array of its own costs the runtime more than a microsecond, whatever its size; a piece of a
 * larger one costs a tenth of that. Frames, payloads and passwords are cut from slabs one behind the other.
 *
 * A piece keeps its whole slab in memory, and a payload can be kept for long (retained, queued, a will). So slabs are
 * small: whatever is kept, and whatever around it is gone, a piece holds no more than {@link slabBytes}.
 */

/** The size of a slab. */
export const slabBytes = 1_024;
/** A piece larger than this is an array of its own, so that a slab always serves several. */
const largestPiece = 256;
/** So many bytes are copied one by one faster than the runtime makes the view that it copies from. */
const fewBytes = 32;

let slab = new ArrayBuffer(slabBytes);
let used = 0;

/** An array of that size, all its bytes 0, which nothing else uses. */
export function smallBytes(size: number): Uint8Array {
  if (size > largestPiece) return new Uint8Array(size);
  if (used + size > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, size);
  used += size;
  return bytes;
}

/** The bytes from `from` up to `to`, copied. */
export function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (to - from > largestPiece) return bytes.slice(from, to);
  const copy = smallBytes(to - from);
  if (to - from > fewBytes) copy.set(bytes.subarray(from, to));
  else for (let at = from; at < to; at++) copy[at - from] = bytes[at]!;
  return copy;
}
