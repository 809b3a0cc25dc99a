/** Storms: parts add up to the whole, and figures are of the wills that were due. */
import assert from "node:assert/strict";
import { StormTally } from "../../../src/fleet/tally/storm_tally.ts";

/** Counts wills that come every `everyMs`, each part its share of them, and further ones that never come. */
function tallyOf(parts: number, part: number, wills: number, lost = 0): StormTally {
  const tally = new StormTally();
  tally.begin(2, "kills", 5_000 + part);
  for (let will = part; will < wills; will += parts) {
    tally.count(2, true, (will + 1) * 2);
    tally.arrive(5_000 + (will + 1) * 2);
  }
  if (part === 0) { for (let will = 0; will < lost; will++) tally.count(2, true, undefined); }
  return tally;
}

function merged(...tallies: readonly StormTally[]): StormTally {
  const sum = new StormTally();
  for (const tally of tallies) sum.merge(tally.data()!);
  return sum;
}

Deno.test("storms: parts add up to the whole, in any order, and again after a merge", () => {
  const whole = merged(tallyOf(1, 0, 400, 8));
  const parts = [0, 1, 2].map((part) => tallyOf(3, part, 400, 8));
  const said = (tally: StormTally) => ({ ...tally.storms(), rate: tally.rate() });
  const { arrivalMs: _, ...expected } = whole.storms()!.each[0]!;
  for (
    const all of [merged(...parts), merged(...parts.toReversed()), merged(merged(parts[0]!, parts[1]!), parts[2]!)]
  ) {
    const { arrivalMs: __, ...found } = all.storms()!.each[0]!;
    assert.deepEqual(found, expected);
    assert.deepEqual(said(all).rate, said(whole).rate);
  }
});

Deno.test("storms: a curve has at most 51 points, rises, and ends at the share that arrived", () => {
  const { curve, due, seen, untilMs } = tallyOf(1, 0, 4_000, 1_000).storms()!.each[0]!;
  assert.equal(curve.length, 51);
  assert.deepEqual([due, seen, curve.at(-1)!.share], [5_000, 4_000, 0.8]);
  for (const [place, { atMs, share }] of curve.entries()) {
    if (place > 0) assert.ok(atMs > curve[place - 1]!.atMs && share > curve[place - 1]!.share);
  }
  assert.deepEqual(Object.keys(untilMs), ["p50"]);
});

Deno.test("storms: wills of one instant have a share and no rate", () => {
  const tally = new StormTally();
  tally.begin(0, "restart", 0);
  for (let will = 0; will < 3; will++) {
    tally.count(0, true, 12);
    tally.arrive(12);
  }
  const { perSecond, curve, untilMs } = tally.storms()!.each[0]!;
  assert.deepEqual({ perSecond, curve, rate: tally.rate() }, {
    perSecond: undefined,
    curve: [{ atMs: 12, share: 1 }],
    rate: { wills: 3, firstMs: 12, lastMs: 12 },
  });
  assert.deepEqual(untilMs, { p50: 12, p90: 12, p99: 12, p100: 12 });
});

Deno.test("storms: of several, the slowest decides each share, and one that did not reach a share leaves it out", () => {
  const tally = tallyOf(1, 0, 100);
  tally.begin(4, "kills", 9_000);
  for (let will = 0; will < 9; will++) tally.count(4, true, 1_000);
  tally.count(4, true, undefined);
  // No will of this storm was due: it decides nothing.
  tally.begin(6, "kills", 20_000);
  tally.count(6, false, undefined);
  const { each, due, seen, untilMs } = tally.storms()!;
  assert.deepEqual(each.map(({ phase }) => phase), [2, 4, 6]);
  assert.deepEqual({ due, seen }, { due: 110, seen: 109 });
  assert.deepEqual(untilMs, { p50: 1_000, p90: 1_000 });
});

Deno.test("storms: an empty tally has no data and no figures", () => {
  const tally = new StormTally();
  assert.deepEqual([tally.data(), tally.rate(), tally.storms()], [undefined, undefined, undefined]);
  tally.begin(0, "kills", 0);
  assert.equal(tally.storms(), undefined, "no life ended with it");
});
