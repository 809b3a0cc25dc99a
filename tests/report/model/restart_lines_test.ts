import assert from "node:assert/strict";
import { comparedRun, makeComparison } from "../../../src/report/model/comparison.ts";
import { comparisonRows } from "../../../src/report/model/comparison_rows.ts";
import { restartLines } from "../../../src/report/model/restart_lines.ts";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";
import { context, passed, reportOf } from "../sample.ts";

const counts = { survived: 0, lives: 30, watchersKept: 1, watchersForgotten: 1, willsBefore: 2, willsAfter: 1_234 };
const lives = { kills: 0, ...noCounts() };

Deno.test("restart lines: show each restart, the time without the broker, and unobservable wills", () => {
  assert.deepEqual(restartLines({}), []);
  const each = [{ downAtMs: 8_000, backAtMs: 9_500, ...counts }];
  assert.deepEqual(restartLines({ restarts: { each, lives, unseeable: 1 } }), [
    "The broker was restarted 8,000 ms into the run, and accepted connections again after 1,500 ms: 30 lives ended " +
    "with it; of the wills that were pending, 2 came during the shutdown and 1,234 after; 1 of 2 watchers resumed their session.",
    "1 will was due while the watchers were disconnected, and did not come: neither missing nor right (unobservable).",
  ]);
});

Deno.test("restart lines: a comparison has the lives of a restart, the time without the broker, and unobservable wills", () => {
  const each = [1_500, 500].map((downMs) => ({ downAtMs: 8_000, backAtMs: 8_000 + downMs, ...counts }));
  const ended = { ...lives, kills: 30, expected: 28, onTime: 27, missing: 1 };
  const restarted = reportOf(passed({}, { restarts: { each, lives: ended, unseeable: 2 } }));
  const brokers = [comparedRun("one", restarted), comparedRun("two", reportOf(passed()))];
  const rows = comparisonRows(makeComparison(brokers, context.tool)).flatMap((group) => group.rows);
  const shown = Object.fromEntries(rows.map(({ name, cells }) => [name, cells.map(({ text }) => text)]));
  assert.deepEqual(shown["restart"], ["27 of 28", "–"]);
  assert.deepEqual(shown["broker down over restarts"], ["2,000 ms", "–"]);
  assert.deepEqual(shown["wills unobservable over restarts"], ["2", "–"]);
});
