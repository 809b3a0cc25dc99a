/**
 * Reads and writes packets of two to five bytes without the library: PINGREQ, PINGRESP, an empty DISCONNECT or AUTH,
 * acknowledgements without properties, and a 3.1.1 CONNACK. Most packets of a busy broker are one of these or a PUBLISH.
 */
import { InvariantError } from "../../base/failure.ts";
import type { AcknowledgePacket, ConnackPacket, Packet, ProtocolVersion } from "../packet.ts";
import { mayCarry } from "../reason.ts";
import { smallBytes } from "./small_bytes.ts";

/** The highest return code of a 3.1.1 CONNACK. */
export const highestReturnCode = 5;

/** The size of a plain PUBACK. */
export const pubackBytes = 4;

/** First bytes of the acknowledgements. */
const acknowledgeBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;
const acknowledgeTypes = new Map<number, AcknowledgePacket["type"]>(
  (Object.entries(acknowledgeBytes) as [AcknowledgePacket["type"], number][]).map(([type, byte]) => [byte, type]),
);

/**
 * PINGREQ, PINGRESP, an empty DISCONNECT, the four-byte acknowledgements, and a CONNACK of 3.1.1 that accepts; undefined
 * for all others, and for faults.
 */
export function decodeShort(frame: Uint8Array, version: ProtocolVersion): Packet | undefined {
  if (frame.length === 2 && frame[1] === 0) {
    if (frame[0] === 0xc0) return { type: "pingreq" };
    if (frame[0] === 0xd0) return { type: "pingresp" };
    return frame[0] === 0xe0 ? { type: "disconnect" } : undefined;
  }
  if (frame.length !== 4 || frame[1] !== 2) return undefined;
  if (frame[0] === 0x20 && version === 4 && frame[2]! <= 1 && frame[3] === 0) {
    return { type: "connack", sessionPresent: frame[2] === 1, reasonCode: 0 };
  }
  const type = acknowledgeTypes.get(frame[0]!);
  const packetId = frame[2]! << 8 | frame[3]!;
  return type !== undefined && packetId > 0 ? { type, packetId } : undefined;
}

/**
 * The end of the run of plain PUBACK packets that begins at `from`: four bytes each, without a reason code; `from` if
 * the packet there is none. {@link pubackId} reads them.
 */
export function pubackRunEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at + pubackBytes <= to && bytes[at] === acknowledgeBytes.puback && bytes[at + 1] === 2) {
    if (pubackId(bytes, at) === 0) break;
    at += pubackBytes;
  }
  return at;
}

/** The packet identifier of a plain PUBACK. */
export function pubackId(bytes: Uint8Array, at: number): number {
  return bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/** Writes the same packets, and acknowledgements with only a reason code. */
export function encodeShort(packet: Packet, version: ProtocolVersion): Uint8Array | undefined {
  switch (packet.type) {
    case "pingreq":
      return shortBytes(0xc0, 0);
    case "pingresp":
      return shortBytes(0xd0, 0);
    case "disconnect":
      return saysNothing(packet, version) ? shortBytes(0xe0, 0) : undefined;
    case "auth":
      return version === 5 && saysNothing(packet, version) ? shortBytes(0xf0, 0) : undefined;
    case "connack":
      return version === 4 ? encodeShortConnack(packet) : undefined;
    case "puback":
    case "pubrec":
    case "pubrel":
    case "pubcomp":
      return encodeShortAcknowledge(packet, version);
    default:
      return undefined;
  }
}

/** MQTT 3.1.1 encoding; undefined for packet types that 3.1.1 lacks (the general encoder rejects those). */
function encodeShortConnack({ sessionPresent, reasonCode }: ConnackPacket): Uint8Array | undefined {
  if (reasonCode === 0) return shortBytes(0x20, 2, sessionPresent ? 0x0100 : 0);
  const isOne = reasonCode > 0 && reasonCode <= highestReturnCode;
  return isOne && !sessionPresent ? shortBytes(0x20, 2, reasonCode) : undefined;
}

function encodeShortAcknowledge(packet: AcknowledgePacket, version: ProtocolVersion): Uint8Array | undefined {
  const { type, packetId, reasonCode = 0 } = packet;
  checkPacketId(packetId);
  const first = acknowledgeBytes[type];
  if (saysNothing(packet, version)) return shortBytes(first, 2, packetId);
  if (hasEntries(packet.properties)) return undefined;
  if (!mayCarry(type, reasonCode)) {
    throw new InvariantError(`Cannot write ${type}: reason code ${reasonCode} is not defined for it`);
  }
  return shortBytes(first, 3, packetId, reasonCode);
}

/** A fixed header, and as many bytes as its length: packet identifier (of CONNACK: flags and code), reason code. */
function shortBytes(first: number, remaining: 0 | 2 | 3, packetId = 0, reasonCode = 0): Uint8Array {
  const bytes = smallBytes(2 + remaining);
  bytes[0] = first;
  bytes[1] = remaining;
  if (remaining >= 2) {
    bytes[2] = packetId >> 8;
    bytes[3] = packetId;
  }
  if (remaining === 3) bytes[4] = reasonCode;
  return bytes;
}

function saysNothing(packet: { reasonCode?: number; properties?: object }, version: ProtocolVersion): boolean {
  return version === 4 || (packet.reasonCode ?? 0) === 0 && !hasEntries(packet.properties);
}

export function hasEntries(properties: object | undefined): boolean {
  for (const _name in properties) return true;
  return false;
}

export function checkPacketId(packetId: number): void {
  if (!isPacketId(packetId)) {
    throw new InvariantError(`Cannot write packet identifier ${packetId}: expected 1 to 65535`);
  }
}

/** Whether the number is a valid packet identifier. */
export function isPacketId(packetId: number | undefined): packetId is number {
  return packetId !== undefined && Number.isInteger(packetId) && packetId >= 1 && packetId <= 0xffff;
}
