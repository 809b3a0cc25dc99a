/**
 * Presence: the state that must be retained on a client's topic, computed from its lives, and the verdict on a found
 * state.
 */
import assert from "node:assert/strict";
import type { Life } from "../../../src/fleet/life/life.ts";
import {
  type FoundState,
  isSettled,
  judgePresence,
  type PresenceJudgement,
  type PresenceTruth,
  presenceTruth,
  type PresenceVerdict,
  type Said,
  type Stay,
} from "../../../src/fleet/oracle/presence_oracle.ts";
import { aLife, anEnd, aNext, killMs, rules, silentUntilMs } from "../sample_life.ts";
import { eachCase } from "../../support/steps.ts";

const onlineMs = 1_015;
const nextMs = 8_000;
const heard = (atMs: number): Said => ({ sentMs: atMs - 5, heardMs: atMs, refused: false });
const unheard = (atMs: number): Said => ({ sentMs: atMs, heardMs: undefined, refused: false });
const refused = (atMs: number): Said => ({ sentMs: atMs, heardMs: undefined, refused: true });

/** @param online null for a client that has not published its state */
function stay(over: Partial<Life> = {}, online: Said | null = heard(onlineMs), left?: Said): Stay {
  return { life: aLife(over), online: online ?? undefined, left };
}

/** The life after a killed one: CONNECT at 8 s. */
function second(over: Partial<Life> = {}, online: Said | null = heard(nextMs + 20)): Stay {
  return {
    life: aLife({ incarnation: 2, sentMs: nextMs, connectedMs: nextMs + 10, ...over }),
    online: online ?? undefined,
    left: undefined,
  };
}

const reset = { end: anEnd("reset") };
const delayed = { ...reset, delayS: 3, sessionExpiryS: 60 };
const resumed = { ...delayed, next: aNext(nextMs) };
const clean = { ...delayed, next: aNext(nextMs, { cleanStart: true }) };

/** A return at 10.001 s; the will of 7 s with a delay of 3 s was due at 10 s. */
const backThen = { ...delayed, next: aNext(10_001) };
const endsFirst = { delayS: 60, sessionExpiryS: 3 };

