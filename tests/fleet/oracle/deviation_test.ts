/**
 * A profile covers only what it describes: each sign of each profile against a life that matches, and against lives
 * that differ from it in one part.
 */
import assert from "node:assert/strict";
import { deviationOf, type JudgedLife, mayShow } from "../../../src/fleet/oracle/deviation.ts";
import type { Alteration, Expectation, Ground, Judgement } from "../../../src/fleet/oracle/expectation.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { Ledger } from "../../../src/fleet/ledger/ledger.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import { judge } from "../../../src/fleet/oracle/oracle.ts";
import type { KillMode } from "../../../src/fleet/plan/kill_mode.ts";
import type { Deviation, Profile, Sign } from "../../../src/profiles/profile.ts";
import { profileOf, profiles } from "../../../src/profiles/profiles.ts";
import {
  aLife,
  anArrival,
  anEnd,
  aNext,
  aPlan,
  came,
  connectedMs,
  keepAliveS,
  killMs,
  rules,
  silentUntilMs,
} from "../sample_life.ts";
import { partText } from "../../../src/fleet/oracle/will_compare.ts";
import { aWill, watcher5 } from "../sample_will.ts";

const dueMs = 50_000;
const cases = profiles.flatMap((profile) =>
  profile.deviations.flatMap((deviation) =>
    deviation.signs.map((sign, place) => ({ name: `${profile.name}/${deviation.id} ${place}`, deviation, sign }))
  )
);

/** A profile with this sign only, so that no other sign can match. */
function alone(deviation: Deviation, sign: Sign): Profile {
  return { name: "one", broker: "one", versions: "1", deviations: [{ ...deviation, signs: [sign] }] };
}

/** A restart soon after the kill, before the will is due. */
const window = { fromMs: killMs + 3_000, backMs: killMs + 8_000, sessionsKept: true };

/** The loss of another node than that of the life, while the will is due. */
const nodeWindow = { node: 2, fromMs: dueMs - 2_000, backMs: dueMs + 5_000, sessionsKept: true };

/** A life that the sign matches, with the first of each of its alternatives. */
function fitting({ rules }: Deviation, sign: Sign): Life {
  const version = rules["5.0"] === undefined ? 4 : 5;
  const delayS = sign.delay === "some" || sign.delayFromConnect ? 20 : 0;
  const detail = sign.details?.[0];
  return aLife({
    version,
    cleanStart: sign.session !== "lasts",
    sessionExpiryS: version === 5 && sign.session === "lasts" ? 60 : 0,
    delayS,
    keepAliveS: sign.keepAlive === "odd" ? 9 : keepAliveS,
    end: anEnd(sign.endings[0] as KillMode, {
      silent: sign.silent ?? false,
      ...detail !== undefined && { detail },
    }),
    next: aNext(backMs(sign), { cleanStart: sign.next === "clean" }),
  });
}

/** When the client of the life returns. */
function backMs({ overdueWhenBack, whileOthersDie, restart }: Sign): number {
  if (restart) return window.backMs;
  return overdueWhenBack ? (whileOthersDie ? othersDueMs : dueMs) + 1_000 : killMs;
}

function expectation(sign: Sign): Expectation {
  const ground = (sign.grounds?.[0] ?? "connection-ended") as Ground;
  if (sign.fault === "unwanted") return { kind: "none", ground };
  const one = { kind: "one", ground, dueMs, earliestMs: dueMs - rules.earlyBeforeMs, latencyFromMs: dueMs } as const;
  return sign.restart || sign.nodeDown === "at its watchers" ? { ...one, byMs: dueMs + 5_000 } : one;
}

/** The bound of a late or early will, in milliseconds from its due time. */
function boundMs({ within: { s = 0, keepAlives = 0, delays = 0 } = {} }: Sign, life: Life): number {
  return (s + keepAlives * life.keepAliveS + delays * life.delayS) * 1_000;
}

/** When a will at the exact bound arrives. */
function edgeMs(sign: Sign, life: Life, othersDueMs: number): number {
  if (sign.fault === "late") {
    return Math.max(dueMs, sign.whileOthersDie ? othersDueMs : dueMs) + boundMs(sign, life) + rules.lateAfterMs;
  }
  if (sign.restart) return window.fromMs - rules.earlyBeforeMs;
  if (sign.delayFromConnect) return connectedMs + life.delayS * 1_000 - rules.earlyBeforeMs;
  return dueMs - rules.earlyBeforeMs - boundMs(sign, life);
}

