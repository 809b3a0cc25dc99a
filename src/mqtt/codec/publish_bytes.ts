/** PUBLISH as bytes: the strict walk, which also reads plain ones, and the writer of plain ones. */
import type { Cursor } from "./cursor.ts";
import { FrameWriter, maximumVariable } from "./frame_writer.ts";
import type { ProtocolVersion, PublishPacket, QoS } from "../packet.ts";
import {
  noPlainProperties,
  plainProperties,
  sizeOfProperties,
  type Walked,
  walked,
  writeProperties,
} from "./plain_properties.ts";
import { hasOnlyPlain, hasProperty, noProperties, PropertyId, walkProperties } from "./property_table.ts";
import { isPacketId } from "./short_packet.ts";
import { isValidTopicName } from "../topic.ts";
import { utf8Length } from "../utf8.ts";

/** @param flags the lower half of the first byte */
export function walkPublish(cursor: Cursor, version: ProtocolVersion, flags: number): Walked {
  const qos = flags >> 1 & 3;
  if (qos === 3) throw cursor.malformed("the QoS is 3"); // [MQTT5 3.3.1-4] [MQTT311 3.3.1-4]
  if (qos === 0 && (flags & 0x08) !== 0) throw cursor.malformed("DUP at QoS 0"); // [MQTT5 3.3.1-2] [MQTT311 3.3.1-2]
  const topic = cursor.string(); // [MQTT5 3.3.2-1] [MQTT311 3.3.2-1]
  cursor.refuseWildcards(topic, "topic name"); // [MQTT5 3.3.2-2] [MQTT311 3.3.2-2]
  if (topic === "" && version === 4) throw cursor.malformed("the topic name is empty"); // [MQTT311 4.7.3-1]
  const packetId = qos > 0 ? cursor.packetId() : 0; // [MQTT5 2.2.1-2] [MQTT311 2.3.1-5]
  const properties = version === 5 ? walkProperties(cursor, "publish") : noProperties;
  if (version === 5 && topic === "" && !hasProperty(properties, PropertyId.topicAlias)) {
    throw cursor.forbidden("neither a topic name nor a topic alias");
  }
  if (!hasOnlyPlain(properties)) {
    cursor.at = cursor.end; // the payload may contain any bytes
    return properties;
  }
  const type = "publish";
  const dup = (flags & 0x08) !== 0;
  const retain = (flags & 0x01) !== 0;
  const payload = cursor.rest();
  if (qos === 0) return walked({ type, dup, qos, retain, topic, payload }, properties);
  return walked({ type, dup, qos: qos as QoS, retain, topic, packetId, payload }, properties);
}

/**
 * Writes a PUBLISH if it is plain.
 *
 * @param packetId written at QoS 1 and 2, instead of the packet's own
 */
export function writePublish(
  packet: PublishPacket,
  version: ProtocolVersion,
  packetId: number | undefined,
): Uint8Array | undefined {
  const { dup, qos, retain, topic, payload } = packet;
  const properties = version === 5 ? plainProperties(packet.properties, "publish") : noPlainProperties;
  if (properties === undefined || !isValidTopicName(topic)) return undefined;
  if (qos === 0 ? dup : !isPacketId(packetId)) return undefined;
  const topicSize = utf8Length(topic);
  const headSize = 2 + topicSize + (qos > 0 ? 2 : 0) + (version === 5 ? sizeOfProperties(properties) : 0);
  if (headSize + payload.length > maximumVariable) return undefined;
  const writer = new FrameWriter(0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0), headSize + payload.length);
  writer.text(topic, topicSize);
  if (qos > 0) writer.twoBytes(packetId!);
  if (version === 5) writeProperties(writer, properties);
  writer.rest(payload);
  return writer.bytes;
}