const truths: readonly [what: string, stays: readonly Stay[], atMs: number, states: string, sinceMs: number][] = [
  ["no life", [], 5_000, "nothing", -Infinity],
  ["alive", [stay()], 5_000, "online 1", onlineMs],
  ["alive, not yet said", [stay({}, null)], 5_000, "nothing", -Infinity],
  ["alive, not acknowledged", [stay({}, unheard(1_010))], 5_000, "nothing or online 1", 1_010],
  ["alive, not taken", [stay({}, refused(1_010))], 5_000, "nothing", -Infinity],
  ["dead, its will may come any moment", [stay(reset)], killMs + 500, "online 1 or gone 1", Infinity],
  ["dead, a moment before its will may come", [stay(reset)], killMs - 21, "online 1", onlineMs],
  ["dead, at the first moment for its will", [stay(reset)], killMs - 20, "online 1 or gone 1", Infinity],
  ["dead, at the last moment for its will", [stay(reset)], killMs + 1_000, "online 1 or gone 1", Infinity],
  ["dead", [stay(reset)], killMs + 1_001, "gone 1", killMs],
  ["back as it was due", [stay(backThen)], 60_000, "online 1 or gone 1", 13_001],
  ["back as its session ended", [stay({ ...backThen, ...endsFirst })], 60_000, "online 1 or gone 1", 13_001],
  ["dead, never acknowledged", [stay(reset, unheard(1_010))], killMs + 1_001, "gone 1", killMs],
  ["silent, within keep alive", [stay({ end: anEnd("freeze") })], silentUntilMs - 100, "online 1", onlineMs],
  ["silent, beyond keep alive", [stay({ end: anEnd("freeze") })], silentUntilMs + 1_001, "gone 1", silentUntilMs],
  ["silent without keep alive", [stay({ end: anEnd("freeze"), keepAliveS: 0 })], 60_000, "online 1 or gone 1", killMs],
  ["delayed, not due", [stay(delayed)], killMs + 2_900, "online 1", onlineMs],
  ["delayed, due", [stay(delayed)], killMs + 3_500, "online 1 or gone 1", Infinity],
  ["delayed, late", [stay(delayed)], killMs + 4_001, "gone 1", killMs + 3_000],
  ["delayed, back in time", [stay(resumed), second()], 60_000, "online 2", nextMs + 20],
  ["delayed, back in time, said nothing", [stay(resumed), second({}, null)], 60_000, "online 1", onlineMs],
  ["delayed, session begun clean, said nothing", [stay(clean), second({}, null)], 60_000, "gone 1", nextMs],
  ["dead and back", [stay({ ...reset, next: aNext(nextMs) }), second()], 60_000, "online 2", nextMs + 20],
  [
    "dead and back, not acknowledged",
    [stay({ ...reset, next: aNext(nextMs) }), second({}, unheard(8_011))],
    60_000,
    "gone 1 or online 2",
    8_011,
  ],
  [
    "dead, CONNECT without an answer",
    [
      stay({ ...reset, next: aNext(nextMs, { acknowledgedMs: undefined }) }),
      second({ connectedMs: undefined }, null),
    ],
    60_000,
    "gone 1 or gone 2",
    nextMs,
  ],
  ["dead, CONNECT refused", [stay(reset), second({ refused: true }, null)], 60_000, "gone 1", killMs],
  ["left, killed so", [stay({ end: anEnd("leave") }, heard(onlineMs), heard(6_995))], 60_000, "left 1", 6_995],
  ["left at the end", [stay({ retired: true }, heard(onlineMs), heard(6_995))], 60_000, "left 1", 6_995],
  [
    "left, not acknowledged",
    [stay({ end: anEnd("leave") }, heard(onlineMs), unheard(6_990))],
    60_000,
    "online 1 or left 1",
    6_990,
  ],
  [
    "left, lost before DISCONNECT",
    [stay({ end: anEnd("lost") }, heard(onlineMs), heard(6_995))],
    60_000,
    "gone 1",
    killMs,
  ],
  ["kept silent by this machine", [stay({ overslept: true })], 60_000, "online 1 or gone 1", onlineMs],
  ["DISCONNECT with will", [stay({ end: anEnd("disconnect-with-will") })], 60_000, "gone 1", killMs],
];

function text({ states }: PresenceTruth): string {
  return states.map((state) => state === undefined ? "nothing" : `${state.kind} ${state.life.incarnation}`).join(
    " or ",
  );
}

for (const [what, stays, atMs, states, sinceMs] of truths) {
  Deno.test(`presence: ${what}: ${states}`, () => {
    const truth = presenceTruth(stays, rules, atMs);
    assert.deepEqual({ text: text(truth), sinceMs: truth.sinceMs }, { text: states, sinceMs });
  });
}

const alive = presenceTruth([stay()], rules, 5_000);
const back = presenceTruth([stay({ ...reset, next: aNext(nextMs) }), second()], rules, 60_000);
const gone = presenceTruth([stay(reset)], rules, 60_000);
const left = presenceTruth([stay({ end: anEnd("leave") }, heard(onlineMs), heard(6_995))], rules, 60_000);
const open = presenceTruth([stay({}, unheard(1_010))], rules, 5_000);
const neverThere = presenceTruth([], rules, 5_000);
const low = presenceTruth([stay({ version: 4, qos: 0 })], rules, 5_000);
const low5 = presenceTruth([stay({ version: 5, qos: 0 })], rules, 5_000);

const oneOfTwo = presenceTruth(
  [stay({ ...reset, version: 4, qos: 0, next: aNext(nextMs) }), second({ version: 4, qos: 1 }, unheard(8_011))],
  rules,
  60_000,
);
const leftAndGone = presenceTruth([stay({ end: anEnd("lost") }, heard(onlineMs), heard(6_995))], rules, 60_000);

const found = (kind: FoundState["kind"], incarnation: number, client = 0): FoundState => ({
  kind,
  incarnation,
  client,
});

