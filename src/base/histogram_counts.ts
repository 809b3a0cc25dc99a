/**
 * Reads the counts of an encoded HdrHistogram (V2, compressed, in base64) one by one, without the table of the whole
 * range. A merge of reports reads some 100,000 encodings with a few counts each, and the table takes most of the time.
 */
import { inflateSync } from "node:zlib";

/** The first word of a compressed encoding and of its content, without the bits for the size of a count. */
const compressedCookie = 0x1c849304;
const contentCookie = 0x1c849303;
const cookieMask = ~0xf0;
const contentHeader = 40;
/** More than a complete table for 1 h in microseconds takes: 24,576 counts of 9 bytes. */
const mostContent = 1 << 20;
/** Most contents are far smaller, and a small buffer costs less time than zlib's own. */
const chunkSize = 1_024;

/** What an encoding says about its values. */
export interface EncodedCounts {
  readonly significantDigits: number;
  readonly lowestDiscernible: bigint;
  /** The compartments that are not empty, in order: the index in the table, and the count. */
  readonly counts: Iterable<readonly [index: number, count: number]>;
}

/**
 * Reads an encoding.
 *
 * @throws Error if the text is not an encoded histogram; the iterator of `counts` too
 */
export function readCounts(base64: string): EncodedCounts {
  const outer = Uint8Array.fromBase64(base64.trim());
  const { start, length } = contentOf(outer);
  const content = inflateSync(outer.subarray(start, start + length), { maxOutputLength: mostContent, chunkSize });
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  expectCookie(view, contentCookie);
  const end = contentHeader + view.getInt32(4);
  if (end < contentHeader || end > content.byteLength) throw new Error("the counts end too early");
  return {
    significantDigits: view.getInt32(12),
    lowestDiscernible: view.getBigInt64(16),
    counts: countsIn(content.subarray(contentHeader, end)),
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

/** A word at 0 or above is a count; a negative one is the length of a run of empty compartments. */
function* countsIn(words: Uint8Array): Generator<readonly [number, number], void> {
  let index = 0;
  for (let at = 0; at < words.length;) {
    const { word, next } = wordAt(words, at);
    at = next;
    if (word < 0) index += -word;
    else if (word === 0) index++;
    else yield [index++, word];
  }
}

/** A signed number in zigzag form: seven bits in each byte, the low ones first, and eight in a ninth byte. */
function wordAt(words: Uint8Array, from: number): { word: number; next: number } {
  let zigzag = 0;
  let scale = 1;
  for (let place = 0;; place++) {
    const byte = words[from + place];
    if (byte === undefined) throw new Error("a count ends too early");
    zigzag += (place === 8 ? byte : byte & 0x7f) * scale;
    if (byte < 0x80 || place === 8) {
      return { word: zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2, next: from + place + 1 };
    }
    scale *= 128;
  }
}
