/**
 * Handles due actions: keep alive and CONNECT timeouts, ends of sessions, delayed wills. There is one heap and one
 * timer, whose owner calls {@link runDue} at the next time of {@link Core.deadlines}.
 */
import { InvariantError } from "../../base/failure.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import type { Due } from "../due.ts";
import { disconnectWith } from "../handle/leave.ts";
import { contain } from "../handle/internal_error.ts";
import { LimitedLog } from "../limits/limited_log.ts";
import { Publication } from "../message/publication.ts";
import { RetainedFeeds } from "../routing/retained_feed.ts";
import { ConnectionOf } from "../session/connection.ts";
import type { Connection } from "../session/session.ts";
import { SysTopics } from "../core/sys_topics.ts";
import { Outbox } from "../session/outbox.ts";
import { Session } from "../session/session.ts";
import { Turn } from "../store/turn.ts";
import { PendingWill } from "../wills.ts";

/**
 * Handles what is due at `nowMs`, at most `limit` actions; the rest stays due. Returns the number of handled actions.
 */
export function runDue(core: Core, nowMs: number, limit = Infinity): number {
  let handled = 0;
  while (handled < limit) {
    const due = core.deadlines.takeDue(nowMs);
    if (due === undefined) break;
    try {
      fallDue(core, due, nowMs);
    } catch (error) {
      contain(core, error, due instanceof ConnectionOf ? due : undefined, nowMs);
    }
    handled++;
  }
  if (handled > 0) {
    moveAhead(core, nowMs);
    core.collectGarbage();
  }
  return handled;
}

/** How far ahead {@link moveAhead} looks, in milliseconds. */
const aheadMs = 250;

/** Moves the next deadlines of clients that have sent packets since: one turn of the timer, not one for each client. */
function moveAhead({ deadlines }: Core, nowMs: number): void {
  while (deadlines.nextMs <= nowMs + aheadMs) {
    const { next } = deadlines;
    if (!(next instanceof ConnectionOf) || next.phase !== "online") return;
    const silentUntilMs = next.lastPacketMs + next.silenceLimitMs;
    if (silentUntilMs <= nowMs + aheadMs) return;
    deadlines.move(next.deadline!, silentUntilMs);
  }
}

function fallDue(core: Core, due: Due, nowMs: number): void {
  if (due instanceof ConnectionOf) fallSilent(core, due, nowMs);
  else if (due instanceof Session) core.sessions.end(due, nowMs); // [MQTT5 4.1.0-2]
  else if (due instanceof SysTopics) due.fallDue(nowMs);
  else if (due instanceof Outbox) due.purge(nowMs);
  else if (due instanceof RetainedFeeds) due.fallDue(nowMs);
  else if (due instanceof Publication) core.router.retainedExpired(due);
  else if (due instanceof LimitedLog) due.flush();
  else if (due instanceof Turn) due.beat(nowMs);
  else if (due instanceof PendingWill) core.wills.fallDue(due, nowMs);
  else throw new InvariantError(`unknown deadline of ${due.constructor.name}`);
}

/** Bytes that the client sent while reading was paused count as a sign of life: reads them now. */
function probe(core: Core, connection: Connection, nowMs: number): void {
  connection.probed = true;
  connection.paused = false;
  connection.link.resume();
  core.deadlines.move(connection.deadline!, nowMs + probeMs);
}

/** Time in milliseconds within which bytes in the operating system's buffers arrive. */
const probeMs = 1_000;

/** A packet does not move the deadline; when the deadline fires, it checks the time of the last packet. */
function fallSilent(core: Core, connection: Connection, nowMs: number): void {
  if (connection.phase !== "online") {
    core.metrics.limitsHit.timeToConnectMs++;
    core.settings.log("info", `${connection.link.peer} sent no CONNECT in time`);
    return disconnectWith(core, connection, ReasonCode.maximumConnectTime, { kind: "keep-alive" }, nowMs);
  }
  const silentUntilMs = connection.lastPacketMs + connection.silenceLimitMs;
  if (silentUntilMs > nowMs) core.deadlines.move(connection.deadline!, silentUntilMs);
  else if (connection.paused && !connection.probed) probe(core, connection, nowMs);
  else disconnectWith(core, connection, ReasonCode.keepAliveTimeout, { kind: "keep-alive" }, nowMs); // [MQTT5 3.1.2-22]
}
