/**
 * The fallback codec, for packets that are not plain: the only file that imports npm:mqtt-packet.
 *
 * Reading: `check.ts` has walked over the frame, so that the library only sees valid packets; user properties come from
 * that walk, because the library's objects lose their order. Writing: the library writes, a few fields are corrected
 * afterwards, and the same walk checks the result, so that the output is never a packet that we would refuse.
 */
import { Buffer } from "node:buffer";
import mqttPacket, { type Packet as LibraryPacket } from "mqtt-packet";
import { InvariantError, ProtocolError } from "../../base/failure.ts";
import { checkPacket, packetTypeOf } from "./check.ts";
import { connectFlags } from "./connect_bytes.ts";
import { headerLength } from "./frame.ts";
import type { ConnectPacket, ConnectWill, Packet, ProtocolVersion, Subscription, UserProperty } from "../packet.ts";
import type { Walked } from "./plain_properties.ts";
import { asBuffer, propertiesFrom, propertiesTo, publishNames } from "./properties.ts";
import { ReasonCode } from "../reason.ts";
import { hasEntries } from "./short_packet.ts";
import { returnCodeOfSuback } from "./subscribe_bytes.ts";

/** The library writes numbers directly, not from a table of 65,536 buffers that it fills at the first packet. */
mqttPacket.writeToStream.cacheNumbers = false;

// Reading

/** Reads a packet that the walk has accepted. */
export function readByLibrary(frame: Uint8Array, walked: Walked, version: ProtocolVersion | undefined): Packet {
  return fromLibrary(parse(frame, version), walked, frame);
}

type Reader = (frame: Uint8Array) => LibraryPacket | undefined;

/**
 * One for each version. CONNECTs have their own: a CONNECT changes the settings of its reader, and every setting reads
 * it the same.
 */
const readers = new Map<ProtocolVersion | undefined, Reader>();

function parse(frame: Uint8Array, version: ProtocolVersion | undefined): LibraryPacket {
  const packet = packetTypeOf(frame);
  const bodyAt = headerLength(frame, 0);
  const isUnknownToLibrary = packet === "disconnect" && frame[bodyAt] === ReasonCode.badAuthenticationMethod;
  const read = readerOf(version)(isUnknownToLibrary ? frame.with(bodyAt, 0) : frame);
  if (read !== undefined) return read;
  readers.delete(version); // together with the state that the fault left in it
  throw new ProtocolError(ReasonCode.malformedPacket, `${packet.toUpperCase()}: it cannot be read`);
}

function readerOf(version: ProtocolVersion | undefined): Reader {
  let reader = readers.get(version);
  if (reader === undefined) {
    readers.set(version, reader = newReader(version === undefined ? {} : { protocolVersion: version }));
  }
  return reader;
}

/** The library's parser for complete packets: returns one packet for each, or undefined if it refuses. */
function newReader(settings: object): Reader {
  const parser = mqttPacket.parser(settings);
  let read: LibraryPacket | undefined;
  let isFaulty = false;
  parser.on("packet", (packet) => read = packet);
  parser.on("error", () => isFaulty = true);
  return (frame) => {
    read = undefined;
    const left = parser.parse(asBuffer(frame));
    return left === 0 && !isFaulty ? read : undefined;
  };
}

function fromLibrary(read: LibraryPacket, walked: Walked, frame: Uint8Array): Packet {
  const { userProperties } = walked;
  const packetId = read.messageId!;
  switch (read.cmd) {
    case "connect":
      return connectFromLibrary(read, walked);
    case "connack": {
      const reasonCode = read.reasonCode ?? read.returnCode!;
      return {
        type: "connack",
        sessionPresent: read.sessionPresent,
        reasonCode,
        ...propertiesFrom(read, userProperties),
      };
    }
    case "publish": {
      const { dup, qos, retain, topic } = read;
      const payload = new Uint8Array(read.payload as Buffer);
      const head = { type: "publish", dup, qos, retain, topic, payload } as const;
      return { ...head, ...qos > 0 && { packetId }, ...propertiesFrom(read, userProperties, publishNames) };
    }
    case "subscribe": {
      const subscriptions = read.subscriptions.map(subscriptionFrom);
      return { type: "subscribe", packetId, subscriptions, ...propertiesFrom(read, userProperties) };
    }
    case "unsubscribe":
      return {
        type: "unsubscribe",
        packetId,
        topicFilters: read.unsubscriptions,
        ...propertiesFrom(read, userProperties),
      };
    case "suback":
    case "unsuback": {
      const reasonCodes = (read.granted ?? []) as number[];
      return { type: read.cmd, packetId, reasonCodes, ...propertiesFrom(read, userProperties) };
    }
    case "pingreq":
    case "pingresp":
      return { type: read.cmd };
    case "auth":
      return { type: "auth", reasonCode: read.reasonCode, ...propertiesFrom(read, userProperties) };
    case "disconnect":
      return {
        type: "disconnect",
        ...reasonFrom(frame, headerLength(frame, 0)),
        ...propertiesFrom(read, userProperties),
      };
    default:
      return {
        type: read.cmd,
        packetId,
        ...reasonFrom(frame, headerLength(frame, 0) + 2),
        ...propertiesFrom(read, userProperties),
      };
  }
}

/** The reason code at a position, if the packet is that long. */
function reasonFrom(frame: Uint8Array, at: number): { reasonCode?: number } {
  return at < frame.length ? { reasonCode: frame[at]! } : {};
}

