/**
 * The strict walk over the bytes of one complete packet. It refuses what the standard forbids within a packet. Rules
 * that depend on the sender or on earlier packets belong to others: the broker refuses a Subscription Identifier in a
 * client's PUBLISH, an unknown Topic Alias, a second CONNECT. The rules of the two versions are separate: each rule of
 * a single version first checks the version.
 *
 * Reason codes: those that the standard names; otherwise 0x81 for content that cannot be parsed (ill-formed strings,
 * topic names and filters, reserved bits, wrong lengths, unknown or misplaced properties) and 0x82 for content that can
 * be parsed but is not allowed. A 3.1.1 peer never sees them: its connection closes. // [MQTT311 4.8.0-1]
 */
import { walkConnack, walkConnect } from "./connect_bytes.ts";
import { Cursor } from "./cursor.ts";
import { frameSize, headerLength } from "./frame.ts";
import type { PacketLimits } from "./packet_limits.ts";
import type { AcknowledgePacket, PacketType, ProtocolVersion } from "../packet.ts";
import { type Walked, walked } from "./plain_properties.ts";
import {
  type FoundProperties,
  hasProperty,
  noProperties,
  PropertyId,
  walkAuthenticated,
  walkProperties,
} from "./property_table.ts";
import { walkPublish } from "./publish_bytes.ts";
import { ReasonCode } from "../reason.ts";
import { walkSubscribe, walkSubscribeAnswer, walkUnsubscribe } from "./subscribe_bytes.ts";

interface Layout {
  readonly packet: PacketType;
  /** The reserved flags of the fixed header; undefined if the flags have a meaning. */
  readonly flags: number | undefined;
  walk(cursor: Cursor, version: ProtocolVersion, flags: number): Walked;
}

/** The layouts by packet type (the upper half of the first byte). 0 is forbidden. */
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
  { packet: "suback", flags: 0, walk: walkSubscribeAnswer },
  { packet: "unsubscribe", flags: 2, walk: walkUnsubscribe }, // [MQTT5 3.10.1-1] [MQTT311 3.10.1-1]
  { packet: "unsuback", flags: 0, walk: walkSubscribeAnswer },
  { packet: "pingreq", flags: 0, walk: () => ({ plain: { type: "pingreq" } }) },
  { packet: "pingresp", flags: 0, walk: () => ({ plain: { type: "pingresp" } }) },
  { packet: "disconnect", flags: 0, walk: walkDisconnect }, // [MQTT5 3.14.1-1] [MQTT311 3.14.1-1]
  { packet: "auth", flags: 0, walk: walkAuth }, // [MQTT5 3.15.1-1]
];

/**
 * Walks over one packet and refuses it at its first fault.
 *
 * @param frame exactly one packet, fixed header included
 * @param version the connection's; undefined before CONNECT, which names its own and must be the first packet
 * @param limits how many items the packet may have; any number if not given
 * @returns a plain packet itself; of other packets the parts that mqtt-packet's parser would lose
 * @throws ProtocolError with the reason code for the fault
 */
export function checkPacket(
  frame: Uint8Array,
  version: ProtocolVersion | undefined,
  limits?: PacketLimits,
): Walked {
  const layout = layouts[(frame[0] ?? 0) >> 4];
  const cursor = new Cursor(frame, 0, frame.length, layout?.packet ?? "connect", limits);
  if (layout === undefined) throw cursor.fault(ReasonCode.malformedPacket, "packet type 0 is reserved");
  const { packet } = layout;
  checkPlace(cursor, packet, version);
  const flags = frame[0]! & 0x0f;
  if (layout.flags !== undefined && flags !== layout.flags) {
    throw cursor.malformed("reserved flags of the fixed header are wrong"); // [MQTT5 2.1.3-1] [MQTT311 2.2.2-2]
  }
  if (frameSize(frame, 0, frame.length) !== frame.length) throw cursor.malformed("its length does not match");
  cursor.at = headerLength(frame, 0);
  const walked = layout.walk(cursor, version ?? 4, flags);
  if (cursor.left > 0) throw cursor.malformed("bytes follow its end");
  if (version === 5) cursor.checkShortestLength();
  return walked;
}

/** The type of a packet that {@link checkPacket} accepts. */
export function packetTypeOf(frame: Uint8Array): PacketType {
  return layouts[frame[0]! >> 4]!.packet;
}

/** CONNECT is the first packet, and occurs once. */
function checkPlace(cursor: Cursor, packet: PacketType, version: ProtocolVersion | undefined): void {
  if (version === undefined) {
    if (packet !== "connect") throw cursor.forbidden("it came before CONNECT"); // [MQTT5 3.1.0-1] [MQTT311 3.1.0-1]
  } else if (packet === "connect") {
    throw cursor.forbidden("it came a second time"); // [MQTT5 3.1.0-2] [MQTT311 3.1.0-2]
  } else if (packet === "auth" && version === 4) {
    throw cursor.malformed("3.1.1 has no such packet");
  }
}

/** PUBACK, PUBREC, PUBREL, PUBCOMP. A reason code of 0 may be omitted, and so may properties. */
function walkAcknowledge(cursor: Cursor, version: ProtocolVersion): Walked {
  const type = cursor.packet as AcknowledgePacket["type"];
  const packetId = cursor.packetId();
  if (version === 4 || cursor.left === 0) return { plain: { type, packetId } };
  const reasonCode = cursor.reasonCode(); // [MQTT5 3.4.2-1] [MQTT5 3.5.2-1] [MQTT5 3.6.2-1] [MQTT5 3.7.2-1]
  return walked({ type, packetId, reasonCode }, walkLastProperties(cursor));
}

/** An empty body, a reason code, or a reason code and properties. */
function walkDisconnect(cursor: Cursor, version: ProtocolVersion): Walked {
  if (version === 4 || cursor.left === 0) return { plain: { type: "disconnect" } };
  const reasonCode = cursor.reasonCode(); // [MQTT5 3.14.2-1]
  return walked({ type: "disconnect", reasonCode }, walkLastProperties(cursor));
}

/** Properties that may be missing at the end of the packet. */
function walkLastProperties(cursor: Cursor): FoundProperties {
  return cursor.left === 0 ? noProperties : walkProperties(cursor, cursor.packet);
}

/** An empty body, which means success, or a reason code and properties that include the method. */
function walkAuth(cursor: Cursor): Walked {
  if (cursor.left === 0) return { plain: { type: "auth", reasonCode: ReasonCode.success } };
  cursor.reasonCode(); // [MQTT5 3.15.2-1]
  const properties = walkAuthenticated(cursor);
  if (!hasProperty(properties, PropertyId.authenticationMethod)) throw cursor.forbidden("no authentication method");
  return properties;
}
