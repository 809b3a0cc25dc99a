import type { Arrival, Expectation, Ground, Judgement, One, OracleRules } from "./expectation.ts";
import type { EndMode, Life, LifeEnd } from "../life/life.ts";
import { hidesClose } from "../plan/kill_mode.ts";
import type { Absence } from "../result/restart_result.ts";
import {
  forgottenAt,
  isBackAfterRestart,
  overRestarts,
  restartAfter,
  rulesOf,
  soonestEndMs,
  unheard,
} from "./restart_rule.ts";

/** The expectation of the standard for a life, as far as the fleet has its data. */
export function expectationOf(life: Life, all: OracleRules): Expectation {
  const rules = rulesOf(life, all);
  if (life.refused) return { kind: "none", ground: "refused" };
  if (life.connectedMs === undefined) {
    return { kind: life.sentMs === undefined ? "none" : "either", ground: "not-acknowledged" };
  }
  // A broker that missed the client's packets was right to end it at 1.5 × keep alive, even if later packets arrived.
  if (life.overslept) return { kind: "either", ground: "overslept" };
  if (life.end === undefined) return { kind: "none", ground: life.retired ? "left" : "living" };
  // A DISCONNECT with reason code 0x00 (any, in 3.1.1) removes the will. [MQTT311 3.14.4-3] [MQTT5 3.14.4-3]
  if (life.end.mode === "leave") {
    return unheard(life.end, rules) ? { kind: "either", ground: "unheard" } : { kind: "none", ground: "left" };
  }
  return expectationAfter(life, life.end, rules);
}

function expectationAfter(life: Life, end: LifeEnd, rules: OracleRules): Expectation {
  const ground = seenGround(end);
  if (ground !== undefined) return afterEnd(life, end, end.doneMs, ground, rules);
  const [endMs, silentGround] = silentEnd(life, end, rules);
  if (endMs === undefined) return { kind: "either", ground: silentGround };
  return afterEnd(life, end, endMs, silentGround, rules);
}

/** The expectation after an end of the connection. @param endMs the instant at which it is over by the standard */
function afterEnd(life: Life, end: LifeEnd, endMs: number, ground: Ground, rules: OracleRules): Expectation {
  // The session's end makes the will due where it is sooner than the will delay. [MQTT5 3.1.2-8]
  const delayMs = Math.min(life.delayS, life.sessionExpiryS) * 1_000;
  const earliestMs = earliestEndMs(life, end, endMs, rules, delayMs > 0);
  if (delayMs === 0) {
    const latencyFromMs = end.silent ? endMs : end.dueMs;
    return overRestarts({ kind: "one", ground, dueMs: endMs, earliestMs, latencyFromMs }, life, rules);
  }
  const { delayS, sessionExpiryS } = life;
  const dueMs = endMs + delayMs;
  const why = sessionExpiryS < delayS ? "session-ended" : "delay-passed";
  // The schedule's instant and the delay; a silent life ends by its keep alive, which the kill does not start.
  const latencyFromMs = end.silent ? dueMs : dueMs - (end.doneMs - end.dueMs);
  const one = { kind: "one", ground: why, dueMs, earliestMs: earliestMs + delayMs, latencyFromMs } as const;
  return afterNext(life, one, slowCloseMs(end, endMs, rules), rules);
}

/** The cause of an end that was complete when the fleet noted it; undefined for a silent connection. */
function seenGround({ mode, sinceMs, silent }: LifeEnd): Ground | undefined {
  if (mode === "restart") return "restarted";
  if (mode === "takeover" && sinceMs === undefined) return "taken-over";
  return silent ? undefined : "connection-ended";
}

