/**
 * Finds the life of a will whose message does not name it: by topic where a payload is foreign, and by client and time
 * where the payloads are the user's own.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { Groups } from "../plan/groups.ts";
import { ownPayloadOf } from "../life/own_payload.ts";
import { type WillMark, willTopicOf } from "../life/life.ts";
import type { OracleRules } from "../oracle/expectation.ts";
import { dueBy, expectationOf } from "../oracle/oracle.ts";
import type { LedgerEntry, Sighting } from "./ledger_entry.ts";

/** The open lives of each client, in their order. */
type OpenLives = ReadonlyMap<number, readonly LedgerEntry[]>;

/** The open entry of a life. */
export function entryOf(open: OpenLives, client: number, incarnation: number): LedgerEntry | undefined {
  const lives = open.get(client);
  if (lives === undefined) return undefined;
  for (let at = lives.length - 1; at >= 0; at--) if (lives[at]!.life.incarnation === incarnation) return lives[at];
  return undefined;
}

/** The entry of a will: by its own mark, or by its client and time, or by its topic. */
export function findEntry(
  seen: Sighting,
  open: OpenLives,
  groups: Groups,
  rules: OracleRules,
): LedgerEntry | undefined {
  const { mark, owner: client, payload } = seen;
  if (mark !== undefined) return entryOf(open, mark.client, mark.incarnation);
  if (client === undefined) return entryByTopic(open, groups, seen);
  const lives = open.get(client) ?? [];
  return entryByTime(payload === undefined ? lives : livesWithPayload(lives, groups, payload), seen, rules);
}

/**
 * The mark of a will: its own, or that of its entry, or that of the last closed life of its client.
 *
 * @param lastClosed the last closed life of each client, where payloads are the user's own
 */
export function markOf(
  { mark, owner: client }: Sighting,
  entry: LedgerEntry | undefined,
  lastClosed: ReadonlyMap<number, number>,
): WillMark | undefined {
  if (mark !== undefined || client === undefined) return mark;
  const incarnation = entry?.life.incarnation ?? lastClosed.get(client);
  return incarnation === undefined ? undefined : { client, incarnation };
}

/** A will with a foreign payload may still be on the topic of an ended life; preferably one that waits. */
function entryByTopic(open: OpenLives, groups: Groups, { topic, copy }: Sighting): LedgerEntry | undefined {
  let answered: LedgerEntry | undefined;
  for (const lives of open.values()) {
    for (const entry of lives) {
      if (entry.life.end === undefined || willTopicOf(groups.planOf(entry.life.client), entry.life) !== topic) continue;
      if (entry.arrivals[copy]!.length === 0) return entry;
      answered ??= entry;
    }
  }
  return answered;
}

/** The lives of the client whose will has these bytes; all of them where no life has, or each has the same. */
function livesWithPayload(
  lives: readonly LedgerEntry[],
  groups: Groups,
  payload: Uint8Array,
): readonly LedgerEntry[] {
  const same = lives.filter(({ life }) => {
    const own = ownPayloadOf(groups.planOf(life.client), "will", life);
    return own !== undefined && sameBytes(own, payload);
  });
  return same.length === 0 ? lives : same;
}

/** How well a will at this instant fits a life: the least number is the best. */
const fits = { due: 0, allowed: 1, overdue: 2, early: 3, alive: 4, ended: 5 } as const;

/**
 * The life that a will of this client answers, by time: the first due one without an answer. Where none is due, the will
 * counts for a life whose will is overdue, then for one whose will is not due yet, then for the present life, whose end
 * at the broker this client may not have noticed, and then for the last life that ended, as a duplicate.
 *
 * @param lives the open lives of the client, in their order
 */
export function entryByTime(
  lives: readonly LedgerEntry[],
  { copy, atMs, sinceMs }: Sighting,
  rules: OracleRules,
): LedgerEntry | undefined {
  let best: { readonly entry: LedgerEntry; readonly fit: number; readonly byMs: number } | undefined;
  for (const entry of lives) {
    const [fit, byMs] = fitOf(entry, copy, atMs, sinceMs, rules);
    // Among lives that ended or live, the last one; among others, the one whose will is due first.
    const isBetter = best === undefined || fit < best.fit ||
      fit === best.fit && (fit >= fits.ended || byMs < best.byMs);
    if (isBetter) best = { entry, fit, byMs };
  }
  return best?.entry;
}

function fitOf(
  { life, arrivals }: LedgerEntry,
  copy: number,
  atMs: number,
  sinceMs: number,
  rules: OracleRules,
): readonly [fit: number, byMs: number] {
  const expectation = expectationOf(life, rules);
  const isAlive = life.end === undefined && !life.refused && !life.retired;
  const over = [isAlive ? fits.alive : fits.ended, 0] as const;
  if (isAlive) return over;
  if (arrivals[copy]!.length > 0 || expectation.kind === "none") return over;
  const one = expectation.kind === "one" ? expectation : expectation.one;
  if (one === undefined) return [fits.allowed, life.end?.doneMs ?? 0];
  const byMs = dueBy(one);
  if (sinceMs > byMs + rules.lateAfterMs) return [fits.overdue, byMs];
  // A broker may close a silent connection at any time, and its close may arrive here after the will.
  const fromMs = life.end?.silent ? Math.min(life.end.doneMs, one.earliestMs) : one.earliestMs;
  if (atMs < fromMs) return [fits.early, byMs];
  return [expectation.kind === "one" ? fits.due : fits.allowed, byMs];
}
