/** Verdicts: arrivals compared with the expectation. */
import assert from "node:assert/strict";
import type { Arrival, Judgement } from "../../../src/fleet/oracle/expectation.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import { judge, modeOf, worst } from "../../../src/fleet/oracle/oracle.ts";
import { aLife, anArrival, anEnd, aNext, came, killMs, rules, sentMs, silentUntilMs } from "../sample_life.ts";

/** Verdict, duplicates, unwanted. */
type Outcome = readonly [verdict: Judgement["verdict"], duplicates: number, unwanted: number];

function outcomeOf({ verdict, duplicates, unwanted }: Judgement): Outcome {
  return [verdict, duplicates, unwanted];
}

const long = killMs + 60_000;
const reset = aLife({ end: anEnd("reset") });
const delayed = aLife({ end: anEnd("reset"), delayS: 3, sessionExpiryS: 60 });
const resumed: Life = { ...delayed, next: aNext(8_000) };
const open: Life = { ...delayed, next: aNext(10_001) };
const frozen = aLife({ end: anEnd("freeze") });
/** The fleet ended a connection that the broker had to close. */
const cut = aLife({ end: anEnd("garbage", { cutMs: killMs + 5_000 }) });
const soonCut = aLife({ end: anEnd("garbage", { cutMs: killMs + 500 }) });
const lost = aLife({ end: anEnd("lost", { dueMs: killMs }) });

const cases: readonly [what: string, life: Life, arrivals: Arrival[], untilMs: number, expected: Outcome][] = [
  ["on time: at once", reset, came(killMs), long, ["onTime", 0, 0]],
  ["on time: at the last moment", reset, came(killMs + 1_000), long, ["onTime", 0, 0]],
  ["late: just", reset, came(killMs + 1_000.001), long, ["late", 0, 0]],
  ["missing", reset, [], long, ["missing", 0, 0]],
  ["missing: the watch ended a moment after it was late", reset, [], killMs + 1_000.001, ["missing", 0, 0]],
  ["undecided: the watch ended before it was late", reset, [], killMs + 1_000, [undefined, 0, 0]],
  ["undecided: the watch ended before it was due", delayed, [], killMs + 1_500, [undefined, 0, 0]],
  ["twice", reset, came(killMs, killMs + 5), long, ["onTime", 1, 0]],
  ["four times", reset, came(killMs, killMs + 5, killMs + 6, killMs + 9_000), long, ["onTime", 3, 0]],
  ["late, then again", reset, came(killMs + 2_000, killMs + 2_001), long, ["late", 1, 0]],
  ["altered", reset, [anArrival(killMs, "qos")], long, ["altered", 0, 0]],
  ["altered counts before late", reset, [anArrival(killMs + 5_000, "topic")], long, ["altered", 0, 0]],
  ["right, then altered: a duplicate", reset, [...came(killMs), anArrival(killMs + 1, "payload")], long, [
    "onTime",
    1,
    0,
  ]],
  ["while the client lived, and not again", reset, came(killMs - 1), long, ["missing", 0, 1]],
  ["while the client lived, and again", reset, came(killMs - 1, killMs), long, ["onTime", 0, 1]],
  ["delayed: on time", delayed, came(killMs + 3_000), long, ["onTime", 0, 0]],
  ["delayed: early", delayed, came(killMs + 2_000), long, ["early", 0, 0]],
  ["delayed: at once is early, not unwanted", delayed, came(killMs), long, ["early", 0, 0]],
  ["delayed: a rounded timer is not early", delayed, came(killMs + 2_980), long, ["onTime", 0, 0]],
  ["delayed: just early", delayed, came(killMs + 2_979), long, ["early", 0, 0]],
  ["delayed: late", delayed, came(killMs + 4_001), long, ["late", 0, 0]],
  ["freeze: on time", frozen, came(silentUntilMs), long, ["onTime", 0, 0]],
  ["freeze: early, at 1.25 × keep alive", frozen, came(17_500), long, ["early", 0, 0]],
  ["freeze: late, at 1.5 × keep alive + 2 s", frozen, came(silentUntilMs + 2_000), long, ["late", 0, 0]],
  ["resumed: none came", resumed, [], long, [undefined, 0, 0]],
  ["resumed: one still came", resumed, came(killMs + 3_000), long, [undefined, 0, 1]],
  ["left: none came", aLife({ end: anEnd("leave") }), [], long, [undefined, 0, 0]],
  ["left: two came", aLife({ end: anEnd("leave") }), came(killMs, killMs + 1), long, [undefined, 0, 2]],
  ["living: one came", aLife(), came(5_000), long, [undefined, 0, 1]],
  ["refused: one came", aLife({ refused: true, connectedMs: undefined }), came(sentMs + 1), long, [undefined, 0, 1]],
  ["either: none came", open, [], long, [undefined, 0, 0]],
  ["either: one came", open, came(killMs + 3_000), long, [undefined, 0, 0]],
  ["either: two came", open, came(killMs + 3_000, killMs + 3_001), long, [undefined, 1, 0]],
  ["M6: either: an early one is early", open, came(killMs + 2_979), long, ["early", 0, 0]],
  ["M6: either: not early by a timer's rounding", open, came(killMs + 2_980), long, [undefined, 0, 0]],
  ["M6: either: an early one, and again", open, came(killMs + 1_000, killMs + 3_000), long, ["early", 1, 0]],
  ["M6: either: one that comes late is late", open, came(killMs + 4_001), long, ["late", 0, 0]],
  ["M6: either: an altered one is altered", open, [anArrival(killMs + 3_000, "qos")], long, ["altered", 0, 0]],
  [
    "unanswered CONNECT: an altered one is altered",
    aLife({ connectedMs: undefined }),
    [anArrival(9_000, "topic")],
    long,
    [
      "altered",
      0,
      0,
    ],
  ],
  ["F13: overdue, and only after the fleet's own end", cut, came(killMs + 5_000), long, ["missing", 0, 0]],
  ["F13: twice after the fleet's own end: one too many", cut, came(killMs + 5_000, killMs + 5_001), long, [
    "missing",
    1,
    0,
  ]],
  ["F13: late, before the fleet's own end", cut, came(killMs + 4_999), long, ["late", 0, 0]],
  ["F13: late before, and again after", cut, came(killMs + 4_000, killMs + 6_000), long, ["late", 1, 0]],
  ["F13: after the fleet's own end, not yet late", soonCut, came(killMs + 1_000), long, ["onTime", 0, 0]],
  ["F13: after the fleet's own end, late", soonCut, came(killMs + 1_001), long, ["missing", 0, 0]],
  [
    "F13: read after the fleet's own end, and may have come before",
    cut,
    [
      { atMs: killMs + 5_100, sinceMs: killMs + 4_900, altered: [] },
    ],
    long,
    ["late", 0, 0],
  ],
  ["either: one while the client lived", open, came(killMs - 1), long, [undefined, 0, 1]],
  ["unanswered CONNECT: one came", aLife({ connectedMs: undefined }), came(sentMs + 50), long, [undefined, 0, 0]],
  ["lost: its will was seen before the loss", lost, came(killMs - 900), long, ["onTime", 0, 0]],
  ["lost: before its CONNACK", lost, came(sentMs), long, ["missing", 0, 1]],
];

