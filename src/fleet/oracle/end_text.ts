/**
 * The text of how a connection ended: the action of the broker, or the reason of this side.
 */
import { reasonDetails, reasonText } from "../../mqtt/reason.ts";
import { dialFaultText } from "../../net/dial_fault.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";

/** The text of an end. */
export function endText(end: ConnectionEnd): string {
  switch (end.kind) {
    case "fin":
      return "the broker closed the connection";
    case "reset":
      return "the broker reset the connection";
    case "closed":
      return "the connection was closed";
    case "malformed":
      return `the broker sent a malformed packet (${end.message})`;
    case "sessionPresent":
      return "the broker announced Session Present 1 to a client that had not requested a session, so that the client had " +
        "to close the connection (MQTT 5.0, 3.2.2-4; MQTT 3.1.1, 3.2.2-1)";
    case "auth":
      return `enhanced authentication failed: ${end.sentence}`;
    case "mute":
      return `the broker did not answer PINGREQ within the keep alive of ${end.withinS} s`;
    case "disconnect":
      return disconnectText(end);
    case "error":
      return alertText(end.message) ?? dialFaultText(end.code, end.message);
  }
}

/** The text of a DISCONNECT of the broker. */
export function disconnectText(
  { packet: { reasonCode = 0, properties }, version }: Extract<ConnectionEnd, { kind: "disconnect" }>,
): string {
  if (version === 4) return "the broker sent a DISCONNECT, which no server of MQTT 3.1.1 may send, and closed";
  return `the broker disconnected it with ${reasonText(reasonCode, "disconnect")}${reasonDetails(properties)}`;
}

/** The text of the server's TLS alert on the client's certificate; undefined for all others. */
function alertText(message: string): string | undefined {
  const alert = /alert:? ?"?(\w+)/i.exec(message)?.[1];
  if (alert === undefined || !/certificate|unknownca/i.test(alert)) return undefined;
  if (/certificate_?required/i.test(alert)) {
    return `the server requires a client certificate (TLS alert ${alert}): name one with --tls-cert and --tls-key`;
  }
  return `the server refused the client certificate (TLS alert ${alert})`;
}
