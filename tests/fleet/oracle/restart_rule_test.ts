/** Each bound of the rules for a restart, exact to the millisecond: the broker is down from 10 s to 14 s. */
import assert from "node:assert/strict";
import type { Expectation } from "../../../src/fleet/oracle/expectation.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import type { RestartWindow } from "../../../src/fleet/result/restart_result.ts";
import * as rule from "../../../src/fleet/oracle/restart_rule.ts";
import { aLife, anArrival, anEnd, aNext, rules } from "../sample_life.ts";
import { eachCase } from "../../support/steps.ts";

const fromMs = 10_000;
const backMs = 14_000;
const downMs = backMs - fromMs;
const { lateAfterMs, earlyBeforeMs } = rules;

const first: RestartWindow = { fromMs, backMs, sessionsKept: true };
const second: RestartWindow = { fromMs: 30_000, backMs: 35_000, sessionsKept: true };
const once = { ...rules, restarts: [first] };
const twice = { ...rules, restarts: [first, second] };
/** An end that the fleet saw at `doneMs`, and that is possible since `sinceMs`. */
const lost = (sinceMs: number, doneMs: number) => anEnd("reset", { sinceMs, doneMs });
const killed = (doneMs: number) => anEnd("reset", { doneMs });
const frozen = (doneMs: number) => anEnd("freeze", { doneMs });

function one(dueMs: number, over: { readonly byMs?: number; readonly earliestMs?: number } = {}) {
  return {
    kind: "one",
    ground: "delay-passed",
    dueMs,
    earliestMs: dueMs - earlyBeforeMs,
    latencyFromMs: dueMs,
    ...over,
  } as const;
}

Deno.test("restart rule: a DISCONNECT counts as unread if the restart follows within the lateness bound", () => {
  const table = [
    [fromMs - lateAfterMs, false],
    [fromMs - lateAfterMs + 1, true],
    [fromMs, true],
    [fromMs + 1, false],
    [second.fromMs, true],
  ] as const;
  for (const [doneMs, unheard] of table) assert.equal(rule.unheard(killed(doneMs), twice), unheard, `${doneMs}`);
  assert.equal(rule.unheard(killed(fromMs), rules), false);
});

Deno.test("restart rule: the restart after a time is the first that does not begin before it", () => {
  const table = [[0, first], [fromMs, first], [fromMs + 1, second], [second.fromMs + 1, undefined]] as const;
  for (const [atMs, restart] of table) assert.equal(rule.restartAfter(atMs, twice), restart, `${atMs}`);
  assert.equal(rule.restartAfter(0, rules), undefined);
});

Deno.test("restart rule: a restart ends a silent connection before its keep alive does", () => {
  const table = [
    ["silent, the restart first", frozen(5_000), 25_000, fromMs],
    ["silent, keep alive first", frozen(5_000), 9_000, 9_000],
    ["silent since after the restart", frozen(fromMs + 1), 20_000, 20_000],
    ["not silent", killed(5_000), 25_000, 25_000],
  ] as const;
  for (const [name, end, endMs, soonestMs] of table) {
    assert.equal(rule.soonestEndMs(end, endMs, once), soonestMs, name);
  }
  assert.equal(rule.soonestEndMs(frozen(5_000), 25_000, rules), 25_000);
});

const returns: readonly [name: string, end: Life["end"], nextMs: number, isAfter: boolean][] = [
  ["before the restart", killed(9_000), fromMs - 1, false],
  ["as it began", killed(9_000), fromMs, true],
  ["after it", killed(9_000), backMs, true],
  ["having ended as it began", killed(fromMs), backMs, true],
  ["having ended after it began", killed(fromMs + 1), backMs, false],
  ["having ended before, seen after", lost(fromMs, fromMs + 1), backMs, true],
];

for (const [name, end, nextMs, isAfter] of returns) {
  Deno.test(`restart rule: the broker is back ${name}`, async (t) => {
    const life = aLife({ end, next: aNext(nextMs) });
    assert.equal(rule.isBackAfterRestart(life, once), isAfter);
    assert.equal(rule.isBackAfterRestart(life, rules), false);
    await eachCase(t, ["none", "either"] as const, (kind) => {
      assert.equal(rule.spansRestart(life, { kind, ground: "session-resumed" }, once), isAfter);
    });
  });
}

