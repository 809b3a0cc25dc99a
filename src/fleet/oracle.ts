/**
 * The oracle: which will is due when, by its own reading of the standard, and what became of it. Pure: no socket, no
 * clock, and no code shared with the broker, whose reading may be wrong in the same place.
 */
import type { EndMode, Life, LifeEnd } from "./life.ts";
import type { Absence, RestartWindow } from "./restart.ts";
import { isBackAfterRestart, overRestarts, restartAfter, soonestEndMs, unheard } from "./restart_rule.ts";

/** How strictly instants are read. */
export interface Rules {
  /** Later than this past its due instant is late, in milliseconds. */
  readonly lateAfterMs: number;
  /** Sooner than this before its due instant is early, in milliseconds. */
  readonly earlyBeforeMs: number;
  /** The broker's restarts so far, in their order. */
  readonly restarts?: readonly RestartWindow[];
}

/** Why a will is, or is not, due; `src/fleet/fault_rule.ts` knows the rule behind each. */
export type Ground =
  | "connection-ended"
  | "keep-alive-passed"
  | "taken-over"
  | "delay-passed"
  | "session-ended"
  | "session-resumed"
  | "left"
  | "living"
  | "refused"
  | "not-acknowledged"
  | "overslept"
  | "restarted"
  | "unheard"
  | "session-forgotten";

/** What the standard makes of one life. */
export type Expectation =
  | { readonly kind: "none"; readonly ground: Ground }
  /** The standard allows a will and none: what decides happened at one instant, or unseen. */
  | { readonly kind: "either"; readonly ground: Ground }
  | {
    readonly kind: "one";
    readonly ground: Ground;
    /** The instant at which the standard makes the will due. */
    readonly dueMs: number;
    /** A will before this is early. */
    readonly earliestMs: number;
    /** Lateness counts from here where the broker was down meanwhile, and so could not keep `dueMs`. */
    readonly byMs?: number;
    /** What latency is counted from: the schedule's instant, or `dueMs` for delayed and silent lives. */
    readonly latencyFromMs: number;
  };

/** One will as one watcher saw it. */
export interface Arrival {
  readonly atMs: number;
  /** It may have lain here unread from this instant on, since this machine was busy; absent when it was not. */
  readonly sinceMs?: number;
  /** What differs from what was asked for; empty when nothing does. */
  readonly altered: readonly Alteration[];
}

/** A part of a will that can go wrong on its way. */
export type Alteration = "topic" | "payload" | "qos" | "retain" | "properties";

/** What became of one will. */
export interface Judgement {
  readonly expectation: Expectation;
  /** Undefined where none was due, or the watch ended before it could be told. */
  readonly verdict: "onTime" | "late" | "early" | "missing" | "altered" | "unseeable" | undefined;
  /** One for each time too many. */
  readonly duplicates: number;
  /** One for each that came where none was due. */
  readonly unwanted: number;
  /** The arrival that answers the expectation. */
  readonly answer: Arrival | undefined;
}

/** What the standard makes of a life, as far as it is known. */
export function expectationOf(life: Life, rules: Rules): Expectation {
  if (life.refused) return { kind: "none", ground: "refused" };
  if (life.connectedMs === undefined) {
    return { kind: life.sentMs === undefined ? "none" : "either", ground: "not-acknowledged" };
  }
  // A broker that missed the client's packets was right to end it at 1.5 × keep alive, whatever came after.
  if (life.overslept) return { kind: "either", ground: "overslept" };
  if (life.end === undefined) return { kind: "none", ground: life.retired ? "left" : "living" };
  // A DISCONNECT with reason code 0x00 (any, in 3.1.1) removes the will. [MQTT311 3.14.4-3] [MQTT5 3.14.4-3]
  if (life.end.mode === "leave") {
    return unheard(life.end, rules) ? { kind: "either", ground: "unheard" } : { kind: "none", ground: "left" };
  }
  return expectationAfter(life, life.end, rules);
}

function expectationAfter(life: Life, end: LifeEnd, rules: Rules): Expectation {
  const [endMs, ground] = connectionEnd(life, end, rules);
  if (endMs === undefined) return { kind: "either", ground };
  const earliestMs = end.mode === "lost"
    ? life.connectedMs!
    : (end.sinceMs ?? soonestEndMs(end, endMs, rules)) - rules.earlyBeforeMs;
  // The session's end comes first where it is sooner than the will delay. [MQTT5 3.1.2-8]
  const delayMs = Math.min(life.delayS, life.sessionExpiryS) * 1_000;
  if (delayMs === 0) {
    const latencyFromMs = end.silent ? endMs : end.dueMs;
    return overRestarts({ kind: "one", ground, dueMs: endMs, earliestMs, latencyFromMs }, life, rules);
  }
  return delayedExpectation(life, endMs + delayMs, earliestMs + delayMs, rules);
}

/** When the connection is over by the standard, undefined where it does not say, and what ended it. */
function connectionEnd(life: Life, end: LifeEnd, rules: Rules): [endMs: number | undefined, ground: Ground] {
  if (end.mode === "restart") return [end.doneMs, "restarted"];
  if (end.mode === "takeover" && end.sinceMs === undefined) return [end.doneMs, "taken-over"];
  if (!end.silent) return [end.doneMs, "connection-ended"];
  // Turned off, by the server too: it may close a silent connection when it likes, or never. [MQTT5 3.2.2-21]
  if (life.keepAliveS === 0) {
    const restart = restartAfter(end.doneMs, rules);
    return restart === undefined ? [undefined, "keep-alive-passed"] : [restart.fromMs, "restarted"];
  }
  // Counted from the last packet. [MQTT311 3.1.2-24] [MQTT5 3.1.2-22]
  const silentUntilMs = life.lastPacketMs + life.keepAliveS * 1_500;
  // A client that is back sooner takes its own old connection over. [MQTT311 3.1.4-2] [MQTT5 3.1.4-3]
  if (life.next !== undefined && life.next.sentMs < silentUntilMs) return [life.next.sentMs, "taken-over"];
  return [silentUntilMs, "keep-alive-passed"];
}

