/** The oracle's bounds, exact to the millisecond, and its complete expectation: ground, due time, earliest time. */
import assert from "node:assert/strict";
import type { Arrival, Expectation, Ground } from "../../../src/fleet/oracle/expectation.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import { expectationOf, judge, worst } from "../../../src/fleet/oracle/oracle.ts";
import type { Absence, RestartWindow } from "../../../src/fleet/result/restart_result.ts";
import { aLife, anArrival, anEnd, aNext, came, connectedMs, killDueMs, killMs, rules, sentMs } from "../sample_life.ts";

const restart: RestartWindow = { fromMs: 8_000, backMs: 9_000, sessionsKept: true };
const restarted = { ...rules, restarts: [restart] };
const long = 100_000;
const in311 = { version: 4 } as const;
/** Reset at 7 s, with a delay of 3 s. */
const delayed = { version: 5, delayS: 3, sessionExpiryS: 60, end: anEnd("reset") } as const;
const frozen = anEnd("freeze");
const closed = (closedMs: number) => anEnd("freeze", { closedMs, closedSinceMs: closedMs });
const clean = (atMs: number) => aNext(atMs, { cleanStart: true });

function one(ground: Ground, dueMs: number, earliestMs: number, latencyFromMs = dueMs): Expectation {
  return { kind: "one", ground, dueMs, earliestMs, latencyFromMs };
}

function either(ground: Ground, then?: Expectation): Expectation {
  return { kind: "either", ground, ...then?.kind === "one" && { one: then } };
}

const none = (ground: Ground): Expectation => ({ kind: "none", ground });
const whole = one("delay-passed", 10_000, 9_980, killDueMs + 3_000);

const table: readonly [what: string, life: Partial<Life>, expected: Expectation][] = [
  ["kept silent by this machine, and living", { overslept: true }, either("overslept")],
  ["kept silent by this machine, and left", { overslept: true, end: anEnd("leave") }, either("overslept")],
  ["left as the run ended", { retired: true }, none("left")],
  ["left", { end: anEnd("leave") }, none("left")],
  ["ended with the broker", { ...in311, end: anEnd("restart", { doneMs: 7_500, sinceMs: 7_400 }) }, {
    ...one("restarted", 7_500, 7_380, killDueMs),
  }],
  // Keep alive 0.
  ["no keep alive, not closed", { keepAliveS: 0, end: frozen }, either("keep-alive-passed")],
  ["no keep alive, closed", { ...in311, keepAliveS: 0, end: closed(9_000) }, one("connection-ended", 9_000, 8_000)],
  // Silent until 20 s.
  ["back as keep alive passes", { ...in311, end: frozen, next: aNext(20_000) }, {
    ...one("keep-alive-passed", 20_000, 19_980),
  }],
  ["back just before that", { ...in311, end: frozen, next: aNext(19_999) }, one("taken-over", 19_999, 19_979)],
  ["back as the broker closes", { ...in311, end: closed(15_000), next: aNext(15_000) }, {
    ...one("connection-ended", 15_000, 14_000),
  }],
  ["closed as keep alive passes", { ...in311, end: closed(20_000) }, one("keep-alive-passed", 20_000, 19_000)],
  ["closed just before that", { ...in311, end: closed(19_999) }, one("connection-ended", 19_999, 18_999)],
  ["not silent, and closed by the broker", { ...in311, end: anEnd("garbage", { closedSinceMs: 6_500 }) }, {
    ...one("connection-ended", killMs, killMs - 20, killDueMs),
  }],
  // A delay of 3 s after 7 s.
  ["a session as long as the delay", { ...delayed, sessionExpiryS: 3 }, whole],
  [
    "a session shorter than the delay",
    { ...delayed, sessionExpiryS: 2 },
    one("session-ended", 9_000, 8_980, killDueMs + 2_000),
  ],
  ["back in time", { ...delayed, next: aNext(8_000) }, none("session-resumed")],
  ["back in time, the session forgotten without a restart", {
    ...delayed,
    next: aNext(8_000, { sessionPresent: false }),
  }, none("session-resumed")],
  ["back at the instant", { ...delayed, next: aNext(10_000) }, either("session-resumed", whole)],
  ["back without an answer", { ...delayed, next: aNext(8_000, { acknowledgedMs: undefined }) }, {
    ...either("not-acknowledged", whole),
  }],
  ["back without an answer, as late as a will may be", {
    ...delayed,
    next: aNext(11_000, { acknowledgedMs: undefined }),
  }, either("not-acknowledged", whole)],
  ["back without an answer, later", { ...delayed, next: aNext(11_001, { acknowledgedMs: undefined }) }, whole],
  ["back with Clean Start", { ...delayed, next: clean(8_000) }, one("session-ended", 8_000, 7_980)],
  ["back with Clean Start, just before it was due", { ...delayed, next: clean(9_999) }, {
    ...one("session-ended", 9_999, 9_979),
  }],
  ["back with Clean Start, as it was due", { ...delayed, next: clean(10_000) }, whole],
  ["lost, back with Clean Start", { ...delayed, end: anEnd("lost"), next: clean(8_000) }, {
    ...one("session-ended", 8_000, connectedMs + 3_000),
  }],
];

