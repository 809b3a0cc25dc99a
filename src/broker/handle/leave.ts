/**
 * The end of a connection: by DISCONNECT, by the link, by the client's silence or fault, or by the broker. Every path
 * calls {@link leave}, which acts once.
 */
import { ProtocolError } from "../../base/failure.ts";
import type { DisconnectPacket } from "../../mqtt/packet.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import type { Ending } from "../options/ending.ts";
import type { Connection } from "../session/session.ts";
import { allowedExpiryS } from "./session_expiry.ts";

/** The reason codes that a client may send, not only a server. Source: MQTT 5.0, table 3-10. */
const clientReasons: ReadonlySet<number> = new Set([
  ReasonCode.normalDisconnection,
  ReasonCode.disconnectWithWill,
  ReasonCode.unspecifiedError,
  ReasonCode.malformedPacket,
  ReasonCode.protocolError,
  ReasonCode.implementationSpecificError,
  ReasonCode.badAuthenticationMethod,
  ReasonCode.topicNameInvalid,
  ReasonCode.receiveMaximumExceeded,
  ReasonCode.topicAliasInvalid,
  ReasonCode.packetTooLarge,
  ReasonCode.messageRateTooHigh,
  ReasonCode.quotaExceeded,
  ReasonCode.administrativeAction,
  ReasonCode.payloadFormatInvalid,
]);

/** Handles DISCONNECT. @throws ProtocolError for content that a client may not send */
export function handleDisconnect(core: Core, connection: Connection, packet: DisconnectPacket, nowMs: number): void {
  const reasonCode = packet.reasonCode ?? ReasonCode.normalDisconnection;
  if (!clientReasons.has(reasonCode)) { // [MQTT5 3.14.2-1]
    throw new ProtocolError(
      ReasonCode.protocolError,
      `DISCONNECT with reason code ${reasonCode}, which only a server may send`,
    );
  }
  const expiryIntervalS = packet.properties?.sessionExpiryIntervalS;
  if (expiryIntervalS !== undefined) changeExpiry(core, connection, expiryIntervalS);
  // Before the link is closed, so that FIN waits for the commit.
  leave(core, connection, { kind: "disconnect", reasonCode }, nowMs);
  connection.link.end();
}

/** Source: MQTT 5.0, section 3.14.2.2.2: DISCONNECT cannot prolong a session whose expiry interval is 0. */
function changeExpiry(core: Core, connection: Connection, expiryIntervalS: number): void {
  if (connection.askedExpiryIntervalS === 0 && expiryIntervalS > 0) {
    throw new ProtocolError(ReasonCode.protocolError, "DISCONNECT prolongs a session whose expiry interval was 0");
  }
  connection.session!.expiryIntervalS = allowedExpiryS(core.settings.limits, expiryIntervalS);
}

/** Ends a client's connection from the broker's side. A 5.0 client receives the reason code, and `text` if present. */
export function disconnectWith(
  core: Core,
  connection: Connection,
  reasonCode: number,
  ending: Ending,
  nowMs: number,
  text?: string,
): void {
  if (connection.phase === "over") return;
  if (connection.phase === "online" && connection.version === 5) { // [MQTT5 3.14.0-1]
    connection.sendWithReason({ type: "disconnect", reasonCode }, text); // [MQTT5 4.13.2-1]
  }
  leave(core, connection, ending, nowMs); // before the link is closed, so that FIN waits for the commit
  connection.link.end(); // [MQTT5 3.14.4-2] [MQTT5 4.13.1-1] [MQTT311 4.8.0-1]
}

/** Ends the state of a connection, for any ending. Does nothing for a connection that has already ended. */
export function leave(core: Core, connection: Connection, ending: Ending, nowMs: number): void {
  const { phase, session } = connection;
  if (phase === "over") return;
  connection.phase = "over";
  connection.waiting = undefined;
  connection.aliases = undefined;
  connection.countNothing();
  if (connection.deadline !== undefined) core.deadlines.cancel(connection.deadline);
  if (phase !== "online") {
    core.metrics.endedEarly++;
    return;
  }
  core.metrics.online--;
  core.metrics.ended[ending.kind]++;
  core.settings.listeners.ended?.({
    type: "ended",
    clientId: session!.clientId,
    peer: connection.link.peer,
    ending: ending.kind,
    reasonCode: "reasonCode" in ending ? ending.reasonCode : undefined,
  });
  const sessionExpiryS = session!.expiryIntervalS;
  core.sessions.leave(session!, nowMs);
  core.wills.release({
    clientId: session!.clientId,
    connectionId: connection.id,
    version: connection.version,
    ending,
    sessionExpiryS,
    nowMs,
  });
}