const othersDueMs = dueMs + 7_000;

function judged(sign: Sign, life: Life, over: Partial<Judgement> = {}): JudgedLife {
  const timed = sign.fault === "late" || sign.fault === "early";
  const altered = alterationsOf(sign);
  const atMs = timed ? edgeMs(sign, life, othersDueMs) : dueMs;
  const verdict = sign.fault === "duplicate" || sign.fault === "unwanted" ? undefined : sign.fault;
  const answer = sign.fault === "missing" ? undefined : anArrival(atMs, ...altered);
  const unwanted = sign.fault === "unwanted" ? { unwanted: 1, stray: anArrival(window.backMs) } : { unwanted: 0 };
  const judgement = { expectation: expectation(sign), verdict, duplicates: 0, ...unwanted, answer, ...over };
  const restarts = sign.nodeDown !== undefined ? [nodeWindow] : sign.restart ? [window] : undefined;
  return { life, judgement, rules: { ...rules, ...restarts && { restarts } }, othersDueMs };
}

const everyPart: readonly Alteration[] = [
  ...["topic", "payload", "qos", "retain", "payloadFormatIndicator", "contentType", "responseTopic"] as const,
  ...["correlationData", "messageExpiryIntervalS", "userProperties"] as const,
];

/** The alterations that the sign names. */
function alterationsOf({ altered = [] }: Sign): Alteration[] {
  return everyPart.filter((part) => altered.includes(partText(part)));
}

const found = (deviation: Deviation, sign: Sign, life: JudgedLife) =>
  deviationOf(alone(deviation, sign), sign.fault, life) !== undefined;

for (const { name, deviation, sign } of cases) {
  Deno.test(`${name}: ${deviation.what}`, () => {
    const life = fitting(deviation, sign);
    assert.ok(found(deviation, sign, judged(sign, life)), "the life that it fits");
    assert.ok(mayShow({ ...deviation, signs: [sign] }, judged(sign, life)));
    for (const [why, other] of misfits(deviation, sign, life)) {
      assert.equal(found(deviation, sign, other), false, why);
    }
  });
}

/** Wills that a loss of a node does not concern. */
function* otherNodes(sign: Sign, life: Life): Generator<[why: string, life: JudgedLife]> {
  yield ["a life on the node itself", judged(sign, { ...life, node: nodeWindow.node })];
  yield ["no node was down", { ...judged(sign, life), rules }];
  const { node: _, ...whole } = nodeWindow;
  yield ["the whole broker was down", { ...judged(sign, life), rules: { ...rules, restarts: [whole] } }];
  const later = { ...nodeWindow, fromMs: dueMs + 20_000, backMs: dueMs + 25_000 };
  yield ["a node was down later", { ...judged(sign, life), rules: { ...rules, restarts: [later] } }];
  if (sign.nodeDown === "any") return;
  const seen = expectation({ ...sign, nodeDown: "any" });
  yield ["a will that other watchers lack too", judged(sign, life, { expectation: seen })];
}

/** Wills that differ from the sign. */
function* wrongWills(sign: Sign, life: Life): Generator<[why: string, life: JudgedLife]> {
  if (sign.altered !== undefined) {
    const altered = alterationsOf(sign);
    for (const part of everyPart.filter((part) => !altered.includes(part))) {
      yield [`${part} altered too`, judged(sign, life, { answer: anArrival(dueMs, part, ...altered) })];
    }
    const lateMs = dueMs + rules.lateAfterMs + 1;
    yield ["altered, and late besides", judged(sign, life, { answer: anArrival(lateMs, ...altered) })];
    const earlyMs = dueMs - rules.earlyBeforeMs - 1;
    yield ["altered, and early besides", judged(sign, life, { answer: anArrival(earlyMs, ...altered) })];
  }
  if (sign.fault === "unwanted") {
    yield ["more than one", judged(sign, life, { unwanted: 2 })];
    if (sign.restart) {
      yield ["before the restart", judged(sign, life, { stray: anArrival(window.fromMs - rules.earlyBeforeMs - 1) })];
      yield ["long after the restart", judged(sign, life, { stray: anArrival(window.backMs + rules.lateAfterMs + 1) })];
    }
  }
}