const judged: readonly [
  what: string,
  truth: PresenceTruth,
  found: FoundState | "foreign" | undefined,
  verdict: PresenceVerdict,
][] = [
  ["alive and online", alive, found("online", 1), "right"],
  ["alive and nothing there", alive, undefined, "absent"],
  ["alive and its own will there", alive, found("gone", 1), "unwanted"],
  ["alive and it left, it says", alive, found("left", 1), "unwanted"],
  ["alive and another client's word there", alive, found("online", 1, 3), "unwanted"],
  ["alive and somebody's message there", alive, "foreign", "altered"],
  ["back, and the last life's will there", back, found("gone", 1), "stale"],
  ["back, and the last life's word there", back, found("online", 1), "stale"],
  ["back, and this life's will there", back, found("gone", 2), "unwanted"],
  ["dead and gone", gone, found("gone", 1), "right"],
  ["dead and online", gone, found("online", 1), "stale"],
  ["dead and nothing there", gone, undefined, "absent"],
  ["left and left", left, found("left", 1), "right"],
  ["left and online", left, found("online", 1), "stale"],
  ["left and its will there", left, found("gone", 1), "unwanted"],
  ["open and online", open, found("online", 1), "eitherWay"],
  ["open and nothing there", open, undefined, "eitherWay"],
  ["open and its will there", open, found("gone", 1), "unwanted"],
  ["never there and nothing there", neverThere, undefined, "right"],
  ["never there and a word there", neverThere, found("online", 1), "unwanted"],
  ["3.1.1 at QoS 0 and nothing there", low, undefined, "eitherWay"],
  ["5.0 at QoS 0 and nothing there", low5, undefined, "eitherWay"],
  [
    "3.1.1 at QoS 1 and nothing there",
    presenceTruth([stay({ version: 4, qos: 1 })], rules, 5_000),
    undefined,
    "absent",
  ],
  ["3.1.1, one of two at QoS 0, and nothing there", oneOfTwo, undefined, "eitherWay"],
  ["gone after it left, and its word there", leftAndGone, found("left", 1), "stale"],
];

for (const [what, truth, message, verdict] of judged) {
  Deno.test(`presence: ${what}: ${verdict}`, () => {
    const judge = (isAltered: boolean): PresenceJudgement => judgePresence(truth, message, () => isAltered);
    assert.equal(judge(false).verdict, verdict);
    // Only the correct message can be altered.
    const isMatch = message !== undefined && (verdict === "right" || verdict === "eitherWay");
    assert.equal(judge(true).verdict, isMatch ? "altered" : verdict);
  });
}

Deno.test("presence: a state is judged after it has stood for the lateness bound", () => {
  assert.equal(isSettled(alive, onlineMs + 999, rules), false);
  assert.equal(isSettled(alive, onlineMs + 1_000, rules), true);
  assert.equal(isSettled({ states: [], sinceMs: Infinity }, 1e12, rules), false);
});

Deno.test("presence: a state that is not found is the fault of the last permitted state", async (t) => {
  const [gone, online] = oneOfTwo.states;
  assert.deepEqual([gone?.kind, online?.kind], ["gone", "online"]);
  await eachCase(t, [undefined, "foreign"] as const, (message) => {
    assert.equal(judgePresence(oneOfTwo, message, () => false).state, online);
  });
});

Deno.test("presence: a will that the broker may delay to its restart is due from the broker's return", () => {
  const fromMs = killMs - 500;
  const backMs = killMs + 5_000;
  const over = { ...rules, restarts: [{ fromMs, backMs, sessionsKept: true }] };
  const stays = [stay({ end: anEnd("restart") })];
  const at = (atMs: number) => presenceTruth(stays, over, atMs).states.map((state) => state?.kind);
  // At most by the down time.
  const lastMs = killMs + (backMs - fromMs) + rules.lateAfterMs;
  assert.deepEqual(at(lastMs), ["online", "gone"]);
  assert.deepEqual(at(lastMs + 1), ["gone"]);
});
