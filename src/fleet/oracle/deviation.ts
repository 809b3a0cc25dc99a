/**
 * Whether a profile describes the fault of a life's will for its broker. Pure, and narrow: every part of a sign must
 * match, and a will beyond its bounds is a fault as it would be without a profile.
 */
import type { Deviation, Profile, Sign } from "../../profiles/profile.ts";
import type { Expectation, Judgement, OracleRules } from "./expectation.ts";
import type { FaultName } from "../result/fault_sample.ts";
import type { Life } from "../life/life.ts";
import { dueBy } from "./oracle.ts";
import { cameWithRestart, duringNodeLoss, spansRestart } from "./restart_rule.ts";
import { partText } from "./will_compare.ts";

type One = Extract<Expectation, { readonly kind: "one" }>;

/** A judged life, and the data that a sign may use. */
export interface JudgedLife {
  readonly life: Life;
  readonly judgement: Judgement;
  readonly rules: OracleRules;
  /**
   * Latest due time among wills with the same or a shorter delay whose clients' lives had ended before this will
   * arrived (or its client reconnected).
   */
  readonly othersDueMs: number;
}

/** The data that a sign may use, of a life with its judgement. */
export function judgedLife(
  { life, othersDueMs }: Pick<JudgedLife, "life" | "othersDueMs">,
  judgement: Judgement,
  rules: OracleRules,
): JudgedLife {
  return { life, judgement, rules, othersDueMs };
}

/** The deviation that describes this fault of this life; undefined where the profile has none. */
export function deviationOf(profile: Profile, fault: FaultName, judged: JudgedLife): Deviation | undefined {
  const { deviations } = profile;
  // An altered will may be late or early besides: a sign that excuses the one does not excuse the other.
  const besides = fault === "altered" ? untimely(judged) : undefined;
  if (besides !== undefined && deviationOf(profile, besides, judged) === undefined) return undefined;
  for (const deviation of deviations) if (describes(deviation, fault, judged)) return deviation;
  return undefined;
}

function describes({ rules, signs }: Deviation, fault: FaultName, judged: JudgedLife): boolean {
  for (const sign of signs) if (sign.fault === fault && fits(sign, rules, judged) && shows(sign, judged)) return true;
  return false;
}

/** How early or late an answer was, with or without other faults. */
function untimely({ judgement: { expectation, answer }, rules }: JudgedLife): "late" | "early" | undefined {
  if (expectation.kind !== "one" || answer === undefined) return undefined;
  if (answer.atMs < expectation.earliestMs) return "early";
  return (answer.sinceMs ?? answer.atMs) > dueBy(expectation) + rules.lateAfterMs ? "late" : undefined;
}

/** Whether the deviation could appear in this life, for any outcome of its will. */
export function mayShow(
  { rules, signs }: Deviation,
  judged: Pick<JudgedLife, "life" | "judgement" | "rules">,
): boolean {
  for (const sign of signs) if (fits(sign, rules, judged)) return true;
  return false;
}

/** The conditions on a life, for any outcome of its will. */
function fits(
  sign: Sign,
  rules: Deviation["rules"],
  { life, judgement: { expectation }, rules: instants }: Pick<JudgedLife, "life" | "judgement" | "rules">,
): boolean {
  const { end, version, next } = life;
  if (end === undefined || rules[version === 5 ? "5.0" : "3.1.1"] === undefined) return false;
  const { endings, details, grounds, silent, session, delay, keepAlive } = sign;
  return expectation.kind === (sign.fault === "unwanted" ? "none" : "one") &&
    endings.includes(end.mode) &&
    (details === undefined || details.some((detail) => detail === end.detail)) &&
    (grounds === undefined || grounds.includes(expectation.ground)) &&
    (silent === undefined || end.silent) &&
    (session === undefined || lasts(life) === (session === "lasts")) &&
    (sign.next === undefined || (next !== undefined && next.cleanStart === (sign.next === "clean"))) &&
    (sign.restart === undefined || spansRestart(life, expectation, instants)) &&
    (sign.nodeDown === undefined || duringNodeLoss(life, expectation, sign.nodeDown, instants)) &&
    (delay === undefined || life.delayS > 0 === (delay === "some")) &&
    (keepAlive === undefined || life.keepAliveS % 2 === 1);
}

/** Whether its session outlives the connection. [MQTT5 3.1.2-23] [MQTT311 3.1.2-4] */
function lasts({ version, sessionExpiryS, cleanStart }: Life): boolean {
  return version === 5 ? sessionExpiryS > 0 : !cleanStart;
}

/** Whether the outcome of the will matches the sign. A late, early or altered will has arrived. */
function shows(sign: Sign, judged: JudgedLife): boolean {
  const { expectation, answer } = judged.judgement;
  const one = expectation as One; // except for an unwanted will, which has no further condition
  switch (sign.fault) {
    case "missing":
      return !sign.overdueWhenBack || wasOverdue(sign, judged, one.dueMs);
    case "duplicate":
      return judged.judgement.duplicates <= 1;
    case "unwanted":
      return unwantedShows(sign, judged);
    case "altered":
      return answer!.altered.every((part) => sign.altered?.includes(partText(part)));
    case "late":
      return (answer!.sinceMs ?? answer!.atMs) <= latestMs(sign, judged, one.dueMs);
    case "early":
      if (sign.restart) return cameWithRestart(judged.life, answer!, judged.rules);
      return answer!.atMs >= soonestMs(sign, judged, one);
  }
}

/** A will that arrived though none was due: once, and where a restart is its cause, with the restart. */
function unwantedShows(sign: Sign, { life, judgement: { unwanted, stray }, rules }: JudgedLife): boolean {
  if (unwanted > 1 || stray === undefined) return false;
  return !sign.restart || cameWithRestart(life, stray, rules);
}

function boundMs({ within = {} }: Sign, { keepAliveS, delayS }: Life): number {
  const { s = 0, keepAlives = 0, delays = 0 } = within;
  return (s + keepAlives * keepAliveS + delays * delayS) * 1_000;
}

function latestMs(sign: Sign, judged: JudgedLife, dueMs: number): number {
  return owedMs(sign, judged, dueMs) + judged.rules.lateAfterMs;
}

/** When a broker of this sign publishes it at the latest. */
function owedMs(sign: Sign, { life, othersDueMs }: JudgedLife, dueMs: number): number {
  return (sign.whileOthersDie ? Math.max(dueMs, othersDueMs) : dueMs) + boundMs(sign, life);
}

/** Its client was back after it was due, and before a broker of this sign has to have published it. */
function wasOverdue(sign: Sign, judged: JudgedLife, dueMs: number): boolean {
  const { next } = judged.life;
  return next !== undefined && next.sentMs >= dueMs && next.sentMs <= owedMs(sign, judged, dueMs);
}

function soonestMs(sign: Sign, { life, rules }: JudgedLife, { earliestMs }: One): number {
  if (!sign.delayFromConnect) return earliestMs - boundMs(sign, life);
  return life.connectedMs! + life.delayS * 1_000 - rules.earlyBeforeMs;
}
