/** CONNECT and CONNACK as bytes: the strict walk, which also reads plain ones, and the writers of plain ones. */
import type { Cursor } from "./cursor.ts";
import { FrameWriter } from "./frame_writer.ts";
import type { ConnackPacket, ConnectPacket, ConnectWill, ProtocolVersion, QoS } from "../packet.ts";
import {
  noPlainProperties,
  type PlainProperties,
  plainProperties,
  sizeOfProperties,
  type Walked,
  walked,
  writeProperties,
} from "./plain_properties.ts";
import {
  type FoundProperties,
  hasOnlyPlain,
  noProperties,
  walkAuthenticated,
  walkProperties,
} from "./property_table.ts";
import { mayCarry, ReasonCode } from "../reason.ts";
import { hasEntries, highestReturnCode } from "./short_packet.ts";
import { isValidTopicName } from "../topic.ts";
import { maximumStringBytes, packetTextSize, utf8Length } from "../utf8.ts";

export function walkConnect(cursor: Cursor): Walked {
  const protocolVersion = walkProtocol(cursor);
  if (protocolVersion === 5) cursor.checkShortestLength();
  const flags = cursor.byte();
  checkConnectFlags(cursor, protocolVersion, flags);
  const keepAliveS = cursor.twoBytes();
  const properties = protocolVersion === 5 ? walkAuthenticated(cursor) : noProperties;
  const clientId = cursor.string(); // [MQTT5 3.1.3-3] [MQTT5 3.1.3-4] [MQTT311 3.1.3-3] [MQTT311 3.1.3-4]
  const will = (flags & 0x04) !== 0 ? walkWill(cursor, protocolVersion, flags) : undefined; // [MQTT5 3.1.2-9] [MQTT311 3.1.2-9]
  const username = (flags & 0x80) !== 0 ? cursor.string() : undefined; // [MQTT5 3.1.2-17] [MQTT5 3.1.3-12] [MQTT311 3.1.2-19] [MQTT311 3.1.3-11]
  const password = (flags & 0x40) !== 0 ? cursor.data() : undefined; // [MQTT5 3.1.2-19] [MQTT311 3.1.2-21]
  const willUserProperties = will?.properties.userProperties;
  if (will !== undefined && !hasOnlyPlain(will.properties)) {
    return { userProperties: properties.userProperties, willUserProperties };
  }
  const cleanStart = (flags & 0x02) !== 0;
  const packet: Writable<ConnectPacket> = { type: "connect", protocolVersion, cleanStart, keepAliveS, clientId };
  if (will !== undefined) packet.will = plainWill(will);
  if (username !== undefined) packet.username = username;
  if (password !== undefined) packet.password = password;
  const { plain, userProperties } = walked(packet, properties);
  return { ...(plain !== undefined && { plain }), userProperties, willUserProperties };
}

