import type { Expectation, OracleRules } from "./expectation.ts";

/**
 * The oracle of presence: which retained message must be on a client's topic at an instant, by its own reading of the
 * standard, and the judgement of the message found. Pure, as the oracle of wills is.
 */
import type { Life } from "../life/life.ts";
import { dueBy, expectationOf } from "./oracle.ts";

/** A state that a client published, and the broker's answer. */
export interface Said {
  readonly sentMs: number;
  /** When the broker acknowledged it; undefined while it has not. */
  heardMs: number | undefined;
  /** The broker refused it: no reader may find it. */
  refused: boolean;
}

/** A life, and the states that its client published in it. */
export interface Stay {
  readonly life: Life;
  online: Said | undefined;
  left: Said | undefined;
}

/** A retained message that is possible: a client's state, or the will of an ended life. */
export interface PresenceState {
  readonly kind: "online" | "left" | "gone";
  readonly life: Life;
}

/** The permitted states at an instant. */
export interface PresenceTruth {
  /** Each permitted message, in the order of publication; undefined for none. One where there is no doubt. */
  readonly states: readonly (PresenceState | undefined)[];
  /** Since when this has been so; Infinity while it may change at any moment. */
  readonly sinceMs: number;
}

/** The judgement of one state. */
export type PresenceVerdict = "right" | "eitherWay" | "stale" | "unwanted" | "absent" | "altered";

/** The message found on a topic. */
export interface FoundState {
  readonly kind: PresenceState["kind"];
  readonly client: number;
  readonly incarnation: number;
}

/** A verdict, and the state that it is about: the one that the topic had to have, if any. */
export interface PresenceJudgement {
  readonly verdict: PresenceVerdict;
  readonly state: PresenceState | undefined;
}

const nothing: PresenceTruth = { states: [undefined], sinceMs: -Infinity };

/**
 * The permitted states on one client's topic.
 *
 * @param stays the client's lives in their order; states before the first of them do not matter
 * @param before the messages before them
 */
export function presenceTruth(
  stays: readonly Stay[],
  rules: OracleRules,
  atMs: number,
  before = nothing,
): PresenceTruth {
  return stays.reduce((truth, stay) => afterStay(truth, stay, rules, atMs), before);
}

function afterStay(
  before: PresenceTruth,
  { life, online, left }: Stay,
  rules: OracleRules,
  atMs: number,
): PresenceTruth {
  const said = afterWord(afterWord(before, online, { kind: "online", life }), left, { kind: "left", life });
  return afterWill(said, life, expectationOf(life, rules), rules, atMs);
}

/** A retained message takes the place of the one before it. [MQTT311 3.3.1-5] [MQTT5 3.3.1-5] */
function afterWord(truth: PresenceTruth, said: Said | undefined, state: PresenceState): PresenceTruth {
  if (said === undefined || said.refused) return truth;
  if (said.heardMs !== undefined) return { states: [state], sinceMs: said.heardMs };
  // Not acknowledged: the broker may have it, or not.
  return { states: [...truth.states, state], sinceMs: Math.max(truth.sinceMs, said.sentMs) };
}

/** A will with retain is published as any retained message is. [MQTT311 3.1.2-17] [MQTT5 3.1.2-15] */
function afterWill(
  truth: PresenceTruth,
  life: Life,
  expectation: Expectation,
  { lateAfterMs }: OracleRules,
  atMs: number,
): PresenceTruth {
  const gone: PresenceState = { kind: "gone", life };
  switch (expectation.kind) {
    case "none":
      return truth;
    case "either":
      return { states: [...truth.states, gone], sinceMs: Math.max(truth.sinceMs, lastChangeMs(life)) };
    case "one": {
      const { earliestMs } = expectation;
      // A broker may leave wills to the time after its restart.
      const dueMs = dueBy(expectation);
      // Not due yet: the message before it stays. [MQTT5 3.1.2-8]
      if (atMs < earliestMs) return truth;
      if (atMs > dueMs + lateAfterMs) return { states: [gone], sinceMs: dueMs };
      return { states: [...truth.states, gone], sinceMs: Infinity };
    }
  }
}

/** After this instant a life whose end the standard leaves open causes no change. */
function lastChangeMs({ end, sentMs, delayS, sessionExpiryS, next }: Life): number {
  const endMs = end?.doneMs ?? sentMs!; // a life whose CONNECT was not sent has no open end
  return Math.max(endMs, next?.sentMs ?? -Infinity) + Math.min(delayS, sessionExpiryS) * 1_000;
}

/** True where a state has lasted long enough for the judgement of a reader that requested it at `fromMs`. */
export function isSettled({ sinceMs }: PresenceTruth, fromMs: number, { lateAfterMs }: OracleRules): boolean {
  return sinceMs + lateAfterMs <= fromMs;
}

/**
 * Judges the message found, undefined for none, and `foreign` for a message that is not from this run.
 *
 * @param isAltered whether the message found differs from the one of that state
 */
export function judgePresence(
  { states }: PresenceTruth,
  found: FoundState | "foreign" | undefined,
  isAltered: (state: PresenceState) => boolean,
): PresenceJudgement {
  const last = states.at(-1);
  if (found === undefined) return { verdict: absence(states), state: last };
  if (found === "foreign") return { verdict: "altered", state: last };
  const same = states.find((state) =>
    state?.kind === found.kind && state.life.client === found.client && state.life.incarnation === found.incarnation
  );
  if (same !== undefined) {
    return { verdict: isAltered(same) ? "altered" : states.length === 1 ? "right" : "eitherWay", state: same };
  }
  if (last === undefined) return { verdict: "unwanted", state: undefined };
  return { verdict: orderOf(found) < orderOf(stateMark(last)) ? "stale" : "unwanted", state: last };
}

/** A server may drop a retained message of QoS 0 at any time. [MQTT311 3.3.1-7] 5.0 has this in its section 3.3.1.3. */
function absence(states: PresenceTruth["states"]): PresenceVerdict {
  if (states.includes(undefined)) return states.length === 1 ? "right" : "eitherWay";
  return states.some((state) => state!.life.qos === 0) ? "eitherWay" : "absent";
}

function stateMark({ kind, life }: PresenceState): FoundState {
  return { kind, client: life.client, incarnation: life.incarnation };
}

const within: Readonly<Record<PresenceState["kind"], number>> = { online: 0, left: 1, gone: 2 };

/** The position of a message in the order in which a client's life publishes them. */
function orderOf({ kind, incarnation }: FoundState): number {
  return incarnation * 3 + within[kind];
}