/** When a silent connection is over, undefined where the standard does not define that, and the cause of its end. */
function silentEnd(life: Life, end: LifeEnd, rules: OracleRules): [endMs: number | undefined, ground: Ground] {
  const { closedMs = Infinity, cutMs = Infinity } = end;
  // Turned off, by the server too: it may close a silent connection when it likes, or never. [MQTT5 3.2.2-21]
  if (life.keepAliveS === 0) {
    const { fromMs: downMs = Infinity } = restartAfter(end.doneMs, rules) ?? {};
    const endMs = Math.min(closedMs, cutMs, downMs);
    if (endMs === Infinity) return [undefined, "keep-alive-passed"];
    return [endMs, endMs === downMs ? "restarted" : "connection-ended"];
  }
  // Counted from the last packet, and an upper bound: a server may close earlier. [MQTT311 3.1.2-24] [MQTT5 3.1.2-22]
  const silentUntilMs = life.lastPacketMs + life.keepAliveS * 1_500;
  const endedMs = Math.min(closedMs, cutMs);
  // A client that is back sooner takes its own old connection over. [MQTT311 3.1.4-2] [MQTT5 3.1.4-3]
  const backMs = life.next?.sentMs ?? Infinity;
  if (backMs < silentUntilMs && backMs < endedMs) return [backMs, "taken-over"];
  return endedMs < silentUntilMs ? [endedMs, "connection-ended"] : [silentUntilMs, "keep-alive-passed"];
}

/** Before this the connection cannot have ended. */
function earliestEndMs(life: Life, end: LifeEnd, endMs: number, rules: OracleRules, isDelayed: boolean): number {
  const { earlyBeforeMs, lateAfterMs } = rules;
  if (end.mode === "lost") return life.connectedMs!;
  // A server may close a silent connection before keep alive has passed, and this client cannot see that it does.
  if (hidesClose(end.mode)) return end.doneMs - earlyBeforeMs;
  const soonestMs = (end.sinceMs ?? soonestEndMs(end, endMs, rules)) - earlyBeforeMs;
  if (!end.silent || end.closedSinceMs === undefined) return soonestMs;
  // A will and the close that makes it due arrive on two connections, in any order; a delay separates them.
  return Math.min(soonestMs, end.closedSinceMs - (isDelayed ? earlyBeforeMs : lateAfterMs));
}

/** How much later than due a broker closed a connection that it had to close, as far as that is not late itself. */
function slowCloseMs({ closedMs }: LifeEnd, endMs: number, { lateAfterMs }: OracleRules): number {
  const lateMs = (closedMs ?? endMs) - endMs;
  return lateMs > 0 && lateMs <= lateAfterMs ? lateMs : 0;
}

/**
 * A delayed will is cancelled where its session is resumed before it is due, else due. [MQTT5 3.1.3-9]
 *
 * @param slowMs the broker may regard the delay as over by so much later
 */
function afterNext(life: Life, one: One, slowMs: number, rules: OracleRules): Expectation {
  const { next } = life;
  const whole = overRestarts(one, life, rules);
  if (next === undefined) return whole;
  const { sentMs, acknowledgedMs, cleanStart } = next;
  const byMs = dueBy(whole) + slowMs;
  if (sentMs > byMs + rules.lateAfterMs) return whole;
  // Clean Start ends the old session, and with it the wait. [MQTT5 3.1.2-8] [MQTT5 3.1.2-4]
  const replaced = cleanStart ? overRestarts(endedBy(one, sentMs, rules), life, rules) : whole;
  if (acknowledgedMs === undefined) return { kind: "either", ground: "not-acknowledged", one: replaced };
  if (cleanStart) return replaced;
  // The broker took CONNECT between its sending and its answer: beyond that the will was due first, and must arrive.
  if (sentMs > byMs + rules.earlyBeforeMs + (acknowledgedMs - sentMs)) return whole;
  // The standard permits a broker to lose a session over a restart, and its will with it; the will may have survived.
  if (next.sessionPresent === false && isBackAfterRestart(life, rules)) {
    return { kind: "either", ground: "session-forgotten", one: forgottenAt(whole, life, rules) };
  }
  if (acknowledgedMs < one.earliestMs) return { kind: "none", ground: "session-resumed" };
  return { kind: "either", ground: "session-resumed", one: whole };
}

