/**
 * SUBSCRIBE, UNSUBSCRIBE and their answers as bytes: the strict walk, which also reads plain ones, and the writers of
 * plain ones.
 */
import type { Cursor } from "./cursor.ts";
import { FrameWriter, maximumVariable } from "./frame_writer.ts";
import type {
  ProtocolVersion,
  QoS,
  SubackPacket,
  SubscribePacket,
  Subscription,
  UnsubackPacket,
  UnsubscribePacket,
} from "../packet.ts";
import {
  noPlainProperties,
  plainProperties,
  sizeOfProperties,
  type Walked,
  walked,
  writeProperties,
} from "./plain_properties.ts";
import { noProperties, walkProperties } from "./property_table.ts";
import { mayCarry } from "../reason.ts";
import { isPacketId } from "./short_packet.ts";
import { isSharedFilter, isValidSubscription, levelsOf } from "../topic.ts";
import { utf8Length } from "../utf8.ts";

export function walkSubscribe(cursor: Cursor, version: ProtocolVersion): Walked {
  const packetId = cursor.packetId();
  const properties = version === 5 ? walkProperties(cursor, "subscribe") : noProperties;
  if (cursor.left === 0) throw cursor.forbidden("no topic filter"); // [MQTT5 3.8.3-2] [MQTT311 3.8.3-3]
  const subscriptions: Subscription[] = [];
  const filters = new FilterWalk(cursor, version);
  while (cursor.left > 0) {
    const topicFilter = filters.next(); // [MQTT5 3.8.3-1] [MQTT311 3.8.3-1]
    const options = cursor.byte();
    subscriptions.push(
      version === 4
        ? { topicFilter, qos: requestedQoS(cursor, options) }
        : { topicFilter, ...subscriptionOptions(cursor, options, topicFilter) },
    );
  }
  return walked({ type: "subscribe", packetId, subscriptions }, properties);
}

/** 3.1.1: the requested QoS fills the byte. */
function requestedQoS(cursor: Cursor, options: number): QoS {
  if (options > 2) throw cursor.malformed("reserved bits beside the QoS, or QoS 3"); // [MQTT311 3.8.3-4]
  return options as QoS;
}

function subscriptionOptions(cursor: Cursor, options: number, filter: string): Omit<Subscription, "topicFilter"> {
  if ((options & 0xc0) !== 0) throw cursor.malformed("reserved subscription options"); // [MQTT5 3.8.3-5]
  if ((options & 0x03) === 3) throw cursor.forbidden("the maximum QoS is 3");
  if ((options & 0x30) === 0x30) throw cursor.forbidden("the retain handling is 3");
  const noLocal = (options & 0x04) !== 0;
  if (noLocal && isSharedFilter(filter)) {
    throw cursor.forbidden("no local on a shared subscription"); // [MQTT5 3.8.3-4]
  }
  const retainHandling = (options >> 4) as 0 | 1 | 2;
  return { qos: (options & 0x03) as QoS, noLocal, retainAsPublished: (options & 0x08) !== 0, retainHandling };
}

export function walkUnsubscribe(cursor: Cursor, version: ProtocolVersion): Walked {
  const packetId = cursor.packetId();
  const properties = version === 5 ? walkProperties(cursor, "unsubscribe") : noProperties;
  if (cursor.left === 0) throw cursor.forbidden("no topic filter"); // [MQTT5 3.10.3-2] [MQTT311 3.10.3-2]
  const topicFilters: string[] = [];
  const filters = new FilterWalk(cursor, version);
  while (cursor.left > 0) topicFilters.push(filters.next()); // [MQTT5 3.10.3-1] [MQTT311 3.10.3-1]
  return walked({ type: "unsubscribe", packetId, topicFilters }, properties);
}

/** Reads the topic filters of one packet, and bounds their number and their levels. */
class FilterWalk {
  readonly #cursor: Cursor;
  readonly #version: ProtocolVersion;
  #count = 0;
  #levels = 0;

  constructor(cursor: Cursor, version: ProtocolVersion) {
    this.#cursor = cursor;
    this.#version = version;
  }

