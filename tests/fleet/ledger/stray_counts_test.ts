/** Wills after the judgement of their life, counted once for all watchers that receive them. */
import assert from "node:assert/strict";
import type { Sighting } from "../../../src/fleet/ledger/ledger_entry.ts";
import { StrayCounts } from "../../../src/fleet/ledger/stray_counts.ts";

/** For each will, as the watchers see them in turn: the number of the watcher, and whether the will counts. */
const cases: readonly [what: string, marked: boolean, seen: readonly (readonly [copy: number, counts: boolean])[]][] = [
  ["every watcher receives it", true, [[0, true], [1, false], [2, false]]],
  ["the watchers of one node alone receive it", true, [[2, true]]],
  ["it comes twice at each of two watchers", true, [[1, true], [0, false], [0, true], [1, false]]],
  ["a payload without a mark counts at the first watcher", false, [[1, false], [0, true], [2, false]]],
];

for (const [what, marked, seen] of cases) {
  Deno.test(`stray counts: ${what}`, () => {
    const counts = new StrayCounts();
    const mark = marked ? { client: 3, incarnation: 2 } : undefined;
    const answers = seen.map(([copy]) => counts.isFirst({ mark, copy } as Sighting));
    assert.deepEqual(answers, seen.map(([, counted]) => counted));
  });
}
