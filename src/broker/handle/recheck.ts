/**
 * Applies changed rules to the existing sessions, online or not: on SIGHUP, after a restart with a store, on a resume.
 */
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import { disconnectWith } from "./leave.ts";
import type { Publication } from "../message/publication.ts";
import type { Session } from "../session/session.ts";

/** The effects of a recheck. */
export interface Rechecked {
  /** Connections ended, because their user is no longer known. */
  readonly expelled: number;
  /** Sessions ended for the same reason. */
  readonly ended: number;
  /** Subscriptions ended, because the rules no longer allow them. */
  readonly unsubscribed: number;
  /** Queued messages discarded, because their receiver may no longer read them. */
  readonly discarded: number;
}

/** Applies the rules to every session. */
export function recheck(core: Core, nowMs: number): Rechecked {
  const counts = { expelled: 0, ended: 0, unsubscribed: 0, discarded: 0 };
  for (const session of [...core.sessions.values()]) {
    if (!isKnown(core, session)) {
      if (session.connection !== undefined) counts.expelled++;
      counts.ended++;
      endSession(core, session, nowMs);
      continue;
    }
    const { unsubscribed, discarded } = recheckSession(core, session, nowMs);
    counts.unsubscribed += unsubscribed;
    counts.discarded += discarded;
  }
  return counts;
}

/** Applies the rules to the subscriptions and the queue of one session. */
export function recheckSession(
  core: Core,
  session: Session,
  nowMs: number,
): Pick<Rechecked, "unsubscribed" | "discarded"> {
  const { authorize, hasRules } = core.settings;
  let unsubscribed = 0;
  if (!hasRules) return { unsubscribed, discarded: 0 };
  for (const topicFilter of [...session.subscriptions?.keys() ?? []]) {
    if (authorize(session, "subscribe", topicFilter)) continue;
    core.router.unsubscribe(session, topicFilter);
    unsubscribed++;
  }
  const isDenied = ({ message }: Publication) => !authorize(session, "subscribe", message.topic);
  return { unsubscribed, discarded: session.usedOutbox?.discard(isDenied, nowMs) ?? 0 };
}

/** A session of a broker without logins, or of an older version, belongs to no user: it cannot be resumed. */
function isKnown({ settings: { hasLogins, knows } }: Core, { owner }: Session): boolean {
  return !hasLogins || (owner !== undefined && knows(owner));
}

/** Ends a session; its will is published if the rules still allow its topic. */
function endSession(core: Core, session: Session, nowMs: number): void {
  const { connection } = session;
  const reasonCode = ReasonCode.notAuthorized;
  if (connection !== undefined) {
    disconnectWith(core, connection, reasonCode, { kind: "protocol-error", reasonCode }, nowMs);
  }
  if (core.sessions.get(session.clientId) === session) core.sessions.end(session, nowMs);
}