for (const [what, life, arrivals, untilMs, expected] of cases) {
  Deno.test(`judge: ${what}`, () => assert.deepEqual(outcomeOf(judge(life, arrivals, rules, untilMs)), expected));
}

Deno.test("judge: the answer is the first arrival after the end of the life", () => {
  const arrivals = came(killMs - 1, killMs + 2, killMs + 3);
  assert.equal(judge(reset, arrivals, rules, long).answer, arrivals[1]);
});

Deno.test("judge: the worst watcher determines each count separately", () => {
  const order: readonly [arrivals: Arrival[], verdict: Judgement["verdict"]][] = [
    [came(killMs + 3_000), "onTime"],
    [came(killMs + 9_000), "late"],
    [came(killMs + 1_000), "early"],
    [[anArrival(killMs + 3_000, "retain")], "altered"],
    [[], "missing"],
  ];
  const seen = order.map(([arrivals]) => judge(delayed, arrivals, rules, long));
  for (let count = 1; count <= order.length; count++) {
    assert.equal(worst(seen.slice(0, count)).verdict, order[count - 1]![1]);
    assert.equal(worst(seen.slice(0, count).reverse()).verdict, order[count - 1]![1]);
  }
});

Deno.test("judge: duplicates and unwanted wills are the maximum of one watcher, not the sum", () => {
  const seen = [
    came(killMs),
    came(killMs, killMs + 1, killMs + 2),
    came(killMs - 2, killMs - 1, killMs),
    came(killMs, killMs + 1),
  ];
  assert.deepEqual(outcomeOf(worst(seen.map((arrivals) => judge(reset, arrivals, rules, long)))), ["onTime", 2, 2]);
});

Deno.test("judge: counts a life under its kill mode, as lost, or as alive", () => {
  assert.equal(modeOf(reset), "reset");
  assert.equal(modeOf(lost), "lost");
  assert.equal(modeOf(aLife()), "alive");
});