/** The session ends at an instant, where it has not ended before. */
function endedBy(one: One, atMs: number, { earlyBeforeMs }: OracleRules): One {
  if (one.dueMs <= atMs) return one;
  const earliestMs = Math.min(one.earliestMs, atMs - earlyBeforeMs);
  return { kind: "one", ground: "session-ended", dueMs: atMs, earliestMs, latencyFromMs: atMs };
}

/**
 * Judges one life by the arrivals at one watcher.
 *
 * @param arrivals in the order of their arrival
 * @param watchedUntilMs the watch's end; a will that could still arrive on time is not missing
 * @param absences the absences of this watcher; a will that may have arrived then is not missing either
 */
export function judge(
  life: Life,
  arrivals: readonly Arrival[],
  rules: OracleRules,
  watchedUntilMs: number,
  absences: readonly Absence[] = [],
): Judgement {
  const expectation = afterAbsences(expectationOf(life, rules), rules, absences);
  const fromMs = overFromMs(life);
  let first: Arrival | undefined;
  let unwanted = 0;
  for (const arrival of arrivals) {
    if (arrival.atMs >= fromMs) first ??= arrival;
    else unwanted++;
  }
  // An answer to the fleet's own action is no answer to a will that was due before.
  const answer = first !== undefined && answersCut(life, first, expectation, rules) ? undefined : first;
  const duplicates = Math.max(0, arrivals.length - unwanted - 1);
  switch (expectation.kind) {
    case "none": {
      const none: Expectation = wasAlive(life, arrivals[0]) ? { kind: "none", ground: "living" } : expectation;
      return {
        expectation: none,
        verdict: undefined,
        duplicates: 0,
        unwanted: arrivals.length,
        answer: undefined,
        ...arrivals[0] && { stray: arrivals[0] },
      };
    }
    case "either":
      return { ...eitherWay(expectation, answer, rules), duplicates, unwanted, answer };
    case "one": {
      const verdict = seenVerdict(life, answer, expectation, rules, watchedUntilMs, absences);
      return { expectation, verdict, duplicates, unwanted, answer };
    }
  }
}

/** The standard allows a will and none, but no will at any other instant, and none that is altered. */
function eitherWay(
  either: Extract<Expectation, { readonly kind: "either" }>,
  answer: Arrival | undefined,
  rules: OracleRules,
): Pick<Judgement, "expectation" | "verdict"> {
  if (answer === undefined) return { expectation: either, verdict: undefined };
  const { atMs } = answer;
  const { ground } = either;
  const one = either.one ?? { kind: "one", ground, dueMs: atMs, earliestMs: -Infinity, latencyFromMs: atMs };
  const verdict = verdictOf(answer, one, rules, Infinity);
  return verdict === "onTime" ? { expectation: either, verdict: undefined } : { expectation: one, verdict };
}

/** Whether a client that left properly at the end of the run was still online when its will arrived. */
function wasAlive({ retired, leftMs }: Life, first: Arrival | undefined): boolean {
  return retired && first !== undefined && first.atMs < leftMs!;
}

/**
 * Whether a will answers the end of the connection by the fleet itself, and not the event that made it due before: it
 * was overdue by then, or became so since, and arrived only after the fleet had acted.
 */
export function answersCut(
  { end }: Life,
  { atMs, sinceMs = atMs }: Arrival,
  expectation: Expectation,
  { lateAfterMs }: OracleRules,
): boolean {
  if (end?.cutMs === undefined || expectation.kind !== "one") return false;
  return sinceMs >= end.cutMs && sinceMs > dueBy(expectation) + lateAfterMs;
}

/** The instant from which lateness counts. */
export function dueBy({ dueMs, byMs }: One): number {
  return byMs ?? dueMs;
}

