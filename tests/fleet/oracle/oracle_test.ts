/**
 * The oracle against the table "What ends a life, and what is due" of wills.md. The times come from the standard, not
 * from the code.
 */
import assert from "node:assert/strict";
import type { Expectation } from "../../../src/fleet/oracle/expectation.ts";
import { type KillMode, killModes, needsVersion5 } from "../../../src/fleet/plan/kill_mode.ts";
import type { Life, LifeEnd } from "../../../src/fleet/life/life.ts";
import { expectationOf } from "../../../src/fleet/oracle/oracle.ts";
import { aLife, anEnd, aNext, connectedMs, killDueMs, killMs, rules, silentUntilMs } from "../sample_life.ts";

/** When the will is due; `none`; or `either` where the standard leaves it open. */
type Due = number | "none" | "either";

function dueOf(expectation: Expectation): Due {
  return expectation.kind === "one" ? expectation.dueMs : expectation.kind;
}

function due(life: Partial<Life>): Due {
  return dueOf(expectationOf(aLife(life), rules));
}

const delayS = 3;
const in311 = { version: 4 } as const;
const without = { version: 5, delayS: 0, sessionExpiryS: 60 } as const;
const delayed = { version: 5, delayS, sessionExpiryS: 60 } as const;

/** Row by row: the due time in 3.1.1, and in 5.0 without and with a will delay; the client does not return. */
const table: readonly [row: string, end: LifeEnd, in311: Due, without: Due, delayed: Due][] = [
  ["reset", anEnd("reset"), killMs, killMs, killMs + 3_000],
  ["close", anEnd("close"), killMs, killMs, killMs + 3_000],
  ["freeze", anEnd("freeze"), silentUntilMs, silentUntilMs, silentUntilMs + 3_000],
  ["half-packet, then FIN", anEnd("half-packet"), killMs, killMs, killMs + 3_000],
  [
    "half-packet, then silence",
    anEnd("half-packet", { silent: true }),
    silentUntilMs,
    silentUntilMs,
    silentUntilMs + 3_000,
  ],
  ["garbage", anEnd("garbage"), killMs, killMs, killMs + 3_000],
  ["second-connect", anEnd("second-connect"), killMs, killMs, killMs + 3_000],
  ["disconnect-with-will", anEnd("disconnect-with-will"), "none", killMs, killMs + 3_000],
  ["disconnect-error", anEnd("disconnect-error"), "none", killMs, killMs + 3_000],
  ["slow-loris", anEnd("slow-loris", { silent: true }), silentUntilMs, silentUntilMs, silentUntilMs + 3_000],
  ["stall", anEnd("stall", { silent: true }), silentUntilMs, silentUntilMs, silentUntilMs + 3_000],
  ["vanish", anEnd("vanish", { silent: true }), silentUntilMs, silentUntilMs, silentUntilMs + 3_000],
  ["kicked", anEnd("kicked"), killMs, killMs, killMs + 3_000],
  ["leave", anEnd("leave"), "none", "none", "none"],
];

for (const [row, end, ...columns] of table) {
  for (const [place, column] of [in311, without, delayed].entries()) {
    // 3.1.1 has no reason codes; the fleet never draws these rows there.
    if (column.version === 4 && needsVersion5(end.mode as KillMode)) continue;
    const name = column.version === 4 ? "3.1.1" : `5.0 with a delay of ${column.delayS} s`;
    Deno.test(`oracle: ${row}, ${name}`, () => assert.equal(due({ ...column, end }), columns[place]));
  }
}

Deno.test("oracle: each kill mode is a row of the table, except takeover, which has its own table", () => {
  const rows = new Set(table.map(([, end]) => end.mode));
  assert.deepEqual(killModes.filter((mode) => !rows.has(mode)), ["takeover", "refused-login"]);
});