for (const [what, life, expected] of table) {
  Deno.test(`oracle's bounds: ${what}`, () => assert.deepEqual(expectationOf(aLife(life), rules), expected));
}

/** Down from 8 s to 9 s. */
const overRestart: readonly [what: string, life: Partial<Life>, expected: Expectation][] = [
  ["left just before", { end: anEnd("leave", { doneMs: 7_001 }) }, either("unheard")],
  ["left before", { end: anEnd("leave", { doneMs: 7_000 }) }, none("left")],
  ["silent without keep alive", { ...in311, keepAliveS: 0, end: frozen }, {
    ...one("restarted", 8_000, 7_980),
    ...{ byMs: 9_000 },
  }],
  ["silent without keep alive, closed just before", { ...in311, keepAliveS: 0, end: closed(7_999) }, {
    ...one("connection-ended", 7_999, 6_999),
    ...{ byMs: 9_000 },
  }],
  [
    "a delay, back after it, the session forgotten",
    {
      ...delayed,
      end: anEnd("reset", { doneMs: 6_500 }),
      next: aNext(9_010, { sessionPresent: false }),
    },
    either(
      "session-forgotten",
      { ...one("delay-passed", 9_500, 7_980, killDueMs + 3_000), ...{ byMs: 10_500 } } as Expectation,
    ),
  ],
];

for (const [what, life, expected] of overRestart) {
  Deno.test(`oracle's bounds over a restart: ${what}`, () =>
    assert.deepEqual(expectationOf(aLife(life), restarted), expected));
}

/**
 * How much later a broker that closes late may treat a delay as over; the latest permitted return of the client shows
 * it.
 */
const slow: readonly [what: string, end: Life["end"], backMs: number, kind: Expectation["kind"]][] = [
  ["not seen to close", frozen, 23_030, "either"],
  ["not seen to close, back later", frozen, 23_031, "one"],
  ["closed 1 ms late", closed(20_001), 23_031, "either"],
  ["closed 1 ms late, back later", closed(20_001), 23_032, "one"],
  ["closed as late as a will may be", closed(21_000), 24_030, "either"],
  ["closed as late as a will may be, back later", closed(21_000), 24_031, "one"],
  ["closed before it was done", anEnd("garbage", { closedMs: 6_900 }), 10_030, "either"],
];

for (const [what, end, backMs, kind] of slow) {
  Deno.test(`oracle's bounds: ${what}, ${kind}`, () => {
    assert.equal(expectationOf(aLife({ ...delayed, end, next: aNext(backMs) }), rules).kind, kind);
  });
}

const absence = (fromMs: number, toMs: number, forgotten: boolean): Absence => ({
  bucket: 0,
  copy: 0,
  fromMs,
  toMs,
  forgotten,
});

/** A will that may arrive from 9.98 s to 11 s. */
const absences: readonly [what: string, qos: 0 | 1, away: Absence, isBlind: boolean][] = [
  ["from its last instant on", 1, absence(11_000, 20_000, true), true],
  ["from after its last instant on", 1, absence(11_001, 20_000, true), false],
  ["until its first instant", 1, absence(1_000, 9_980, true), true],
  ["until before its first instant", 1, absence(1_000, 9_979, true), false],
  ["its session kept, QoS 1", 1, absence(9_000, 12_000, false), false],
  ["its session kept, QoS 0", 0, absence(9_000, 12_000, false), true],
  ["its session kept, QoS 1, granted QoS 0", 1, { ...absence(9_000, 12_000, false), atQos0: true }, true],
  ["earlier, granted QoS 0", 1, { ...absence(1_000, 9_979, false), atQos0: true }, false],
];

for (const [what, qos, away, isBlind] of absences) {
  Deno.test(`oracle's bounds: a watcher that could not see ${what}`, () => {
    const life = aLife({ ...delayed, qos });
    assert.equal(judge(life, [], rules, long, [away]).verdict, isBlind ? "unseeable" : "missing");
  });
}

Deno.test("oracle's bounds: for a watcher that could not see, lateness counts from the broker's return", () => {
  const life = aLife({ ...in311, end: anEnd("reset", { doneMs: 7_900 }), qos: 0 });
  const verdict = (fromMs: number) => judge(life, [], restarted, long, [absence(fromMs, 50_000, false)]).verdict;
  assert.deepEqual([verdict(10_000), verdict(10_001)], ["unseeable", "missing"]);
});