/** The same life with one difference that the sign does not describe. */
function* misfits(deviation: Deviation, sign: Sign, life: Life): Generator<[why: string, life: JudgedLife]> {
  const { end } = life;
  const over = (different: Partial<Life>) => judged(sign, { ...life, ...different });
  for (const mode of ["leave", "lost", "reset", "takeover"] as const) {
    if (!sign.endings.includes(mode)) yield [`another ending: ${mode}`, over({ end: { ...end!, mode } })];
  }
  yield ["a living client", over({ end: undefined })];
  if (deviation.rules["3.1.1"] === undefined) yield ["3.1.1", over({ version: 4 })];
  if (deviation.rules["5.0"] === undefined) yield ["5.0", over({ version: 5 })];
  if (sign.grounds !== undefined) {
    const other = { ...expectation(sign), ground: "overslept" } as Expectation;
    yield ["another ground", judged(sign, life, { expectation: other })];
  }
  const allowed = { kind: "either", ground: expectation(sign).ground } as const;
  yield ["a will that may come or not", judged(sign, life, { expectation: allowed })];
  if (sign.details !== undefined) yield ["another detail", over({ end: { ...end!, detail: "then FIN" } })];
  if (sign.silent) yield ["a client that did not fall silent", over({ end: { ...end!, silent: false } })];
  if (sign.session !== undefined) {
    const lasts = sign.session !== "lasts";
    yield ["another session", over({ cleanStart: !lasts, sessionExpiryS: lasts ? 60 : 0 })];
  }
  if (sign.next !== undefined) {
    yield ["the client did not return", over({ next: undefined })];
    yield ["it came back otherwise", over({ next: aNext(killMs, { cleanStart: sign.next !== "clean" }) })];
  }
  if (sign.overdueWhenBack) {
    yield ["the client did not return", over({ next: undefined })];
    yield ["back before it was due", over({ next: aNext(dueMs - 1) })];
    const lastMs = (sign.whileOthersDie ? othersDueMs : dueMs) + boundMs(sign, life);
    yield ["back when it must have come", over({ next: aNext(lastMs + 1) })];
    const alone = { ...judged(sign, life), othersDueMs: -Infinity };
    if (sign.whileOthersDie) yield ["back as late, and no others died", alone];
  }
  if (sign.delay !== undefined) yield ["another delay", over({ delayS: sign.delay === "some" ? 0 : 20 })];
  if (sign.keepAlive !== undefined) yield ["an even keep alive", over({ keepAliveS: 10 })];
  yield* wrongWills(sign, life);
  if (sign.nodeDown !== undefined) yield* otherNodes(sign, life);
  if (sign.restart) {
    const { restart: _, ...calm } = sign;
    yield ["no restart", { ...judged(sign, life, { expectation: expectation(calm) }), rules }];
    if (sign.fault === "early") {
      const late = window.backMs + rules.lateAfterMs + 1;
      yield ["not with the restart", judged(sign, life, { answer: anArrival(late) })];
    }
  }
  if (sign.fault === "late") {
    yield ["beyond the bound", judged(sign, life, { answer: anArrival(edgeMs(sign, life, othersDueMs) + 1) })];
  }
  if (sign.fault === "early") {
    yield ["sooner than the bound", judged(sign, life, { answer: anArrival(edgeMs(sign, life, othersDueMs) - 1) })];
  }
}

Deno.test("F8: an altered and late will is a deviation only if the profile describes both faults", () => {
  const { deviations } = profileOf("mochi")!;
  const altered = deviations.find(({ id }) => id === "properties")!;
  const life = fitting(altered, altered.signs[0]!);
  const late = judged(altered.signs[0]!, life, { answer: anArrival(dueMs + 1_900, "contentType") });
  const sign = { fault: "late", endings: altered.signs[0]!.endings, within: { s: 1 } } as const;
  const both = (within: number): Profile => ({
    ...alone(altered, altered.signs[0]!),
    deviations: [altered, { ...altered, id: "late", signs: [{ ...sign, within: { s: within } }] }],
  });
  assert.equal(deviationOf(both(1), "altered", late)?.id, "properties");
  assert.equal(deviationOf(both(0.5), "altered", late), undefined);
});

Deno.test("F8: a sign covers its own fault only", () => {
  for (const { deviation, sign } of cases) {
    const life = judged(sign, fitting(deviation, sign));
    for (const other of ["missing", "late", "early", "altered", "duplicate", "unwanted"] as const) {
      const expected = other === sign.fault;
      assert.equal(
        deviationOf(alone(deviation, sign), other, life) !== undefined,
        expected,
        `${deviation.id} ${other}`,
      );
    }
  }
});

