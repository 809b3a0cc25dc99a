import type { Arrival, Expectation, One, OracleRules } from "./expectation.ts";

/**
 * How a restart of the broker changes the standard's expectation of a life. Pure, as all of the oracle is.
 *
 * A server that shuts down or fails may publish wills after its restart (both versions state it with the Will Flag,
 * without a number); this does not change that a will is due at all. [MQTT311 3.1.2-8] [MQTT5 3.1.2-8]
 */
import type { Life, LifeEnd } from "../life/life.ts";
import type { RestartWindow } from "../result/restart_result.ts";

/** The rules with the restarts that concern a life: of the whole broker, and of the life's own node in a cluster. */
export function rulesOf(life: Life, rules: OracleRules): OracleRules {
  const { restarts } = rules;
  return restarts === undefined || restarts.length === 0 ? rules : rulesWith(restarts, life, rules);
}

function rulesWith(restarts: readonly RestartWindow[], { node }: Life, rules: OracleRules): OracleRules {
  const concerns = (restart: RestartWindow) => restart.node === undefined || restart.node === node;
  return restarts.every(concerns) ? rules : { ...rules, restarts: restarts.filter(concerns) };
}

/**
 * A DISCONNECT so short before the restart that the broker need not have read it: then its connection failed like any
 * other, and a will is right; and so is none.
 */
export function unheard({ doneMs }: LifeEnd, { restarts = [], lateAfterMs }: OracleRules): boolean {
  return restarts.some(({ fromMs }) => doneMs <= fromMs && doneMs + lateAfterMs > fromMs);
}

/** The first restart after an instant. */
export function restartAfter(atMs: number, { restarts = [] }: OracleRules): RestartWindow | undefined {
  return restarts.find(({ fromMs }) => fromMs >= atMs);
}

/**
 * The earliest end of the connection of a silent client: with the broker, where that went down before.
 */
export function soonestEndMs({ silent, doneMs }: LifeEnd, endMs: number, rules: OracleRules): number {
  return silent ? Math.min(endMs, restartAfter(doneMs, rules)?.fromMs ?? endMs) : endMs;
}

/** Whether the broker restarted between a life's end and its client's next CONNECT. */
export function isBackAfterRestart({ end, next }: Life, rules: OracleRules): boolean {
  const restart = restartAfter(end!.sinceMs ?? end!.doneMs, rules);
  return restart !== undefined && next!.sentMs >= restart.fromMs;
}

/** A will of a session that the broker lost over a restart: it may have arrived with the end of the session. */
export function forgottenAt(one: One, { end }: Life, rules: OracleRules): One {
  const { fromMs } = restartAfter(end!.sinceMs ?? end!.doneMs, rules)!;
  return { ...one, earliestMs: soonest(one, fromMs - rules.earlyBeforeMs) };
}

/** Whether a restart ended a life, or fell between its end and the instant of its will. */
export function spansRestart(life: Life, expectation: Expectation, all: OracleRules): boolean {
  const rules = rulesOf(life, all);
  if (expectation.kind === "one") return expectation.byMs !== undefined && (rules.restarts ?? []).length > 0;
  return life.end !== undefined && life.next !== undefined && isBackAfterRestart(life, rules);
}

/** Whether a will of a life on another node was due while a node was down; the absence of a watcher postpones it. */
export function duringNodeLoss(
  life: Life,
  expectation: Expectation,
  where: "any" | "at its watchers",
  { restarts = [], lateAfterMs }: OracleRules,
): boolean {
  if (expectation.kind !== "one") return false;
  const { dueMs, byMs } = expectation;
  const isDown = restarts.some(({ node, fromMs, backMs }) =>
    node !== undefined && node !== life.node && dueMs + lateAfterMs >= fromMs && dueMs <= backMs + lateAfterMs
  );
  return isDown && (where === "any" || byMs !== undefined);
}

/** Whether a will arrived as the broker went down, or the broker kept it until it was back. */
export function cameWithRestart(life: Life, { atMs }: Arrival, all: OracleRules): boolean {
  const rules = rulesOf(life, all);
  const { end } = life;
  const endedMs = end!.sinceMs ?? end!.doneMs;
  return (rules.restarts ?? []).some(({ fromMs, backMs }) =>
    endedMs <= backMs && atMs >= fromMs - rules.earlyBeforeMs && atMs <= backMs + rules.lateAfterMs
  );
}

/** A will whose time had not passed when the broker went down: it could not arrive without a broker. */
export function overRestarts(one: One, life: Life, rules: OracleRules): One {
  const { restarts } = rules;
  if (restarts === undefined || restarts.length === 0) return one;
  let over = one;
  for (const restart of restarts) over = overRestart(over, life, restart, rules);
  return over;
}

function overRestart(one: One, life: Life, restart: RestartWindow, { lateAfterMs, earlyBeforeMs }: OracleRules): One {
  const { fromMs, backMs } = restart;
  const endedMs = life.end!.sinceMs ?? life.end!.doneMs;
  const byMs = one.byMs ?? one.dueMs;
  if (endedMs > backMs || byMs + lateAfterMs < fromMs) return one;
  // A broker that restarts its delay timers after downtime is late by at most the downtime.
  const laterMs = Math.max(byMs + (backMs - fromMs), backMs);
  return {
    ...one,
    byMs: laterMs,
    earliestMs: mayBeEarlier(life, restart) ? soonest(one, fromMs - earlyBeforeMs) : one.earliestMs,
  };
}

function soonest({ earliestMs }: One, atMs: number): number {
  return Math.min(earliestMs, atMs);
}

/**
 * Whether the restart may make the will due, before its time: it ended the connection; or it ended the session of an
 * offline client, unless the broker still has other sessions.
 */
function mayBeEarlier({ end }: Life, { fromMs, sessionsKept }: RestartWindow): boolean {
  const connected = end!.silent || (end!.sinceMs ?? end!.doneMs) >= fromMs;
  return connected || sessionsKept !== true;
}
