/**
 * The strict walk over the bytes of one whole packet. It refuses what the standard forbids in a packet by itself, and
 * leaves to others what depends on who sent it or on what went before: the broker refuses a Subscription Identifier in
 * a client's PUBLISH, an unknown Topic Alias, a second CONNECT. The rules of the two versions stay apart: every rule
 * of one of them stands behind a look at the version.
 *
 * Reason codes: what the standard names; else 0x81 for what cannot be parsed (ill-formed strings, topic names and
 * filters, reserved bits, wrong lengths, unknown or misplaced properties) and 0x82 for what can and is not allowed. A
 * 3.1.1 peer never sees them: its connection closes. // [MQTT311 4.8.0-1]
 */
import { Cursor } from "./cursor.ts";
import { frameSize, headerLength } from "./frame.ts";
import type { PacketType, ProtocolVersion } from "./packet.ts";
import type { Walked } from "./plain_properties.ts";
import { type FoundProperties, hasProperty, PropertyId, walkAuthenticated, walkProperties } from "./property_table.ts";
import { walkPublish } from "./publish_bytes.ts";
import { ReasonCode } from "./reason.ts";
import { isSharedFilter, isValidSubscription } from "./topic.ts";

/** What the walk gives back besides its verdict: a plain packet itself; of others what mqtt-packet's parser would lose. */
export interface Checked {
  readonly packet: PacketType;
  /** Bytes before the variable header, 2 to 5. */
  readonly headerLength: number;
  readonly walked: Walked;
}

interface Layout {
  readonly packet: PacketType;
  /** The reserved flags of the fixed header; undefined where they carry meaning. */
  readonly flags: number | undefined;
  walk(cursor: Cursor, version: ProtocolVersion, flags: number): Walked;
}

const nothing: Walked = {};

/** The layouts by packet type, the upper half of the first byte. 0 is forbidden. */
const layouts: readonly (Layout | undefined)[] = [
  undefined,
  { packet: "connect", flags: 0, walk: walkConnect },
  { packet: "connack", flags: 0, walk: walkConnack },
  { packet: "publish", flags: undefined, walk: walkPublish },
  { packet: "puback", flags: 0, walk: walkAcknowledge },
  { packet: "pubrec", flags: 0, walk: walkAcknowledge },
  { packet: "pubrel", flags: 2, walk: walkAcknowledge }, // [MQTT5 3.6.1-1] [MQTT311 3.6.1-1]
  { packet: "pubcomp", flags: 0, walk: walkAcknowledge },
  { packet: "subscribe", flags: 2, walk: walkSubscribe }, // [MQTT5 3.8.1-1] [MQTT311 3.8.1-1]
  { packet: "suback", flags: 0, walk: walkReasonCodes },
  { packet: "unsubscribe", flags: 2, walk: walkUnsubscribe }, // [MQTT5 3.10.1-1] [MQTT311 3.10.1-1]
  { packet: "unsuback", flags: 0, walk: walkReasonCodes },
  { packet: "pingreq", flags: 0, walk: () => nothing },
  { packet: "pingresp", flags: 0, walk: () => nothing },
  { packet: "disconnect", flags: 0, walk: walkDisconnect }, // [MQTT5 3.14.1-1] [MQTT311 3.14.1-1]
  { packet: "auth", flags: 0, walk: walkAuth }, // [MQTT5 3.15.1-1]
];

/**
 * Walks over one packet and refuses it at its first fault.
 *
 * @param frame exactly one packet, fixed header included
 * @param version the connection's; undefined before CONNECT, which names its own, and must be the first packet
 * @throws ProtocolError with the reason code for the fault
 */
export function checkPacket(frame: Uint8Array, version: ProtocolVersion | undefined): Checked {
  const layout = layouts[(frame[0] ?? 0) >> 4];
  const cursor = new Cursor(frame, 0, frame.length, layout?.packet ?? "connect");
  if (layout === undefined) throw cursor.fault(ReasonCode.malformedPacket, "packet type 0 is reserved");
  const { packet } = layout;
  checkPlace(cursor, packet, version);
  const flags = frame[0]! & 0x0f;
  if (layout.flags !== undefined && flags !== layout.flags) {
    throw cursor.malformed("reserved flags of the fixed header are wrong"); // [MQTT5 2.1.3-1] [MQTT311 2.2.2-2]
  }
  if (frameSize(frame, 0, frame.length) !== frame.length) throw cursor.malformed("its length is not what it says");
  cursor.at = headerLength(frame, 0);
  const length = cursor.at;
  const walked = layout.walk(cursor, version ?? 4, flags);
  if (cursor.left > 0) throw cursor.malformed("bytes are left over at its end");
  if (version === 5) checkShortestLength(cursor, length);
  return { packet, headerLength: length, walked };
}

