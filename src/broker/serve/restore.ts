/**
 * Restores the content of the store at the broker's start: sessions with their messages, retained messages, and wills.
 * An action that fell due while no broker ran keeps its due time, and is handled at the first check of due actions.
 */
import type { Core } from "../core/core.ts";
import { neverExpiresS, type Session } from "../session/session.ts";
import type { Stored, StoredSession } from "../store/store.ts";

/** Fills an empty core. @throws UsageError if the store contradicts itself */
export function restore(core: Core, nowMs: number): void {
  const stored = core.store.load(nowMs);
  if (stored === undefined) return;
  core.store.changes!.silently(() => {
    for (const publication of stored.retained) core.retained.restore(publication);
    for (const session of stored.sessions) restoreSession(core, session, stored.endedMs);
    restoreWills(core, stored);
  });
  fixInstants(core, stored);
}

/** Intervals that count from the broker's end get a fixed due time, which stays valid if this broker ends before it. */
function fixInstants({ sessions, wills, store }: Core, stored: Stored): void {
  for (const { record } of stored.sessions) {
    if (record.offlineSinceMs === undefined) {
      record.save(sessions.get(record.clientId)!.expiryIntervalS, stored.endedMs);
    }
  }
  for (const pending of wills.delayed()) {
    const { clientId, will, ending, deadline } = pending;
    const { owner, delayed } = stored.wills.get(clientId)!;
    if (delayed !== undefined) continue;
    store.changes!.will(clientId, { will, owner, delayed: { dueMs: deadline!.atMs, ending } });
  }
}

function restoreSession(core: Core, stored: StoredSession, endedMs: number): void {
  const { record, subscriptions, deliveries, taken } = stored;
  const sinceMs = record.offlineSinceMs ?? endedMs;
  const session = core.sessions.restore(record, sinceMs);
  for (const { topicFilter, qos, noLocal, retainAsPublished, identifier } of subscriptions) {
    core.router.subscribe(session, { topicFilter, qos, noLocal, retainAsPublished }, qos, identifier);
  }
  if (deliveries.length > 0) session.outbox.restore(deliveries);
  for (const packetId of taken) session.inbox.take(packetId);
}

/** An armed will lost its connection with the broker: it is due as after any other end of a connection. */
function restoreWills(core: Core, { wills, endedMs }: Stored): void {
  for (const [clientId, { will, owner, delayed }] of wills) {
    const session = core.sessions.get(clientId);
    const ending = delayed?.ending ?? { kind: "shutdown" as const };
    const dueMs = delayed?.dueMs ?? endedMs + 1_000 * Math.min(will.delayIntervalS ?? 0, lifeS(session));
    core.wills.restore({ clientId, will, owner, ending, dueMs });
  }
}

/** Seconds that the session outlives its connection; 0 without a session. // [MQTT5 3.1.2-8] */
function lifeS(session: Session | undefined): number {
  const expiryS = session?.expiryIntervalS ?? 0;
  return expiryS === neverExpiresS ? Infinity : expiryS;
}