Deno.test("restart rule: an expected will spans only a restart that moves its bound", () => {
  const back = aLife({ end: killed(9_000), next: aNext(backMs) });
  assert.equal(rule.spansRestart(back, one(12_000), once), false);
  assert.equal(rule.spansRestart(aLife(), one(12_000, { byMs: 16_000 }), once), true);
  const none: Expectation = { kind: "none", ground: "living" };
  assert.equal(rule.spansRestart(aLife({ next: aNext(backMs) }), none, once), false, "it has not ended");
  assert.equal(rule.spansRestart(aLife({ end: killed(9_000) }), none, once), false, "its client is not back");
});

Deno.test("restart rule: a will belongs to a restart from just before it begins until the broker is back", () => {
  const ended = aLife({ end: killed(9_000) });
  const table = [
    [fromMs - earlyBeforeMs - 1, false],
    [fromMs - earlyBeforeMs, true],
    [backMs + lateAfterMs, true],
    [backMs + lateAfterMs + 1, false],
    [second.fromMs, true],
  ] as const;
  for (const [atMs, came] of table) assert.equal(rule.cameWithRestart(ended, anArrival(atMs), twice), came, `${atMs}`);
  assert.equal(rule.cameWithRestart(ended, anArrival(fromMs), rules), false);
});

Deno.test("restart rule: a will of a life that ended after the restart does not belong to the restart", () => {
  const table = [
    [killed(backMs), true],
    [killed(backMs + 1), false],
    [lost(backMs, backMs + 1), true],
  ] as const;
  for (const [end, came] of table) {
    assert.equal(rule.cameWithRestart(aLife({ end }), anArrival(backMs + 500), once), came, `${end.doneMs}`);
  }
});

const moved: readonly [name: string, end: Life["end"], dueMs: number, byMs: number | undefined][] = [
  ["due while the broker is down", killed(9_000), 12_000, 12_000 + downMs],
  ["due just before it goes down", killed(9_000), fromMs - 100, backMs],
  ["as late as allowed when it goes down", killed(8_000), fromMs - lateAfterMs, backMs],
  ["later than allowed when it goes down", killed(8_000), fromMs - lateAfterMs - 1, undefined],
  ["of a life that ended as the broker was back", killed(backMs), 20_000, 20_000 + downMs],
  ["of a life that ended after that", killed(backMs + 1), 20_000, undefined],
  ["of a life that may have ended before that", lost(backMs, backMs + 1), 20_000, 20_000 + downMs],
];

for (const [name, end, dueMs, byMs] of moved) {
  Deno.test(`restart rule: a will ${name}`, () => {
    assert.equal(rule.overRestarts(one(dueMs), aLife({ end }), once).byMs, byMs);
    assert.equal(rule.overRestarts(one(dueMs), aLife({ end }), rules).byMs, undefined);
  });
}

Deno.test("restart rule: each restart adds its own down time", () => {
  const over = rule.overRestarts(one(40_000), aLife({ end: killed(9_000) }), twice);
  assert.deepEqual(over, one(40_000, { byMs: 40_000 + downMs + 5_000 }));
});

const early: readonly [name: string, end: Life["end"], sessionsKept: boolean | undefined, isEarlier: boolean][] = [
  ["ended by the restart", anEnd("restart", { sinceMs: fromMs, doneMs: fromMs + 100 }), true, true],
  ["may have been ended by it", lost(fromMs, fromMs + 100), true, true],
  ["seen to end after it, ended before", lost(fromMs - 1, fromMs + 100), true, false],
  ["dead before it", killed(fromMs - 1), true, false],
  ["killed as it began", killed(fromMs), true, true],
  ["silent before it", frozen(5_000), true, true],
  ["dead before it, its session forgotten", killed(fromMs - 1), false, true],
  ["dead before it, which sessions are kept is not known", killed(fromMs - 1), undefined, true],
];

for (const [name, end, sessionsKept, isEarlier] of early) {
  Deno.test(`restart rule: a delayed will may be due at the restart or not: ${name}`, () => {
    const restarts = [{ ...first, sessionsKept }];
    const over = rule.overRestarts(one(40_000), aLife({ end }), { ...rules, restarts });
    const earliestMs = isEarlier ? fromMs - earlyBeforeMs : 40_000 - earlyBeforeMs;
    assert.deepEqual(over, one(40_000, { byMs: 40_000 + downMs, earliestMs }));
    const sooner = rule.overRestarts(one(40_000, { earliestMs: 9_000 }), aLife({ end }), { ...rules, restarts });
    assert.equal(sooner.earliestMs, 9_000);
  });
}
