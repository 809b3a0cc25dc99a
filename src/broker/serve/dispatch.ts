/** Passes a client's packet to its handler. */
import { ProtocolError } from "../../base/failure.ts";
import type { Packet } from "../../mqtt/packet.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import { handleAcknowledge } from "../handle/acknowledge.ts";
import { handleDisconnect } from "../handle/leave.ts";
import { handlePublish } from "../handle/publish.ts";
import { handleSubscribe, handleUnsubscribe } from "../handle/subscribe.ts";
import type { Connection } from "../session/session.ts";

/** Handles a packet of a client that is online. @throws ProtocolError for a fault that ends the connection */
export function dispatch(core: Core, connection: Connection, packet: Packet, nowMs: number): void {
  switch (packet.type) {
    case "publish":
      return handlePublish(core, connection, packet, nowMs);
    case "puback":
    case "pubrec":
    case "pubrel":
    case "pubcomp":
      return handleAcknowledge(connection, packet, nowMs);
    case "subscribe":
      return handleSubscribe(core, connection, packet, nowMs);
    case "unsubscribe":
      return handleUnsubscribe(core, connection, packet);
    case "pingreq":
      connection.send({ type: "pingresp" }); // [MQTT5 3.12.4-1] [MQTT311 3.12.4-1]
      return;
    case "disconnect":
      return handleDisconnect(core, connection, packet, nowMs);
    case "connect": // [MQTT5 3.1.0-2] [MQTT311 3.1.0-2]
      throw new ProtocolError(ReasonCode.protocolError, "a second CONNECT");
    default: // AUTH without an authentication method, or a packet that only servers send. // [MQTT5 4.12.0-7]
      throw new ProtocolError(ReasonCode.protocolError, `${packet.type} from a client`);
  }
}