Deno.test("deviation: late-while-others-die does not cover a will after the last due time of others", () => {
  const list = profileOf("mosquitto")!.deviations.find(({ id }) => id === "delay-list")!;
  const [sign] = list.signs;
  const life = fitting(list, sign!);
  const late = judged(sign!, life, { answer: anArrival(dueMs + 5_000) });
  assert.ok(found(list, sign!, late));
  assert.equal(found(list, sign!, { ...late, othersDueMs: -Infinity }), false);
});

/** Lives that the oracle judges, and the deviation of profile mosquitto that covers each of them. */
const lives: readonly [what: string, life: Partial<Life>, wills: readonly number[], id: string | undefined][] = [
  [
    "taken over, both lasting, no delay",
    { sessionExpiryS: 60, cleanStart: false, end: anEnd("takeover"), next: aNext(killMs) },
    [],
    "takeover-persistent",
  ],
  [
    "taken over in 3.1.1, both lasting",
    { version: 4, cleanStart: false, end: anEnd("takeover"), next: aNext(killMs) },
    [],
    "takeover-persistent",
  ],
  [
    "taken over with Clean Start",
    { sessionExpiryS: 60, cleanStart: false, end: anEnd("takeover"), next: aNext(killMs, { cleanStart: true }) },
    [],
    undefined,
  ],
  ["taken over, no session", { end: anEnd("takeover"), next: aNext(killMs) }, [], undefined],
  ["DISCONNECT 0x80 and above", { end: anEnd("disconnect-error") }, [], "disconnect-error"],
  ["DISCONNECT 0x04", { end: anEnd("disconnect-with-will") }, [], undefined],
  ["reset", { end: anEnd("reset") }, [], undefined],
  ["silent, 7 s late", { end: anEnd("freeze") }, [silentUntilMs + 7_900], "keep-alive-late"],
  ["silent, later than that", { end: anEnd("freeze") }, [silentUntilMs + 8_001], undefined],
  ["silent, and no will", { end: anEnd("freeze") }, [], undefined],
  ["half a packet, then FIN, late", { end: anEnd("half-packet") }, [killMs + 3_000], undefined],
  ["an even keep alive, early", { end: anEnd("freeze") }, [silentUntilMs - 400], undefined],
  ["an odd keep alive, earlier", { keepAliveS: 11, end: anEnd("freeze") }, [silentUntilMs + 900], undefined],
  ["a second CONNECT", { end: anEnd("second-connect") }, [], "second-connect"],
  ["reset, late", { end: anEnd("reset") }, [killMs + 3_000], undefined],
];

for (const [what, over, wills, id] of lives) {
  Deno.test(`profile mosquitto: ${what}: ${id ?? "a fault"}`, () => {
    const life = aLife(over);
    const judgement = judge(life, came(...wills), rules, 120_000);
    const { verdict } = judgement;
    assert.ok(verdict !== undefined && verdict !== "onTime" && verdict !== "unseeable", `it is ${verdict}`);
    const deviation = deviationOf(profileOf("mosquitto")!, verdict, { life, judgement, rules, othersDueMs: -Infinity });
    assert.equal(deviation?.id, id);
    assert.equal(
      deviationOf(profileOf("strict")!, verdict, { life, judgement, rules, othersDueMs: -Infinity }),
      undefined,
    );
  });
}

/** A sign with a fault and an ending, and no other condition. */
const plain = (over: Partial<Sign>): Sign => ({ fault: "missing", endings: ["reset"], ...over });

function deviationWith(id: string, ...signs: Sign[]): Deviation {
  return { id, rules: { "3.1.1": "3.1.2-8", "5.0": "3.1.2-8" }, what: "", evidence: "run", source: "", signs };
}

const killed = (over: Partial<Life> = {}) => aLife({ end: anEnd("reset", { detail: "RST" }), ...over });
const kept = { sessionExpiryS: 60 } as const;

