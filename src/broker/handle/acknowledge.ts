/**
 * PUBACK, PUBREC, PUBREL and PUBCOMP from a client.
 */
import type { AcknowledgePacket } from "../../mqtt/packet.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Connection } from "../session/session.ts";

/** Handles an acknowledgement. @throws ProtocolError if it does not fit the QoS of its message */
export function handleAcknowledge(connection: Connection, packet: AcknowledgePacket, nowMs: number): void {
  const { packetId } = packet;
  switch (packet.type) {
    case "puback":
      return connection.session!.usedOutbox?.acknowledge(packetId, nowMs); // [MQTT5 4.3.2-3]
    case "pubrec":
      return handlePubrec(connection, packet, nowMs);
    case "pubrel":
      return handlePubrel(connection, packetId);
    case "pubcomp":
      return connection.session!.usedOutbox?.complete(packetId, nowMs); // [MQTT5 4.3.3-5]
  }
}

function handlePubrec(connection: Connection, { packetId, reasonCode = 0 }: AcknowledgePacket, nowMs: number): void {
  const refused = reasonCode >= 0x80;
  const known = connection.session!.usedOutbox?.receive(packetId, refused, nowMs) ?? false;
  if (refused) return;
  connection.send({ // [MQTT5 4.3.3-4] [MQTT311 4.3.3-1]
    type: "pubrel",
    packetId,
    ...(!known && { reasonCode: ReasonCode.packetIdentifierNotFound }),
  });
}

function handlePubrel(connection: Connection, packetId: number): void {
  const known = connection.session!.inbox.release(packetId);
  connection.unreleased?.delete(packetId);
  connection.send({ // [MQTT5 4.3.3-11] [MQTT311 4.3.3-2]
    type: "pubcomp",
    packetId,
    ...(!known && { reasonCode: ReasonCode.packetIdentifierNotFound }),
  });
}