function delayedExpectation(life: Life, dueMs: number, earliestMs: number, rules: Rules): Expectation {
  const { next, delayS, sessionExpiryS } = life;
  const ground = sessionExpiryS < delayS ? "session-ended" : "delay-passed";
  const whole = overRestarts({ kind: "one", ground, dueMs, earliestMs, latencyFromMs: dueMs }, life, rules);
  if (next === undefined || next.sentMs > (whole.byMs ?? dueMs) + rules.lateAfterMs) return whole;
  if (next.acknowledgedMs === undefined) return { kind: "either", ground: "not-acknowledged" };
  if (next.cleanStart) {
    // Clean Start ends the old session, and with it the wait. [MQTT5 3.1.2-8] [MQTT5 3.1.2-4]
    const sooner = Math.min(dueMs, next.sentMs);
    const earliest = Math.min(earliestMs, next.sentMs - rules.earlyBeforeMs);
    const why = sooner < dueMs ? "session-ended" : ground;
    const one = { kind: "one", ground: why, dueMs: sooner, earliestMs: earliest, latencyFromMs: sooner } as const;
    return overRestarts(one, life, rules);
  }
  // What a broker forgets over a restart is gone with the session, which the standard lets it lose: it may have known.
  if (next.sessionPresent === false && isBackAfterRestart(life, rules)) {
    return { kind: "either", ground: "session-forgotten" };
  }
  // Back in time: the will must not be sent. Back at the very instant: whichever the broker saw first. [MQTT5 3.1.3-9]
  return { kind: next.acknowledgedMs < earliestMs ? "none" : "either", ground: "session-resumed" };
}

/**
 * Judges one life by what one watcher saw.
 *
 * @param arrivals in the order in which they came
 * @param watchedUntilMs the watch's end; a will that could still come on time is not called missing
 * @param absences when this watcher could not see; a will that may have come then is not called missing either
 */
export function judge(
  life: Life,
  arrivals: readonly Arrival[],
  rules: Rules,
  watchedUntilMs: number,
  absences: readonly Absence[] = [],
): Judgement {
  const expectation = expectationOf(life, rules);
  const fromMs = overFromMs(life);
  const answer = arrivals.find((arrival) => arrival.atMs >= fromMs);
  let unwanted = 0;
  for (const { atMs } of arrivals) if (!(atMs >= fromMs)) unwanted++;
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
      };
    }
    case "either":
      return { expectation, verdict: undefined, duplicates, unwanted, answer };
    case "one": {
      const verdict = seenVerdict(life, answer, expectation, rules, watchedUntilMs, absences);
      return { expectation, verdict, duplicates, unwanted, answer };
    }
  }
}

/** Whether a client that left properly when the run ended had not done so when its will came. */
function wasAlive({ retired, leftMs }: Life, first: Arrival | undefined): boolean {
  return retired && first !== undefined && leftMs !== undefined && first.atMs < leftMs;
}

type One = Extract<Expectation, { readonly kind: "one" }>;

/** The instant from which lateness counts. */
export function dueBy({ dueMs, byMs }: One): number {
  return byMs ?? dueMs;
}

/** A will that did not come may have been published while this watcher could not see. */
function seenVerdict(
  life: Life,
  answer: Arrival | undefined,
  one: One,
  rules: Rules,
  untilMs: number,
  absences: readonly Absence[],
): Judgement["verdict"] {
  const verdict = verdictOf(answer, one, rules, untilMs);
  if (verdict !== "missing") return verdict;
  const lastMs = dueBy(one) + rules.lateAfterMs;
  const blind = absences.some(({ fromMs, toMs, forgotten }) =>
    // What is kept for a session that is away need not be of QoS 0. [MQTT311 3.1.2-5] [MQTT5 3.1.2-5]
    (forgotten || life.qos === 0) && fromMs <= lastMs && toMs >= one.earliestMs
  );
  return blind ? "unseeable" : verdict;
}

/** From when on a will cannot be one of a living client. A lost connection may have ended any time before it showed. */
function overFromMs({ end, connectedMs, sentMs, overslept }: Life): number {
  if (end === undefined || end.mode === "lost" || overslept) return connectedMs ?? sentMs ?? -Infinity;
  return end.sinceMs ?? end.doneMs;
}

function verdictOf(
  answer: Arrival | undefined,
  one: One,
  { lateAfterMs }: Rules,
  untilMs: number,
): Judgement["verdict"] {
  const byMs = dueBy(one);
  if (answer === undefined) return byMs + lateAfterMs < untilMs ? "missing" : undefined;
  if (answer.altered.length > 0) return "altered";
  if (answer.atMs < one.earliestMs) return "early";
  return (answer.sinceMs ?? answer.atMs) > byMs + lateAfterMs ? "late" : "onTime";
}

/** Where a judgement stands in counts by kill mode; `alive` is a client nobody has killed. */
export function modeOf(life: Life): EndMode | "alive" {
  return life.end?.mode ?? "alive";
}

/** What one watcher saw, another that could not see takes nothing from. */
const severity: readonly Judgement["verdict"][] = [
  undefined,
  "unseeable",
  "onTime",
  "late",
  "early",
  "altered",
  "missing",
];

/** One life seen by several watchers is as good as the worst of what they saw. */
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
