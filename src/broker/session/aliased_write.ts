/**
 * Writes a PUBLISH to one client: with a topic alias if the client accepts aliases, and with its own packet identifier.
 */
import { type EncodedPublish, withPacketId } from "../../mqtt/codec/codec.ts";
import type { Publication } from "../message/publication.ts";
import type { Receiver } from "./receiver.ts";

/** Sends a PUBLISH in this connection's form; returns false, and sends nothing, if it is too large. */
export function writeAliased(
  connection: Receiver,
  { message: { topic } }: Publication,
  encoded: EncodedPublish,
  packetId = 0,
  dup = false,
): boolean {
  const { outboundAliases, maximumPacketSize } = connection;
  const packet = outboundAliases?.apply(encoded, topic, maximumPacketSize) ?? encoded;
  if (packet.bytes.length > maximumPacketSize) return false;
  if (packetId === 0) connection.write(packet.bytes);
  else connection.writeCopy(withPacketId(packet, packetId, dup)); // [MQTT5 3.3.1-1] [MQTT311 3.3.1-1]
  if (packet !== encoded) outboundAliases!.sent(topic);
  return true;
}
