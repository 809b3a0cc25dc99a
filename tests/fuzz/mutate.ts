/**
 * Packets damaged by seed: blind changes of bytes, and changes at the places of lengths, strings, flags and properties.
 * Most get a correct Remaining Length, so that a decoder reads the rest.
 */
import type { Random } from "../../src/base/random.ts";
import type { Seedling } from "./corpus.ts";

const interesting = [0x00, 0x01, 0x02, 0x03, 0x04, 0x7f, 0x80, 0x81, 0xc0, 0xff, 0x23, 0x2b, 0x24, 0x2f, 0x26, 0x0b];
const longestBytes = 4_096;

type Change = (bytes: number[], random: Random, corpus: readonly Seedling[]) => void;

const changes: readonly Change[] = [
  (bytes, random) => { // flips a bit
    const at = random.below(bytes.length);
    bytes[at]! ^= 1 << random.below(8);
  },
  (bytes, random) => void (bytes[random.below(bytes.length)] = interesting[random.below(interesting.length)]!),
  (bytes, random) => void (bytes[random.below(bytes.length)] = random.below(256)),
  (bytes, random) => void bytes.splice(random.below(bytes.length), 1 + random.below(4)),
  (bytes, random) => { // inserts bytes
    const more = Array.from({ length: 1 + random.below(8) }, () => random.below(256));
    bytes.splice(random.below(bytes.length + 1), 0, ...more);
  },
  (bytes, random) => { // repeats a part
    const from = random.below(bytes.length);
    const part = bytes.slice(from, from + 1 + random.below(16));
    bytes.splice(random.below(bytes.length + 1), 0, ...part);
  },
  (bytes, random) => void bytes.splice(random.below(bytes.length)), // cuts the packet
  (bytes, random) => { // sets the type and flags of another packet
    bytes[0] = random.below(16) << 4 | random.below(16);
  },
  (bytes, random, corpus) => { // appends the end of another packet
    const other = corpus[random.below(corpus.length)]!.bytes;
    bytes.splice(random.below(bytes.length), bytes.length, ...other.subarray(random.below(other.length)));
  },
  (bytes, random) => { // sets a length of two bytes in the body
    const at = Math.min(2 + random.below(bytes.length), Math.max(0, bytes.length - 2));
    const length = [0, 1, bytes.length, bytes.length - at - 2, 0xffff][random.below(5)]!;
    bytes[at] = length >> 8 & 0xff;
    bytes[at + 1] = length & 0xff;
  },
  (bytes, random) => { // sets a property identifier
    const value = Array.from({ length: random.below(6) }, () => random.below(4));
    bytes.splice(2 + random.below(bytes.length), 0, random.below(0x2b), ...value);
  },
  (bytes, random) => { // inserts text that is invalid or hardly valid UTF-8
    const odd = [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x00], [0xef, 0xbf, 0xbf], [0xff]];
    bytes.splice(random.below(bytes.length), 0, ...odd[random.below(odd.length)]!);
  },
];

/** A packet of the corpus with one to four changes. */
export function mutated(random: Random, corpus: readonly Seedling[]): Uint8Array {
  const bytes = [...corpus[random.below(corpus.length)]!.bytes];
  for (let count = 1 + random.below(4); count > 0 && bytes.length > 0; count--) {
    changes[random.below(changes.length)]!(bytes, random, corpus);
  }
  bytes.length = Math.min(bytes.length, longestBytes);
  const whole = Uint8Array.from(bytes);
  return random.below(3) === 0 ? whole : withFittingLength(whole);
}

/** The same body with a correct Remaining Length. */
export function withFittingLength(bytes: Uint8Array): Uint8Array {
  let at = 1;
  while (at < Math.min(5, bytes.length) && bytes[at]! >= 0x80) at++;
  const body = bytes.subarray(Math.min(bytes.length, at + 1));
  const length: number[] = [];
  let left = body.length;
  do {
    length.push(left % 128 | (left >= 128 ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Uint8Array.of(bytes[0] ?? 0, ...length, ...body);
}