/** A will that falls due while a watcher has no connection arrives with the return of the watcher. */
function afterAbsences(expected: Expectation, rules: OracleRules, absences: readonly Absence[]): Expectation {
  if (absences.length === 0 || expected.kind === "none") return expected;
  if (expected.kind === "one") return oneAfter(expected, rules, absences);
  return expected.one === undefined ? expected : { ...expected, one: oneAfter(expected.one, rules, absences) };
}

function oneAfter(one: One, { lateAfterMs }: OracleRules, absences: readonly Absence[]): One {
  let byMs = dueBy(one);
  for (const { fromMs, toMs } of absences) {
    if (toMs < Infinity && fromMs <= byMs + lateAfterMs && toMs > byMs) byMs = toMs;
  }
  return byMs === dueBy(one) ? one : { ...one, byMs };
}

/** A missing will that the broker may have published during an absence of this watcher. */
function seenVerdict(
  life: Life,
  answer: Arrival | undefined,
  one: One,
  rules: OracleRules,
  untilMs: number,
  absences: readonly Absence[],
): Judgement["verdict"] {
  const verdict = verdictOf(answer, one, rules, untilMs);
  return verdict === "missing" && isHidden(life, one, rules, absences) ? "unseeable" : verdict;
}

/** Whether the will may have been published during an absence, to a session that did not keep it. */
function isHidden(life: Life, one: One, { lateAfterMs }: OracleRules, absences: readonly Absence[]): boolean {
  const lastMs = dueBy(one) + lateAfterMs;
  return absences.some(({ fromMs, toMs, forgotten, atQos0 = false }) =>
    // A server need not keep a QoS 0 message for a session without a connection. [MQTT311 3.1.2-5] [MQTT5 3.1.2-5]
    (forgotten || atQos0 || life.qos === 0) && fromMs <= lastMs && toMs >= one.earliestMs
  );
}

/** The earliest instant of a will after its life. A lost connection may have ended before the fleet noticed. */
function overFromMs({ end, connectedMs, sentMs, overslept }: Life): number {
  if (end === undefined || end.mode === "lost" || overslept) return connectedMs ?? sentMs!;
  return end.sinceMs ?? end.doneMs;
}

function verdictOf(
  answer: Arrival | undefined,
  one: One,
  { lateAfterMs }: OracleRules,
  untilMs: number,
): Judgement["verdict"] {
  const byMs = dueBy(one);
  if (answer === undefined) return byMs + lateAfterMs < untilMs ? "missing" : undefined;
  if (answer.altered.length > 0) return "altered";
  if (answer.atMs < one.earliestMs) return "early";
  return (answer.sinceMs ?? answer.atMs) > byMs + lateAfterMs ? "late" : "onTime";
}

/** Whether a will was missing, wrong, or one too many. */
export function hasFault({ verdict, duplicates, unwanted }: Judgement): boolean {
  return duplicates > 0 || unwanted > 0 || (verdict !== undefined && verdict !== "onTime" && verdict !== "unseeable");
}

/** The place of a judgement in counts by kill mode; `alive` is a client without a kill. */
export function modeOf(life: Life): EndMode | "alive" {
  return life.end?.mode ?? "alive";
}

/** An arrival at one watcher counts even if another watcher was offline. */
const severity: readonly Judgement["verdict"][] = [
  undefined,
  "unseeable",
  "onTime",
  "late",
  "early",
  "altered",
  "missing",
];

/** With several watchers, the worst verdict decides. */
export function worst(judgements: readonly Judgement[]): Judgement {
  if (judgements.length === 1) return judgements[0]!;
  const first = judgements.reduce((one, other) =>
    severity.indexOf(other.verdict) > severity.indexOf(one.verdict) ? other : one
  );
  return {
    ...first,
    duplicates: Math.max(...judgements.map((each) => each.duplicates)),
    unwanted: Math.max(...judgements.map((each) => each.unwanted)),
  };
}