/** The client sends the CONNECT of the takeover at `killMs`. */
const resumes = aNext(killMs);
const cleans = aNext(killMs, { cleanStart: true });
const takeovers: readonly [what: string, life: Partial<Life>, due: Due][] = [
  ["3.1.1, clean session", { ...in311, next: cleans }, killMs],
  ["3.1.1, session resumed", { ...in311, next: resumes }, killMs],
  ["5.0 without delay, clean start", { ...without, next: cleans }, killMs],
  ["5.0 without delay, session resumed", { ...without, next: resumes }, killMs],
  ["5.0 with delay, clean start: now", { ...delayed, next: cleans }, killMs],
  ["5.0 with delay, session resumed: none", { ...delayed, next: resumes }, "none"],
  ["5.0 with delay, but the old session ended with its connection", {
    ...delayed,
    sessionExpiryS: 0,
    next: resumes,
  }, killMs],
];
for (const [what, life, expected] of takeovers) {
  Deno.test(`oracle: takeover, ${what}`, () => assert.equal(due({ ...life, end: anEnd("takeover") }), expected));
}

/** 5.0, reset at 7 s, will delay 3 s: due at 10 s unless another event makes it due first. */
const delays: readonly [what: string, life: Partial<Life>, due: Due][] = [
  ["session expiry shorter than the delay", { sessionExpiryS: 2 }, 9_000],
  ["session expiry as long as the delay", { sessionExpiryS: 3 }, 10_000],
  ["session expiry 0: at once", { sessionExpiryS: 0 }, 7_000],
  ["session that never expires", { sessionExpiryS: 0xffff_ffff }, 10_000],
  ["delay of a century, session of 2 s", { delayS: 0xffff_ffff, sessionExpiryS: 2 }, 9_000],
  ["resumed in time", { next: aNext(8_000) }, "none"],
  ["resumed just in time", { next: aNext(9_960) }, "none"],
  ["resumed within a timer's rounding of the due instant", { next: aNext(9_970) }, "either"],
  ["resumed in time by the sending, too late by the answer", { next: aNext(9_999) }, "either"],
  ["resumed at the very instant", { next: aNext(10_000, { acknowledgedMs: 10_000 }) }, "either"],
  ["resumed a moment after", { next: aNext(10_001) }, "either"],
  ["M2: resumed as soon after as the ways of will and CONNECT may differ", { next: aNext(10_030) }, "either"],
  ["M2: resumed later than that, by the answer's way", { next: aNext(10_031) }, 10_000],
  ["M2: resumed later, but answered slowly", { next: aNext(10_400, { acknowledgedMs: 10_800 }) }, "either"],
  ["resumed too late, beyond what is late", { next: aNext(11_001) }, 10_000],
  ["resumed within the shorter session expiry", { sessionExpiryS: 2, next: aNext(8_000) }, "none"],
  ["resumed after the session expired, before the delay", { sessionExpiryS: 1, next: aNext(9_500) }, 8_000],
  ["back without an answer", { next: aNext(8_000, { acknowledgedMs: undefined }) }, "either"],
  ["clean start in time: at that start", { next: aNext(8_000, { cleanStart: true }) }, 8_000],
  ["clean start at the very instant", { next: aNext(10_000, { cleanStart: true }) }, 10_000],
  ["clean start just after: the delay was first", { next: aNext(10_500, { cleanStart: true }) }, 10_000],
  ["clean start much later", { next: aNext(60_000, { cleanStart: true }) }, 10_000],
  ["clean start without an answer", { next: aNext(8_000, { cleanStart: true, acknowledgedMs: undefined }) }, "either"],
];
for (const [what, life, expected] of delays) {
  Deno.test(`oracle: delayed will, ${what}`, () =>
    assert.equal(due({ ...delayed, end: anEnd("reset"), ...life }), expected));
}

/** When the fleet saw the broker's close of a silent connection. */
function closed(closedMs: number): LifeEnd {
  return anEnd("freeze", { closedMs, closedSinceMs: closedMs });
}