/** Filled in while reading: an absent part costs nothing. */
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Name and level of the protocol. MQTT 3.1 ("MQIsdp", level 3) is not supported. */
function walkProtocol(cursor: Cursor): ProtocolVersion {
  const version = cursor.skipText("MQTT") ? cursor.byte() : undefined;
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

/** A will as it is in the packet: the will without its properties, and the properties. */
interface WalkedWill {
  readonly bare: ConnectWill;
  readonly properties: FoundProperties;
}

function walkWill(cursor: Cursor, version: ProtocolVersion, flags: number): WalkedWill {
  const properties = version === 5 ? walkProperties(cursor, "will") : noProperties;
  const topic = cursor.topicName("will topic"); // [MQTT5 3.1.3-11] [MQTT311 3.1.3-10]
  const payload = cursor.data();
  return { bare: { topic, payload, qos: (flags >> 3 & 3) as QoS, retain: (flags & 0x20) !== 0 }, properties };
}

function plainWill({ bare, properties: { values } }: WalkedWill): ConnectWill {
  if (values === undefined) return bare;
  const { willDelayInterval, ...properties } = values;
  return {
    ...bare,
    ...willDelayInterval !== undefined && { delayIntervalS: willDelayInterval as number },
    ...hasEntries(properties) && { properties },
  };
}

/** Writes a CONNECT, by its own version, if it is plain. */
export function writeConnect(packet: ConnectPacket): Uint8Array | undefined {
  const { protocolVersion: version, keepAliveS, clientId, will, username, password } = packet;
  const properties = version === 5 ? plainProperties(packet.properties, "connect") : noPlainProperties;
  const willProperties = version === 5 && will ? plainWillProperties(will) : noPlainProperties;
  if (properties === undefined || willProperties === undefined || !isWritable(packet)) return undefined;
  const propertiesSize = version === 5 ? sizeOfProperties(properties) : 0;
  const clientIdSize = utf8Length(clientId);
  const usernameSize = username === undefined ? 0 : utf8Length(username);
  const size = 10 + propertiesSize + 2 + clientIdSize + (will ? sizeOfWill(will, willProperties, version) : 0) +
    (username === undefined ? 0 : 2 + usernameSize) + (password === undefined ? 0 : 2 + password.length);
  const writer = new FrameWriter(0x10, size);
  writer.text("MQTT", 4);
  writer.byte(version);
  writer.byte(connectFlags(packet));
  writer.twoBytes(keepAliveS);
  if (version === 5) writeProperties(writer, properties);
  writer.text(clientId, clientIdSize);
  if (will) writeWill(writer, will, willProperties, version);
  if (username !== undefined) writer.text(username, usernameSize);
  if (password !== undefined) writer.binary(password);
  return writer.bytes;
}

function plainWillProperties({ delayIntervalS, properties }: ConnectWill): PlainProperties | undefined {
  return plainProperties(
    delayIntervalS === undefined ? properties : { willDelayInterval: delayIntervalS, ...properties },
    "will",
  );
}

/** Whether the parts of a CONNECT other than its properties can be written. */
function isWritable({ protocolVersion, keepAliveS, clientId, will, username, password }: ConnectPacket): boolean {
  if (!Number.isInteger(keepAliveS) || keepAliveS < 0 || keepAliveS > 0xffff) return false;
  if (packetTextSize(clientId) === undefined) return false;
  if (will && (!isValidTopicName(will.topic) || will.payload.length > maximumStringBytes)) return false;
  if (username !== undefined && packetTextSize(username) === undefined) return false;
  if (password === undefined) return true;
  return password.length <= maximumStringBytes && (username !== undefined || protocolVersion === 5);
}

function sizeOfWill({ topic, payload }: ConnectWill, properties: PlainProperties, version: ProtocolVersion): number {
  return (version === 5 ? sizeOfProperties(properties) : 0) + 2 + utf8Length(topic) + 2 + payload.length;
}

function writeWill(
  writer: FrameWriter,
  { topic, payload }: ConnectWill,
  properties: PlainProperties,
  version: ProtocolVersion,
): void {
  if (version === 5) writeProperties(writer, properties);
  writer.text(topic, utf8Length(topic));
  writer.binary(payload);
}

/** The flags of a CONNECT. */
export function connectFlags({ username, password, will, cleanStart }: ConnectPacket): number {
  const willFlags = will === undefined ? 0 : 0x04 | will.qos << 3 | (will.retain ? 0x20 : 0);
  const credentialFlags = (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  return credentialFlags | willFlags | (cleanStart ? 0x02 : 0);
}

export function walkConnack(cursor: Cursor, version: ProtocolVersion): Walked {
  const flags = cursor.byte();
  if (flags > 1) throw cursor.malformed("reserved acknowledge flags are set"); // [MQTT5 3.2.2-1]
  const reasonCode = version === 5 ? cursor.reasonCode() : cursor.byte(); // [MQTT5 3.2.2-8]
  if (version === 4 && reasonCode > highestReturnCode) throw cursor.malformed("the return code is reserved");
  if (flags === 1 && reasonCode !== 0) throw cursor.forbidden("session present in a refusal"); // [MQTT5 3.2.2-6] [MQTT311 3.2.2-4]
  const properties = version === 5 ? walkAuthenticated(cursor) : noProperties;
  return walked({ type: "connack", sessionPresent: flags === 1, reasonCode }, properties);
}

/** Writes a CONNACK of 5.0 if it is plain; that of 3.1.1 is a short packet. */
export function writeConnack({ sessionPresent, reasonCode, properties }: ConnackPacket): Uint8Array | undefined {
  const plain = plainProperties(properties, "connack");
  const isOne = mayCarry("connack", reasonCode) && !(sessionPresent && reasonCode !== 0);
  if (plain === undefined || !isOne) return undefined;
  const writer = new FrameWriter(0x20, 2 + sizeOfProperties(plain));
  writer.byte(sessionPresent ? 1 : 0);
  writer.byte(reasonCode);
  writeProperties(writer, plain);
  return writer.bytes;
}
