/**
 * Seeded random numbers: the same seed gives the same numbers on every machine. Nothing else in mqtt-sim may draw
 * random numbers.
 */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";

/** A stream of random numbers. */
export class Random {
  readonly #generator;

  /** @param seed any whole number; only its low 32 bits are used */
  constructor(readonly seed: number) {
    this.#generator = xoroshiro128plus(seed | 0);
  }

  /** A whole number from 0 to `below` − 1, all equally likely. `below` is 1 or more. */
  below(below: number): number {
    return uniformInt(this.#generator, 0, below - 1);
  }

  /** A number from 0 (included) to 1 (excluded). */
  fraction(): number {
    return uniformFloat64(this.#generator);
  }

  /** One of the items, by weight. Weights are 0 or more and not all 0. */
  weighted<T>(items: readonly { readonly item: T; readonly weight: number }[]): T {
    const total = items.reduce((sum, each) => sum + each.weight, 0);
    let left = this.fraction() * total;
    for (const each of items) {
      left -= each.weight;
      if (left < 0) return each.item;
    }
    return items.findLast((each) => each.weight > 0)!.item;
  }

  /** A separate stream for one purpose, so that drawing more in one place changes nothing in another. */
  child(purpose: number): Random {
    return new Random(mix(this.seed, purpose));
  }
}

/** Hashes whole numbers into one of 32 bits, evenly; the same numbers give the same result. */
export function mix(...parts: readonly number[]): number {
  let hash = firstHash;
  for (const part of parts) hash = mixIn(hash, part);
  return hash >>> 0;
}

/** {@link mix} of four numbers, without an array of them: for draws of each life. */
export function mixFour(one: number, two: number, three: number, four: number): number {
  return mixIn(mixIn(mixIn(mixIn(firstHash, one), two), three), four) >>> 0;
}

const firstHash = 0x9e3779b9;

function mixIn(before: number, part: number): number {
  let hash = Math.imul(before ^ part, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}

/** A seed for a run without one: below 2^32, from the machine's random source. */
export function freshSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** Unpredictable bytes from the machine's random source: for secrets. */
export function freshBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