/** CONNECT is the first packet and never comes again. */
function checkPlace(cursor: Cursor, packet: PacketType, version: ProtocolVersion | undefined): void {
  if (version === undefined) {
    if (packet !== "connect") throw cursor.forbidden("it came before CONNECT"); // [MQTT5 3.1.0-1] [MQTT311 3.1.0-1]
  } else if (packet === "connect") {
    throw cursor.forbidden("it came a second time"); // [MQTT5 3.1.0-2] [MQTT311 3.1.0-2]
  } else if (packet === "auth" && version === 4) {
    throw cursor.malformed("3.1.1 has no such packet");
  }
}

/** 5.0 alone wants the Remaining Length in its shortest form. */
function checkShortestLength(cursor: Cursor, length: number): void {
  if (length > 2 && cursor.bytes[length - 1] === 0) {
    throw cursor.malformed("the remaining length is longer than it must be"); // [MQTT5 1.5.5-1]
  }
}

function walkConnect(cursor: Cursor): Walked {
  const version = walkProtocol(cursor);
  if (version === 5) checkShortestLength(cursor, headerLength(cursor.bytes, 0));
  const flags = cursor.byte();
  checkConnectFlags(cursor, version, flags);
  cursor.twoBytes(); // Keep Alive
  const properties = version === 5 ? walkAuthenticated(cursor) : undefined;
  cursor.text(); // Client Identifier [MQTT5 3.1.3-3] [MQTT5 3.1.3-4] [MQTT311 3.1.3-3] [MQTT311 3.1.3-4]
  const will = (flags & 0x04) !== 0 ? walkWill(cursor, version) : undefined; // [MQTT5 3.1.2-9] [MQTT311 3.1.2-9]
  if ((flags & 0x80) !== 0) cursor.text(); // [MQTT5 3.1.2-17] [MQTT5 3.1.3-12] [MQTT311 3.1.2-19] [MQTT311 3.1.3-11]
  if ((flags & 0x40) !== 0) cursor.binary(); // [MQTT5 3.1.2-19] [MQTT311 3.1.2-21]
  return { userProperties: properties?.userProperties, willUserProperties: will?.userProperties };
}

/** Name and level of the protocol. MQTT 3.1 ("MQIsdp", level 3) is not served. */
function walkProtocol(cursor: Cursor): ProtocolVersion {
  const name = cursor.string();
  const version = name === "MQTT" ? cursor.byte() : undefined;
  if (version === 4 || version === 5) return version;
  const { unsupportedProtocolVersion } = ReasonCode;
  throw cursor.fault(unsupportedProtocolVersion, "the protocol is neither MQTT 3.1.1 nor 5.0"); // [MQTT5 3.1.2-1] [MQTT5 3.1.2-2] [MQTT311 3.1.2-2]
}

function checkConnectFlags(cursor: Cursor, version: ProtocolVersion, flags: number): void {
  if ((flags & 0x01) !== 0) throw cursor.malformed("the reserved connect flag is set"); // [MQTT5 3.1.2-3] [MQTT311 3.1.2-3]
  const hasWill = (flags & 0x04) !== 0;
  if (!hasWill && (flags & 0x38) !== 0) {
    throw cursor.malformed("will QoS or will retain without a will"); // [MQTT5 3.1.2-11] [MQTT5 3.1.2-13] [MQTT311 3.1.2-11]
  }
  if ((flags & 0x18) === 0x18) throw cursor.malformed("the will QoS is 3"); // [MQTT5 3.1.2-12] [MQTT311 3.1.2-14]
  // 5.0 allows a password by itself, so that it can carry a token; 3.1.1 does not.
  if (version === 4 && (flags & 0xc0) === 0x40) throw cursor.malformed("a password without a user name"); // [MQTT311 3.1.2-22]
}

function walkWill(cursor: Cursor, version: ProtocolVersion): FoundProperties | undefined {
  const properties = version === 5 ? walkProperties(cursor, "will") : undefined;
  cursor.topicName("will topic"); // [MQTT5 3.1.3-11] [MQTT311 3.1.3-10]
  cursor.binary();
  return properties;
}

function walkConnack(cursor: Cursor, version: ProtocolVersion): Walked {
  const flags = cursor.byte();
  if (flags > 1) throw cursor.malformed("reserved acknowledge flags are set"); // [MQTT5 3.2.2-1]
  const code = version === 5 ? cursor.reasonCode() : cursor.byte(); // [MQTT5 3.2.2-8]
  if (version === 4 && code > 5) throw cursor.malformed("the return code is reserved");
  if (flags === 1 && code !== 0) throw cursor.forbidden("session present in a refusal"); // [MQTT5 3.2.2-6] [MQTT311 3.2.2-4]
  return version === 5 ? walkAuthenticated(cursor) : nothing;
}

