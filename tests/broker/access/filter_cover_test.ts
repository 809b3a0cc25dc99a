/** Whether one filter covers another, compared with a plain match of topic names. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { covers, overlaps } from "../../../src/broker/access/filter_cover.ts";
import { matches } from "../../../src/mqtt/topic.ts";

const cases: readonly [outer: string, inner: string, covers: boolean, overlaps: boolean][] = [
  ["a", "a", true, true],
  ["a", "b", false, false],
  ["a/#", "a", true, true],
  ["a/#", "a/b/c", true, true],
  ["a/#", "a/+/c", true, true],
  ["a/#", "#", false, true],
  ["a/+", "a/b", true, true],
  ["a/+", "a/#", false, true],
  ["a/+", "a", false, false],
  ["+/+", "#", false, true],
  ["+/b", "a/+", false, true],
  ["a/+/c", "a/b/d", false, false],
  ["#", "+/+", true, true],
  ["#", "$SYS/x", false, false],
  ["+/x", "$SYS/x", false, false],
  ["$SYS/#", "$SYS/x", true, true],
  ["$SYS/#", "#", false, false],
];
for (const [outer, inner, covering, overlapping] of cases) {
  Deno.test(`filters: compares ${outer} and ${inner}`, () => {
    assert.equal(covers(outer, inner), covering, "covers");
    assert.equal(overlaps(outer, inner), overlapping, "overlaps");
    assert.equal(overlaps(inner, outer), overlapping, "overlaps the other way round");
  });
}

const level = fc.constantFrom("a", "b", "", "$S");
const names = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/")).filter(Boolean);
const filters = fc.tuple(fc.array(fc.oneof(level, fc.constant("+")), { maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ["#"] : [])].join("/")).filter(Boolean);

Deno.test("filters: a filter matches each topic of the filters that it covers, and overlapping filters share topics", () => {
  fc.assert(
    fc.property(filters, filters, names, (one, other, name) => {
      const [byOne, byOther] = [matches(one, name), matches(other, name)];
      if (covers(one, other) && byOther) assert.ok(byOne, `${one} covers ${other}: ${name}`);
      if (byOne && byOther) assert.ok(overlaps(one, other), `${one} and ${other} share ${name}`);
    }),
    { numRuns: 20_000 },
  );
});