function subscriptionFrom(
  read: { topic: string; qos: 0 | 1 | 2; nl?: boolean; rap?: boolean; rh?: number },
): Subscription {
  const { topic: topicFilter, qos, nl, rap, rh } = read;
  if (nl === undefined) return { topicFilter, qos };
  return { topicFilter, qos, noLocal: nl, retainAsPublished: rap!, retainHandling: rh as 0 | 1 | 2 };
}

function connectFromLibrary(read: LibraryPacket & { cmd: "connect" }, walked: Walked): ConnectPacket {
  const { username, password, will } = read;
  return {
    type: "connect",
    protocolVersion: read.protocolVersion as ProtocolVersion,
    cleanStart: read.clean!,
    keepAliveS: read.keepalive!,
    clientId: read.clientId,
    ...will && { will: willFrom(will, walked.willUserProperties) },
    ...username !== undefined && { username },
    ...password !== undefined && { password: new Uint8Array(password) },
    ...propertiesFrom(read, walked.userProperties),
  };
}

function willFrom(
  read: NonNullable<(LibraryPacket & { cmd: "connect" })["will"]>,
  userProperties: readonly UserProperty[] | undefined,
): ConnectWill {
  const { willDelayInterval, ...properties } = read.properties ?? {};
  return {
    topic: read.topic,
    payload: new Uint8Array(read.payload as Buffer),
    qos: read.qos!,
    retain: read.retain!,
    ...willDelayInterval !== undefined && { delayIntervalS: willDelayInterval },
    ...hasEntries(properties) && propertiesFrom({ properties }, userProperties),
  };
}

// Writing

/** Writes a packet; refuses one that `decode` would refuse. */
export function writeByLibrary(packet: Packet, version: ProtocolVersion): Uint8Array {
  try {
    const bytes = asBytes(mqttPacket.generate(toLibrary(packet, version), { protocolVersion: version }));
    if (packet.type === "connect") bytes[headerLength(bytes, 0) + 7] = connectFlags(packet);
    checkPacket(bytes, packet.type === "connect" ? undefined : version);
    return bytes;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvariantError(`Cannot write ${packet.type}: ${why}`, { cause });
  }
}

function toLibrary(packet: Packet, version: ProtocolVersion): LibraryPacket {
  const properties = "properties" in packet ? propertiesTo(packet.properties) : {};
  switch (packet.type) {
    case "connect":
      return connectToLibrary(packet, properties);
    case "connack": {
      const { sessionPresent, reasonCode } = packet;
      return { cmd: "connack", sessionPresent, reasonCode, returnCode: reasonCode, properties };
    }
    case "publish": {
      const { dup, qos, retain, topic, payload, packetId } = packet;
      const head = { cmd: "publish", dup, qos, retain, topic, payload: asBuffer(payload), properties } as const;
      return packetId === undefined ? head : { ...head, messageId: packetId };
    }
    case "subscribe":
      return {
        cmd: "subscribe",
        messageId: packet.packetId,
        subscriptions: packet.subscriptions.map(subscriptionTo),
        properties,
      };
    case "unsubscribe":
      return { cmd: "unsubscribe", messageId: packet.packetId, unsubscriptions: [...packet.topicFilters], properties };
    case "suback":
    case "unsuback": {
      const granted = version === 4 ? packet.reasonCodes.map(returnCodeOfSuback) : [...packet.reasonCodes];
      return { cmd: packet.type, messageId: packet.packetId, granted, properties };
    }
    case "pingreq":
    case "pingresp":
      return { cmd: packet.type };
    case "disconnect":
    case "auth":
      return { cmd: packet.type, reasonCode: packet.reasonCode ?? 0, properties };
    default:
      return { cmd: packet.type, messageId: packet.packetId, reasonCode: packet.reasonCode ?? 0, properties };
  }
}

/**
 * The library refuses an empty client identifier without clean start, and a password without a user name, both legal in
 * 5.0. So it gets a clean start, and the password as if it were a user name, which has the same encoding; we write the
 * flags, see {@link connectFlags}.
 */
function connectToLibrary(packet: ConnectPacket, properties: Record<string, unknown>): LibraryPacket {
  const { protocolVersion, keepAliveS, clientId, will, username, password } = packet;
  const credentials = [username, password && asBuffer(password)].filter((credential) => credential !== undefined);
  return {
    cmd: "connect",
    protocolVersion,
    clean: true,
    keepalive: keepAliveS,
    clientId,
    ...will && { will: willTo(will) },
    ...credentials.length > 0 && { username: credentials[0] as string },
    ...credentials.length > 1 && { password: credentials[1] as Buffer },
    properties,
  };
}

function willTo(will: ConnectWill): NonNullable<(LibraryPacket & { cmd: "connect" })["will"]> {
  const { topic, payload, qos, retain, delayIntervalS, properties } = will;
  const delay = delayIntervalS === undefined ? {} : { willDelayInterval: delayIntervalS };
  return { topic, payload: asBuffer(payload), qos, retain, properties: { ...delay, ...propertiesTo(properties) } };
}

function subscriptionTo(
  subscription: Subscription,
): { topic: string; qos: 0 | 1 | 2; nl: boolean; rap: boolean; rh: number } {
  const { topicFilter: topic, qos, noLocal = false, retainAsPublished = false, retainHandling = 0 } = subscription;
  return { topic, qos, nl: noLocal, rap: retainAsPublished, rh: retainHandling };
}

/** The same bytes without the library's slicing methods. */
function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