  next(): string {
    const cursor = this.#cursor;
    cursor.bound("filters", ++this.#count);
    const filter = cursor.string();
    if (!isValidSubscription(filter, this.#version)) throw cursor.malformed("a topic filter is invalid");
    cursor.bound("filterLevels", this.#levels += levelsOf(filter, cursor.limits.topicLevels));
    return filter;
  }
}

/** SUBACK and UNSUBACK: a reason code for each topic filter; 3.1.1's UNSUBACK has none. */
export function walkSubscribeAnswer(cursor: Cursor, version: ProtocolVersion): Walked {
  const type = cursor.packet as "suback" | "unsuback";
  const packetId = cursor.packetId();
  if (version === 4 && type === "unsuback") return walked({ type, packetId, reasonCodes: [] }, noProperties);
  const properties = version === 5 ? walkProperties(cursor, type) : noProperties;
  if (cursor.left === 0) throw cursor.forbidden("no reason code"); // [MQTT5 3.8.4-6] [MQTT311 3.8.4-5]
  const reasonCodes: number[] = [];
  while (cursor.left > 0) {
    const code = version === 5 ? cursor.reasonCode() : cursor.byte(); // [MQTT5 3.9.3-2] [MQTT5 3.11.3-2]
    if (version === 4 && !isReturnCode(code)) throw cursor.malformed("the return code is reserved"); // [MQTT311 3.9.3-2]
    reasonCodes.push(code);
  }
  return walked({ type, packetId, reasonCodes }, properties);
}

/** The codes of a 3.1.1 SUBACK: a granted QoS, or failure. */
function isReturnCode(code: number): boolean {
  return code === 0 || code === 1 || code === 2 || code === 0x80;
}

/** Writes a SUBSCRIBE or UNSUBSCRIBE if it is plain. */
export function writeSubscribe(
  packet: SubscribePacket | UnsubscribePacket,
  version: ProtocolVersion,
): Uint8Array | undefined {
  const { type, packetId } = packet;
  const properties = version === 5 ? plainProperties(packet.properties, type) : noPlainProperties;
  if (properties === undefined || !isPacketId(packetId)) return undefined;
  const options = type === "subscribe" ? packet.subscriptions.map((each) => optionsByte(each, version)) : undefined;
  const filters = type === "subscribe" ? packet.subscriptions.map((each) => each.topicFilter) : packet.topicFilters;
  if (filters.length === 0 || options?.includes(undefined)) return undefined;
  if (!filters.every((filter) => isValidSubscription(filter, version))) return undefined;
  const sizes = filters.map(utf8Length);
  const size = sizes.reduce((sum, size) => sum + 2 + size, 2 + (options?.length ?? 0)) +
    (version === 5 ? sizeOfProperties(properties) : 0);
  if (size > maximumVariable) return undefined;
  const writer = new FrameWriter(type === "subscribe" ? 0x82 : 0xa2, size);
  writer.twoBytes(packetId);
  if (version === 5) writeProperties(writer, properties);
  for (const [index, filter] of filters.entries()) {
    writer.text(filter, sizes[index]!);
    if (options !== undefined) writer.byte(options[index]!);
  }
  return writer.bytes;
}

/** Undefined for combinations that 5.0 does not allow. */
function optionsByte(subscription: Subscription, version: ProtocolVersion): number | undefined {
  const { topicFilter, qos, noLocal = false, retainAsPublished = false, retainHandling = 0 } = subscription;
  if (version === 4) return qos;
  if (noLocal && isSharedFilter(topicFilter)) return undefined;
  return qos | (noLocal ? 0x04 : 0) | (retainAsPublished ? 0x08 : 0) | retainHandling << 4;
}

/** Writes a SUBACK or UNSUBACK if it is plain. */
export function writeSubscribeAnswer(
  packet: SubackPacket | UnsubackPacket,
  version: ProtocolVersion,
): Uint8Array | undefined {
  const { type, packetId } = packet;
  const properties = version === 5 ? plainProperties(packet.properties, type) : noPlainProperties;
  const codes = version === 5 ? packet.reasonCodes : returnCodes(packet);
  if (properties === undefined || !isPacketId(packetId)) return undefined;
  if (codes.length === 0 && (version === 5 || type === "suback")) return undefined;
  if (!codes.every((code) => version === 5 ? mayCarry(type, code) : isReturnCode(code))) return undefined;
  const size = 2 + codes.length + (version === 5 ? sizeOfProperties(properties) : 0);
  if (size > maximumVariable) return undefined;
  const writer = new FrameWriter(type === "suback" ? 0x90 : 0xb0, size);
  writer.twoBytes(packetId);
  if (version === 5) writeProperties(writer, properties);
  for (const code of codes) writer.byte(code);
  return writer.bytes;
}

/** Reason codes for 3.1.1: none in an UNSUBACK, and only one code for every refusal. */
function returnCodes({ type, reasonCodes }: SubackPacket | UnsubackPacket): readonly number[] {
  return type === "unsuback" ? [] : reasonCodes.map(returnCodeOfSuback);
}

/** 3.1.1's code for a reason code of SUBACK. */
export function returnCodeOfSuback(reasonCode: number): number {
  return reasonCode > 0x80 ? 0x80 : reasonCode; // [MQTT311 3.9.3-2]
}
