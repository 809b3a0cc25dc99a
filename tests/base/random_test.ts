import assert from "node:assert/strict";
import { freshSeed, mix, Random } from "../../src/base/random.ts";

// The expected numbers are fixed, so that a seed gives the same run in every version.

Deno.test("random: a seed draws a fixed sequence of whole numbers", () => {
  assert.deepEqual(repeat(8, wholeFrom(42)), [605, 225, 535, 820, 834, 84, 852, 787]);
  assert.deepEqual(repeat(8, wholeFrom(42)), repeat(8, wholeFrom(42)));
});

Deno.test("random: a seed draws a fixed sequence of fractions", () => {
  const random = new Random(42);
  repeat(8, () => random.below(1000));
  const fractions = repeat(3, () => random.fraction());
  assert.deepEqual(fractions, [0.030745793506209762, 0.6646155084750226, 0.09444006792883208]);
});

Deno.test("random: only the low 32 bits of a seed count", () => {
  assert.deepEqual(repeat(8, wholeFrom(2 ** 32 + 42)), repeat(8, wholeFrom(42)));
});

Deno.test("random: neighbouring seeds draw different numbers", () => {
  const firsts = new Set(repeat(1000, (seed) => repeat(4, wholeFrom(seed)).join()));
  assert.equal(firsts.size, 1000);
});

Deno.test("random: a child draws a fixed sequence that does not depend on the parent's draws", () => {
  const parent = new Random(42);
  const early = parent.child(7);
  parent.below(10);
  const late = parent.child(7);
  assert.equal(early.seed, 4056095047);
  assert.deepEqual(repeat(4, () => early.below(1000)), [896, 672, 340, 218]);
  assert.deepEqual(repeat(4, () => late.below(1000)), [896, 672, 340, 218]);
  assert.notEqual(parent.child(8).seed, early.seed);
});

Deno.test("random: mix returns fixed numbers that depend on the order of its parts", () => {
  assert.deepEqual(
    [mix(), mix(0), mix(1), mix(1, 2), mix(2, 1)],
    [2654435769, 493009611, 1059954845, 4017857470, 3055902382],
  );
  const mixes = new Set(repeat(10_000, (part) => mix(9, part)));
  assert.equal(mixes.size, 10_000, "no two of the first 10,000 parts meet");
});

Deno.test("random: below stays within its bounds and is uniform", () => {
  for (const below of [1, 2, 3, 10, 97]) {
    const random = new Random(below);
    assertEven(below, () => random.below(below));
  }
});

Deno.test("random: fractions are from 0 to below 1 and uniform", () => {
  const random = new Random(3);
  assertEven(20, () => {
    const fraction = random.fraction();
    assert.ok(fraction >= 0 && fraction < 1);
    return Math.floor(fraction * 20);
  });
});

Deno.test("random: weighted draws each item by its share, and never one of weight 0", () => {
  const random = new Random(4);
  const items = [{ item: "reset", weight: 45 }, { item: "never", weight: 0 }, { item: "leave", weight: 15 }];
  const seen = { reset: 0, never: 0, leave: 0 };
  for (let draw = 0; draw < 60_000; draw++) seen[random.weighted(items) as keyof typeof seen]++;
  assert.equal(seen.never, 0);
  assert.ok(Math.abs(seen.reset - 45_000) < 500, `45,000 expected, ${seen.reset} drawn`);
});

Deno.test("random: weighted with one positive weight always draws that item", () => {
  const random = new Random(5);
  const items = [{ item: "a", weight: 0 }, { item: "b", weight: 0.1 }, { item: "c", weight: 0 }];
  assert.deepEqual(new Set(repeat(1000, () => random.weighted(items))), new Set(["b"]));
});

Deno.test("random: a fresh seed is a whole number of 32 bits, and differs each time", () => {
  const seeds = repeat(8, freshSeed);
  for (const seed of seeds) assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
  assert.ok(new Set(seeds).size > 1);
});

function repeat<T>(times: number, draw: (index: number) => T): T[] {
  return Array.from({ length: times }, (_, index) => draw(index));
}

function wholeFrom(seed: number): () => number {
  const random = new Random(seed);
  return () => random.below(1000);
}

/** Chi-squared over the cells, with a wide limit. The seeds are fixed, so the result is always the same. */
function assertEven(cells: number, draw: () => number): void {
  const perCell = 1000;
  const counts = new Array<number>(cells).fill(0);
  for (let drawn = 0; drawn < perCell * cells; drawn++) {
    const cell = draw();
    assert.ok(Number.isInteger(cell) && cell >= 0 && cell < cells, `${cell} is not below ${cells}`);
    counts[cell]! += 1;
  }
  const chiSquared = counts.reduce((sum, count) => sum + (count - perCell) ** 2 / perCell, 0);
  const freedom = cells - 1;
  const limit = freedom + 5 * Math.sqrt(2 * freedom) + 15; // five standard deviations, plus 10 for few cells
  assert.ok(chiSquared <= limit, `${cells} cells: chi-squared ${chiSquared.toFixed(1)}, at most ${limit.toFixed(1)}`);
}
