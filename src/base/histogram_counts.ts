/**
 * Reads the counts of an encoded HdrHistogram (V2, compressed, in base64) one by one, without the table of the whole
 * range, and writes few counts without compression. A merge of reports reads some 300,000 encodings with a few counts
 * each: the table and the state of zlib would take most of the time.
 */
import { inflateSync } from "node:zlib";

/** The first word of a compressed encoding and of its content, without the bits for the size of a count. */
const compressedCookie = 0x1c849304;
const contentCookie = 0x1c849303;
const cookieMask = ~0xf0;
/** These bits: counts have the length that they need. */
const variableLength = 0x10;
const contentHeader = 40;
/** More than a complete table for 1 h in microseconds takes: 24,576 counts of 9 bytes. */
const mostContent = 1 << 20;
/** Most contents are far smaller, and a small buffer costs less time than zlib's own. */
const chunkSize = 1_024;
/** Before and after a stored block, the only one: the header of zlib and of the block, and the checksum. */
const storedHeader = 7;
const checksumBytes = 4;
const modulus = 65_521;

/** What an encoding says about its values. */
export interface EncodedCounts {
  readonly significantDigits: number;
  readonly lowestDiscernible: number;
  /** The counts of the compartments, as {@link eachCount} reads them. */
  readonly words: Uint8Array;
}

/**
 * Reads an encoding.
 *
 * @throws Error if the text is not an encoded histogram; {@link eachCount} too
 */
export function readCounts(base64: string): EncodedCounts {
  const outer = Uint8Array.fromBase64(base64.trim());
  const { start, length } = contentOf(outer);
  const zlib = outer.subarray(start, start + length);
  const content = storedContent(zlib) ?? inflateSync(zlib, { maxOutputLength: mostContent, chunkSize });
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  expectCookie(view, contentCookie);
  const end = contentHeader + view.getInt32(4);
  if (end < contentHeader || end > content.byteLength) throw new Error("the counts end too early");
  return {
    significantDigits: view.getInt32(12),
    lowestDiscernible: view.getInt32(16) * 2 ** 32 + view.getUint32(20),
    words: content.subarray(contentHeader, end),
  };
}

function contentOf(outer: Uint8Array): { start: number; length: number } {
  const view = new DataView(outer.buffer, outer.byteOffset, outer.byteLength);
  expectCookie(view, compressedCookie);
  return { start: 8, length: view.getInt32(4) };
}

function expectCookie(view: DataView, cookie: number): void {
  if ((view.getInt32(0) & cookieMask) !== cookie) throw new Error("not a V2 encoding");
}

/** The content of zlib data that is one stored block; undefined for other data. */
function storedContent(zlib: Uint8Array): Uint8Array | undefined {
  const size = zlib.length - storedHeader - checksumBytes;
  if (size < 0 || zlib[0] !== 0x78 || zlib[1] !== 0x01 || zlib[2] !== 1) return undefined;
  const view = new DataView(zlib.buffer, zlib.byteOffset, zlib.byteLength);
  if (view.getUint16(3, true) !== size || view.getUint16(5, true) !== (size ^ 0xffff)) return undefined;
  const content = zlib.subarray(storedHeader, storedHeader + size);
  if (view.getUint32(storedHeader + size) !== checksumOf(content)) throw new Error("the content is damaged");
  return content;
}

/** The checksum of zlib. The sums of 65,535 bytes are whole numbers that a number can have. */
function checksumOf(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < bytes.length; at++) {
    low += bytes[at]!;
    high += low;
  }
  return high % modulus * 65_536 + low % modulus;
}

/** Calls `put` for each compartment that is not empty, in order: its index in the table, and its count. */
export function eachCount(words: Uint8Array, put: (index: number, count: number) => void): void {
  let index = 0;
  for (let at = 0; at < words.length;) {
    // Most words have one byte.
    const byte = words[at]!;
    if (byte < 0x80) at++;
    else at = wordAt(words, at);
    const zigzag = byte < 0x80 ? byte : latestZigzag;
    // A word at 0 or above is a count; a negative one is the length of a run of empty compartments.
    if (zigzag % 2 === 1) index += (zigzag + 1) / 2;
    else if (zigzag === 0) index++;
    else put(index++, zigzag / 2);
  }
}

/** The latest result of {@link wordAt}: an object for each would take longer than its word. */
let latestZigzag = 0;

/** Reads seven bits of each byte, the low ones first, and eight of a ninth; returns the place after them. */
function wordAt(words: Uint8Array, from: number): number {
  let zigzag = 0;
  let scale = 1;
  for (let place = 0;; place++) {
    const byte = words[from + place];
    if (byte === undefined) throw new Error("a count ends too early");
    zigzag += (place === 8 ? byte : byte & 0x7f) * scale;
    if (byte < 0x80 || place === 8) {
      latestZigzag = zigzag;
      return from + place + 1;
    }
    scale *= 128;
  }
}

/** A table of counts for {@link writeCounts}. */
export interface CountTable {
  readonly highestTrackable: number;
  /** The first and the last compartment that is not empty. */
  readonly from: number;
  readonly to: number;
  countAt(index: number): number;
}

/** The longest content that {@link writeCounts} writes. */
const mostStored = 512;
const scratch = new Uint8Array(8 + storedHeader + mostStored + checksumBytes);
const scratchView = new DataView(scratch.buffer);

/**
 * Encodes a table with 3 significant digits, from 1 on, as zlib data without compression: for few counts it is hardly
 * longer, and takes a tenth of the time to write and to read. Returns undefined for many counts.
 */
export function writeCounts({ highestTrackable, from, to, countAt }: CountTable): string | undefined {
  const contentAt = 8 + storedHeader;
  const most = contentAt + mostStored - 9;
  let at = contentAt + contentHeader;
  let empty = from;
  for (let index = from; index <= to; index++) {
    const count = countAt(index);
    if (count === 0) {
      empty++;
      continue;
    }
    // One empty compartment is a count of 0.
    if (empty > 0) at = putWord(at, empty === 1 ? 0 : empty * 2 - 1);
    at = putWord(at, count * 2);
    empty = 0;
    if (at > most) return undefined;
  }
  const [view, size] = [scratchView, at - contentAt];
  view.setUint32(0, compressedCookie | variableLength);
  view.setUint32(4, size + storedHeader + checksumBytes);
  view.setUint16(8, 0x7801);
  view.setUint8(10, 1);
  view.setUint16(11, size, true);
  view.setUint16(13, size ^ 0xffff, true);
  const words = [contentCookie | variableLength, size - contentHeader, 1, 3, 0, 1];
  words.push(Math.floor(highestTrackable / 2 ** 32), highestTrackable % 2 ** 32, 0, 1);
  words.forEach((word, place) => view.setUint32(contentAt + 4 * place, word));
  view.setUint32(at, checksumOf(scratch.subarray(contentAt, at)));
  return scratch.subarray(0, at + checksumBytes).toBase64();
}

function putWord(from: number, zigzag: number): number {
  let at = from;
  for (let place = 0; zigzag >= 0x80 && place < 8; place++) {
    scratch[at++] = zigzag % 128 | 0x80;
    zigzag = Math.floor(zigzag / 128);
  }
  scratch[at++] = zigzag;
  return at;
}
