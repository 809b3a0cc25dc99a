/**
 * Allocates small arrays. A separate array costs the runtime more than 1 µs, for any size; a piece of a larger one
 * costs a tenth of that. Frames, payloads and passwords are consecutive pieces of slabs.
 *
 * A piece keeps its whole slab in memory, and a payload can be kept for long (retained, queued, a will). So slabs are
 * small: a piece never keeps more than {@link slabBytes}.
 */

/** The size of a slab. */
export const slabBytes = 1_024;
/** A larger piece gets its own array, so that a slab always serves several pieces. */
const largestPiece = 256;
/** Up to this size, copying byte by byte is faster than creating a view of the source. */
const fewBytes = 64;

let slab = new ArrayBuffer(slabBytes);
let used = 0;

/** An array of that size, all bytes 0, that is not shared. */
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

/** Copies all the bytes into a larger array. */
export function copyBytes(bytes: Uint8Array, target: Uint8Array, to: number): void {
  if (bytes.length > fewBytes) target.set(bytes, to);
  else for (let at = 0; at < bytes.length; at++) target[to + at] = bytes[at]!;
}