/** The run ends at 9 s. */
const retired = { retired: true, leftMs: 9_000 } as const;
const goodbyes: readonly [what: string, life: Partial<Life>, wills: Arrival[], ground: Ground][] = [
  ["just before its client left", retired, came(8_999), "living"],
  ["as its client left", retired, came(9_000), "left"],
  ["before, and again after", retired, came(8_000, 9_500), "living"],
  ["never", retired, [], "left"],
  ["before its client left by a kill", { leftMs: 9_000, end: anEnd("leave") }, came(8_000), "left"],
];

for (const [what, life, wills, ground] of goodbyes) {
  Deno.test(`oracle's bounds: a will ${what}, ground ${ground}`, () => {
    assert.deepEqual(judge(aLife(life), wills, rules, long), {
      expectation: none(ground),
      verdict: undefined,
      duplicates: 0,
      unwanted: wills.length,
      answer: undefined,
      ...wills.length > 0 && { stray: wills[0] },
    });
  });
}

Deno.test("oracle's bounds: a will that the standard permits without requiring may not be altered", () => {
  const life = aLife({ overslept: true });
  const altered = anArrival(9_000, "payload");
  assert.deepEqual(judge(life, [altered], rules, long), {
    expectation: one("overslept", 9_000, -Infinity),
    verdict: "altered",
    duplicates: 0,
    unwanted: 0,
    answer: altered,
  });
});

/** The time from which a will may no longer belong to a living client. */
const since: readonly [what: string, life: Partial<Life>, atMs: number, unwanted: number][] = [
  ["kept silent by this machine, killed, and a will before that", { overslept: true, end: anEnd("reset") }, 5_000, 0],
  ["kept silent by this machine, and a will before CONNACK", { overslept: true }, connectedMs - 1, 1],
  ["CONNECT without an answer, and a will at once", { connectedMs: undefined }, sentMs, 0],
  ["CONNECT without an answer, and a will before it", { connectedMs: undefined }, sentMs - 1, 1],
  ["reset since an instant, and a will then", { ...in311, end: anEnd("reset", { sinceMs: 6_000 }) }, 6_000, 0],
  ["killed since an instant, and a will then", { ...in311, end: anEnd("takeover", { sinceMs: 6_000 }) }, 6_000, 0],
  ["killed since an instant, and a will before", { ...in311, end: anEnd("takeover", { sinceMs: 6_000 }) }, 5_999, 1],
];

for (const [what, life, atMs, unwanted] of since) {
  Deno.test(`oracle's bounds: ${what}: ${unwanted} unwanted`, () =>
    assert.equal(judge(aLife(life), came(atMs), rules, long).unwanted, unwanted));
}

Deno.test("oracle's bounds: lateness counts from the earliest time at which the will may have been unread here", () => {
  const verdict = (arrival: Arrival) => judge(aLife(delayed), [arrival], rules, long).verdict;
  assert.equal(verdict({ atMs: 15_000, sinceMs: 11_000, altered: [] }), "onTime");
  assert.equal(verdict({ atMs: 15_000, sinceMs: 11_001, altered: [] }), "late");
  assert.equal(verdict({ atMs: 11_000, altered: [] }), "onTime");
  assert.equal(verdict({ atMs: 11_001, altered: [] }), "late");
});

/** The fleet ended a silent connection at 22 s; its will was due at 20 s, and late from 21 s. */
const cuts: readonly [what: string, cutMs: number, wills: Arrival[], verdict: string][] = [
  ["just before the cut: late", 22_000, came(21_999), "late"],
  ["with the cut: missing", 22_000, came(22_000), "missing"],
  ["unread since before the cut: late", 22_000, [{ atMs: 22_500, sinceMs: 21_999, altered: [] }], "late"],
  ["after a cut within the bound, as late as allowed: on time", 20_500, came(21_000), "onTime"],
  ["after a cut within the bound, later: missing", 20_500, came(21_001), "missing"],
];

for (const [what, cutMs, wills, verdict] of cuts) {
  Deno.test(`oracle's bounds: F13: a will ${what}`, () => {
    const life = aLife({ ...in311, end: anEnd("freeze", { cutMs }) });
    assert.equal(judge(life, wills, rules, long).verdict, verdict);
  });
}

Deno.test("oracle's bounds: the worst watcher decides: a single one alone, the first of two equal ones", () => {
  const seen = (atMs: number) => judge(aLife(delayed), came(atMs), rules, long);
  const [first, second] = [seen(10_000), seen(10_001)];
  assert.equal(worst([first]), first);
  assert.equal(worst([first, second]).answer, first.answer);
  const blind = judge(aLife(delayed), [], rules, long, [absence(9_000, 12_000, true)]);
  const open = judge(aLife(delayed), [], rules, 9_000);
  assert.deepEqual([blind.verdict, open.verdict], ["unseeable", undefined]);
  assert.equal(worst([open, blind]).verdict, "unseeable");
  assert.equal(worst([blind, first]).verdict, "onTime");
});