/** A condition of a sign, a life that meets it, and a life that does not. */
const parts: readonly [what: string, sign: Partial<Sign>, life: Life, holds: boolean][] = [
  ["one of two details, the first", { details: ["RST", "FIN"] }, killed(), true],
  ["one of two details, the second", { details: ["FIN", "RST"] }, killed(), true],
  ["a detail that was not noted", { details: ["RST"] }, aLife({ end: anEnd("reset") }), false],
  ["any delay, and there is one", {}, killed({ delayS: 2, ...kept }), true],
  ["a delay of 1 s", { delay: "some" }, killed({ delayS: 1, ...kept }), true],
  ["no delay, and there is one of 1 s", { delay: "none" }, killed({ delayS: 1, ...kept }), false],
  ["5.0: a session of 1 s lasts", { session: "lasts" }, killed({ sessionExpiryS: 1, cleanStart: true }), true],
  ["5.0: a session of 0 s ends", { session: "ends" }, killed({ sessionExpiryS: 0, cleanStart: false }), true],
  ["3.1.1: Clean Session 0 lasts", { session: "lasts" }, killed({ version: 4, cleanStart: false }), true],
  ["3.1.1: Clean Session 1 ends", { session: "ends" }, killed({ version: 4, cleanStart: true }), true],
  ["back as the will was due", { overdueWhenBack: true }, killed({ next: aNext(dueMs) }), true],
  ["back before the will was due", { overdueWhenBack: true }, killed({ next: aNext(dueMs - 1) }), false],
];

for (const [what, over, life, holds] of parts) {
  Deno.test(`a sign: ${what}`, () => {
    const sign = plain(over);
    assert.equal(found(deviationWith("one", sign), sign, judged(sign, life)), holds);
  });
}

Deno.test("deviation sign: lateness counts from the earliest time at which the will may have been unread here", () => {
  const sign = plain({ fault: "late", within: { s: 2 } });
  const latestMs = dueMs + 2_000 + rules.lateAfterMs;
  const late = (sinceMs: number | undefined, atMs: number) => {
    const answer = { atMs, altered: [], ...sinceMs !== undefined && { sinceMs } };
    return found(deviationWith("one", sign), sign, judged(sign, killed(), { answer }));
  };
  assert.deepEqual([late(latestMs, latestMs + 9_000), late(latestMs + 1, latestMs + 9_000)], [true, false]);
  assert.deepEqual([late(undefined, latestMs), late(undefined, latestMs + 1)], [true, false]);
});

Deno.test("deviation sign: duplicates needs no parts; altered without parts covers no alteration", () => {
  const twice = plain({ fault: "duplicate" });
  assert.ok(found(deviationWith("one", twice), twice, judged(twice, killed())));
  const altered = plain({ fault: "altered" });
  const answer = anArrival(dueMs, "topic");
  assert.equal(found(deviationWith("one", altered), altered, judged(altered, killed(), { answer })), false);
});

Deno.test("deviation: the first matching deviation applies, and one of several signs is sufficient", () => {
  const [fitting, other] = [plain({}), plain({ endings: ["freeze"] })];
  const deviations = [
    deviationWith("no", other),
    deviationWith("first", other, fitting),
    deviationWith("then", fitting),
  ];
  const life = judged(fitting, killed());
  assert.equal(deviationOf({ ...alone(deviations[0]!, other), deviations }, "missing", life)?.id, "first");
  assert.deepEqual(deviations.map((each) => mayShow(each, life)), [false, true, true]);
});

/**
 * A client that dies with a delay of 2 s and returns 1 s after its will is due; another client with the same delay dies
 * `otherAfterMs` later.
 */
function overdueAndBack(otherAfterMs: number, profile: string) {
  const plan = aPlan({ clients: 100, profile });
  const ledger = new Ledger(plan, new Groups(plan, "5"));
  const delayed = { delayS: 2, sessionExpiryS: 60, cleanStart: false } as const;
  const first = aLife({ ...delayed, end: anEnd("reset") });
  const other = aLife({ ...delayed, client: 1, end: anEnd("reset", { doneMs: killMs + otherAfterMs }) });
  for (const life of [first, other]) ledger.begin(life);
  for (const life of [first, other]) ledger.end(life);
  first.next = aNext(killMs + 3_500);
  ledger.back(first);
  ledger.arrive(aWill(plan, other), 0, watcher5, killMs + otherAfterMs + 2_000);
  ledger.close(killMs + 60_000);
  return ledger.tally;
}

Deno.test("deviation: mosquitto drops a delayed will in its list only if it is overdue when its client returns", () => {
  const listed = overdueAndBack(1_000, "mosquitto");
  assert.deepEqual([listed.total().missing, listed.total().deviating], [0, 1]);
  assert.equal(listed.deviations.data().byId["delayed-overdue-back"]?.seen, 1);
  const moved = overdueAndBack(100, "mosquitto");
  assert.deepEqual([moved.total().missing, moved.total().deviating], [1, 0], "the list had moved on by then");
  assert.equal(overdueAndBack(1_000, "hivemq").total().missing, 1);
});
