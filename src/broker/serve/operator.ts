/**
 * Actions of an operator on a running broker: end a client's connection, end a session, clear a retained topic. Each
 * returns whether its object existed; each that changes something is counted and logged, and is in the store when it
 * returns.
 */
import { ReasonCode } from "../../mqtt/reason.ts";
import { shownName } from "../access/login_failure.ts";
import type { Core } from "../core/core.ts";
import { disconnectWith } from "../handle/leave.ts";
import type { OperatorAction } from "../limits/metrics.ts";
import type { Connection } from "../session/session.ts";

/**
 * Ends the connection of a client. A 5.0 client receives DISCONNECT with 0x98. Its session continues as after any end
 * of a connection. Its will becomes due: only the client's own DISCONNECT deletes a will (MQTT 5.0, 3.1.2-8 and
 * 3.1.2-10; MQTT 3.1.1, 3.1.2-8).
 */
export function disconnectClient(core: Core, clientId: string, nowMs: number): boolean {
  const connection = core.sessions.get(clientId)?.connection;
  if (connection === undefined) return false;
  end(core, connection, "an operator ended this connection", nowMs);
  return done(core, "disconnect", `disconnected client ${shownName(clientId)}`, nowMs);
}

/**
 * Ends a session, and before it the connection of its client, if there is one. The session's queue is discarded. A
 * delayed will is due at the end of the session. // [MQTT5 3.1.2-8]
 */
export function endSession(core: Core, clientId: string, nowMs: number): boolean {
  const session = core.sessions.get(clientId);
  if (session === undefined) return false;
  if (session.connection !== undefined) end(core, session.connection, "an operator ended this session", nowMs);
  // A session whose expiry interval is 0 has ended with its connection.
  if (core.sessions.get(clientId) === session) core.sessions.end(session, nowMs);
  return done(core, "end-session", `ended the session of client ${shownName(clientId)}`, nowMs);
}

/**
 * Removes the retained message of a topic. Subscribers receive nothing. The broker's own topics (`$SYS`) cannot be
 * cleared.
 */
export function clearRetained(core: Core, topic: string, nowMs: number): boolean {
  if (!core.retained.remove(topic, nowMs)) return false;
  return done(core, "clear-retained", `cleared the retained message of topic ${shownName(topic)}`, nowMs);
}

function end(core: Core, connection: Connection, text: string, nowMs: number): void {
  disconnectWith(core, connection, ReasonCode.administrativeAction, { kind: "administrative" }, nowMs, text);
}

function done(core: Core, action: OperatorAction, sentence: string, nowMs: number): true {
  core.turn.commit(nowMs);
  core.metrics.operatorActions[action]++;
  core.settings.log("warn", `Operator ${sentence}`);
  return true;
}