/** PUBACK, PUBREC, PUBREL, PUBCOMP. A reason code of 0 may be left out, and so may properties. */
function walkAcknowledge(cursor: Cursor, version: ProtocolVersion): Walked {
  cursor.packetId();
  if (version === 4 || cursor.left === 0) return nothing;
  cursor.reasonCode(); // [MQTT5 3.4.2-1] [MQTT5 3.5.2-1] [MQTT5 3.6.2-1] [MQTT5 3.7.2-1]
  return cursor.left === 0 ? nothing : walkProperties(cursor, cursor.packet);
}

function walkSubscribe(cursor: Cursor, version: ProtocolVersion): Walked {
  cursor.packetId();
  const properties = version === 5 ? walkProperties(cursor, "subscribe") : undefined;
  if (cursor.left === 0) throw cursor.forbidden("no topic filter"); // [MQTT5 3.8.3-2] [MQTT311 3.8.3-3]
  while (cursor.left > 0) {
    const filter = walkTopicFilter(cursor, version); // [MQTT5 3.8.3-1] [MQTT311 3.8.3-1]
    const options = cursor.byte();
    if (version === 4) checkRequestedQoS(cursor, options);
    else checkSubscriptionOptions(cursor, options, filter);
  }
  return properties ?? nothing;
}

/** 3.1.1: the requested QoS fills the byte. */
function checkRequestedQoS(cursor: Cursor, options: number): void {
  if (options > 2) throw cursor.malformed("reserved bits beside the QoS, or QoS 3"); // [MQTT311 3.8.3-4]
}

function checkSubscriptionOptions(cursor: Cursor, options: number, filter: string): void {
  if ((options & 0xc0) !== 0) throw cursor.malformed("reserved subscription options"); // [MQTT5 3.8.3-5]
  if ((options & 0x03) === 3) throw cursor.forbidden("the maximum QoS is 3");
  if ((options & 0x30) === 0x30) throw cursor.forbidden("the retain handling is 3");
  if ((options & 0x04) !== 0 && isSharedFilter(filter)) {
    throw cursor.forbidden("no local on a shared subscription"); // [MQTT5 3.8.3-4]
  }
}

function walkUnsubscribe(cursor: Cursor, version: ProtocolVersion): Walked {
  cursor.packetId();
  const properties = version === 5 ? walkProperties(cursor, "unsubscribe") : undefined;
  if (cursor.left === 0) throw cursor.forbidden("no topic filter"); // [MQTT5 3.10.3-2] [MQTT311 3.10.3-2]
  while (cursor.left > 0) walkTopicFilter(cursor, version); // [MQTT5 3.10.3-1] [MQTT311 3.10.3-1]
  return properties ?? nothing;
}

function walkTopicFilter(cursor: Cursor, version: ProtocolVersion): string {
  const filter = cursor.string();
  if (!isValidSubscription(filter, version)) throw cursor.malformed("a topic filter is not one");
  return filter;
}

/** SUBACK and UNSUBACK: a reason code for each topic filter; 3.1.1's UNSUBACK has none. */
function walkReasonCodes(cursor: Cursor, version: ProtocolVersion): Walked {
  cursor.packetId();
  if (version === 4 && cursor.packet === "unsuback") return nothing;
  const properties = version === 5 ? walkProperties(cursor, cursor.packet) : undefined;
  if (cursor.left === 0) throw cursor.forbidden("no reason code"); // [MQTT5 3.8.4-6] [MQTT311 3.8.4-5]
  while (cursor.left > 0) {
    const code = version === 5 ? cursor.reasonCode() : cursor.byte(); // [MQTT5 3.9.3-2] [MQTT5 3.11.3-2]
    if (version === 4 && code > 2 && code !== 0x80) throw cursor.malformed("the return code is reserved"); // [MQTT311 3.9.3-2]
  }
  return properties ?? nothing;
}

/** Nothing, a reason code, or a reason code and properties. */
function walkDisconnect(cursor: Cursor, version: ProtocolVersion): Walked {
  if (version === 4 || cursor.left === 0) return nothing;
  cursor.reasonCode(); // [MQTT5 3.14.2-1]
  return cursor.left === 0 ? nothing : walkProperties(cursor, "disconnect");
}

/** Nothing at all, which means success, or a reason code and properties with the method among them. */
function walkAuth(cursor: Cursor): Walked {
  if (cursor.left === 0) return { plain: { type: "auth", reasonCode: ReasonCode.success } };
  cursor.reasonCode(); // [MQTT5 3.15.2-1]
  const properties = walkAuthenticated(cursor);
  if (!hasProperty(properties, PropertyId.authenticationMethod)) throw cursor.forbidden("no authentication method");
  return properties;
}