/** Silent since 5 s with a keep alive of 10 s: due at 20 s, or at the client's own takeover. */
const freezes: readonly [what: string, life: Partial<Life>, due: Due][] = [
  ["3.1.1, back before: taken over", { ...in311, next: aNext(12_000) }, 12_000],
  ["3.1.1, back after", { ...in311, next: aNext(20_001) }, 20_000],
  ["5.0 without delay, back before", { ...without, next: aNext(12_000) }, 12_000],
  ["5.0 with delay, back before, session resumed", { ...delayed, next: aNext(12_000) }, "none"],
  ["5.0 with delay, back before, clean start", { ...delayed, next: aNext(12_000, { cleanStart: true }) }, 12_000],
  ["5.0 with delay, back while it waits", { ...delayed, next: aNext(21_000) }, "none"],
  [
    "5.0 with delay, back while it waits, clean start",
    { ...delayed, next: aNext(21_000, { cleanStart: true }) },
    21_000,
  ],
  ["5.0 with delay, back too late", { ...delayed, next: aNext(24_001) }, 23_000],
  ["keep alive as the server overrode it", { ...without, keepAliveS: 4 }, 11_000],
  ["a keep alive that makes no whole seconds", { ...without, keepAliveS: 1 }, 6_500],
  ["F1: closed before 1.5 x keep alive", { ...in311, end: closed(15_000) }, 15_000],
  ["F1: closed then, back after that", { ...in311, end: closed(15_000), next: aNext(16_000) }, 15_000],
  ["F1: 5.0 with delay, closed before", { ...delayed, end: closed(15_000) }, 18_000],
  ["F1: 5.0 with delay, closed before, resumed in time", {
    ...delayed,
    end: closed(15_000),
    next: aNext(17_000),
  }, "none"],
  ["F1: closed after 1.5 x keep alive", { ...in311, end: closed(21_500) }, 20_000],
  ["F1: 5.0 with delay, closed a little later, and resumed within the delay since then", {
    ...delayed,
    end: closed(20_900),
    next: aNext(23_900),
  }, "either"],
  ["F1: 5.0 with delay, closed a little later, and back too late since then", {
    ...delayed,
    end: closed(20_900),
    next: aNext(23_931),
  }, 23_000],
  ["F1: 5.0 with delay, closed too late: the delay is over as if it had not been", {
    ...delayed,
    end: closed(21_001),
    next: aNext(23_031),
  }, 23_000],
  ["F13: ended by the fleet before 1.5 x keep alive", { ...in311, end: anEnd("freeze", { cutMs: 18_000 }) }, 18_000],
];
for (const [what, life, expected] of freezes) {
  Deno.test(`oracle: freeze, ${what}`, () => assert.equal(due({ end: anEnd("freeze"), ...life }), expected));
}

Deno.test("oracle: with a server keep alive of 0 the end of a silent connection is unknown", () => {
  const silent = { ...without, keepAliveS: 0, end: anEnd("freeze") };
  assert.equal(due(silent), "either");
  assert.equal(due({ ...silent, next: aNext(12_000) }), "either");
  assert.equal(due({ ...silent, end: closed(9_000) }), 9_000);
  assert.equal(due({ ...silent, end: anEnd("freeze", { cutMs: 9_500 }) }), 9_500);
});

/** The earliest time of a will: after a close at 15 s, and after one that may have been in the buffer since 14.9 s. */
const earliest: readonly [what: string, life: Partial<Life>, earliestMs: number][] = [
  ["without delay, as long before the close as a will may be late", { ...in311, end: closed(15_000) }, 14_000],
  ["with delay, counted from the close", { ...delayed, end: closed(15_000) }, 17_980],
  ["with delay, counted from the first instant at which the close may have come", {
    ...delayed,
    end: anEnd("freeze", { closedMs: 15_000, closedSinceMs: 14_900 }),
  }, 17_880],
  ["announced by DISCONNECT, the connection open", {
    ...in311,
    end: anEnd("freeze", { closedSinceMs: 18_000 }),
  }, 17_000],
  ["closed just after 1.5 x keep alive", { ...in311, end: closed(20_500) }, 19_500],
  ["closed long after 1.5 x keep alive", { ...in311, end: closed(21_500) }, 19_980],
  ["not closed", { ...in311, end: anEnd("freeze") }, 19_980],
  ["kicked: the broker may have ended it since the command started", {
    ...in311,
    end: { ...anEnd("kicked"), sinceMs: killMs - 400 },
  }, 6_580],
  ["not closed, while the client sends bytes", { ...in311, end: anEnd("slow-loris", { silent: true }) }, 19_980],
  ["the client does not read, and so sees no close", { ...in311, end: anEnd("stall", { silent: true }) }, 6_980],
  ["the same with a delay", { ...delayed, end: anEnd("stall", { silent: true }) }, 9_980],
];
for (const [what, life, earliestMs] of earliest) {
  Deno.test(`oracle: F1: the will of a silent client is early before: ${what}`, () => {
    const expectation = expectationOf(aLife(life), rules);
    assert.equal(expectation.kind === "one" && expectation.earliestMs, earliestMs);
  });
}

/** Lives that the fleet did not kill, or that never connected. */
const others: readonly [what: string, life: Partial<Life>, expected: Expectation][] = [
  ["a living client", {}, { kind: "none", ground: "living" }],
  ["a refused CONNECT", { connectedMs: undefined, refused: true }, { kind: "none", ground: "refused" }],
  ["a login with a wrong password", { connectedMs: undefined, refused: true, end: anEnd("refused-login") }, {
    kind: "none",
    ground: "refused",
  }],
  ["a link that never opened", { sentMs: undefined, connectedMs: undefined }, {
    kind: "none",
    ground: "not-acknowledged",
  }],
  ["a CONNECT without an answer", { connectedMs: undefined }, { kind: "either", ground: "not-acknowledged" }],
];
for (const [what, life, expected] of others) {
  Deno.test(`oracle: ${what}`, () => assert.deepEqual(expectationOf(aLife(life), rules), expected));
}

Deno.test("oracle: a lost connection may have ended at any time since CONNACK", () => {
  assert.deepEqual(expectationOf(aLife({ ...without, end: anEnd("lost", { dueMs: killMs }) }), rules), {
    kind: "one",
    ground: "connection-ended",
    dueMs: killMs,
    earliestMs: connectedMs,
    latencyFromMs: killMs,
  });
  assert.deepEqual(expectationOf(aLife({ ...delayed, end: anEnd("lost", { dueMs: killMs }) }), rules), {
    kind: "one",
    ground: "delay-passed",
    dueMs: killMs + 3_000,
    earliestMs: connectedMs + 3_000,
    latencyFromMs: killMs + 3_000,
  });
});

/** The start of the latency: the scheduled kill and the delay, or the due time that the standard sets. */
const counted: readonly [what: string, life: Partial<Life>, ground: string, latencyFromMs: number][] = [
  ["reset", { end: anEnd("reset") }, "connection-ended", killDueMs],
  ["takeover", { end: anEnd("takeover"), next: cleans }, "taken-over", killDueMs],
  ["freeze", { end: anEnd("freeze") }, "keep-alive-passed", silentUntilMs],
  ["freeze, taken over", { end: anEnd("freeze"), next: aNext(12_000) }, "taken-over", 12_000],
  ["delay", { ...delayed, end: anEnd("reset") }, "delay-passed", killDueMs + 3_000],
  ["session end", { ...delayed, sessionExpiryS: 2, end: anEnd("reset") }, "session-ended", killDueMs + 2_000],
  [
    "clean start",
    { ...delayed, end: anEnd("reset"), next: aNext(8_000, { cleanStart: true }) },
    "session-ended",
    8_000,
  ],
];
for (const [what, life, ground, latencyFromMs] of counted) {
  Deno.test(`oracle: latency counts from the right time, ${what}`, () => {
    const expectation = expectationOf(aLife(life), rules);
    assert.equal(expectation.ground, ground);
    assert.equal(expectation.kind === "one" && expectation.latencyFromMs, latencyFromMs);
  });
}

Deno.test("oracle: a refused or unanswered takeover ended its life at that time, or at any later time", () => {
  const end = { ...anEnd("takeover"), doneMs: 9_000, dueMs: 9_000, sinceMs: killMs };
  assert.deepEqual(expectationOf(aLife({ ...without, end }), rules), {
    kind: "one",
    ground: "connection-ended",
    dueMs: 9_000,
    earliestMs: killMs - rules.earlyBeforeMs,
    latencyFromMs: 9_000,
  });
  assert.equal(due({ ...delayed, end, next: aNext(killMs, { acknowledgedMs: undefined }) }), "either");
});
