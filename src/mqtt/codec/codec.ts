/**
 * Converts between bytes and packets, in three ways. `short_packet.ts` handles packets of two to five bytes. The strict
 * walk of `check.ts` reads plain packets, whose properties, if any, are numbers, user properties or those of a message
 * (`plain_properties.ts`); the `…_bytes.ts` files read and write them. Packets with other properties go through
 * npm:mqtt-packet, in `library_codec.ts`, and the walk checks them too.
 *
 * A packet with an omissible reason code (0, without properties) is written in its shortest form and read back without
 * that reason code.
 */
import { invariant } from "../../base/failure.ts";
import { checkPacket } from "./check.ts";
import { writeConnack, writeConnect } from "./connect_bytes.ts";
import { headerLength } from "./frame.ts";
import { readByLibrary, writeByLibrary } from "./library_codec.ts";
import type { PacketLimits } from "./packet_limits.ts";
import type { Packet, ProtocolVersion, PublishPacket } from "../packet.ts";
import { writePublish } from "./publish_bytes.ts";
import { checkPacketId, decodeShort, encodeShort } from "./short_packet.ts";
import { writeSubscribe, writeSubscribeAnswer } from "./subscribe_bytes.ts";

export { claimedVersion, frameSize, headerLength, maximumFrameBytes } from "./frame.ts";
export { pubackBytes, pubackId } from "./short_packet.ts";
export { PacketLimitError, type PacketLimits } from "./packet_limits.ts";

/**
 * Reads one complete control packet, strictly.
 *
 * @param frame the bytes of exactly one packet, fixed header included; nothing of it is kept, payloads are copied
 * @param version the connection's protocol version; undefined before CONNECT, which names its own. If it is defined, a
 * CONNECT is the second one of its connection, and is refused
 * @param limits how many items the packet may have; any number if not given
 * @throws ProtocolError with the reason code that the standard gives for the fault
 */
export function decode(frame: Uint8Array, version: ProtocolVersion | undefined, limits?: PacketLimits): Packet {
  const short = version === undefined ? undefined : decodeShort(frame, version);
  if (short !== undefined) return short;
  const walked = checkPacket(frame, version, limits);
  return walked.plain ?? readByLibrary(frame, walked, version);
}

/**
 * Writes one control packet for a peer of that version. For 3.1.1 the writer omits what it lacks: properties,
 * subscription options, the reason codes of acknowledgements and of DISCONNECT; a SUBACK's refusals all become 0x80.
 * CONNECT is written by its own `protocolVersion`. A 3.1.1 CONNACK needs a return code: see `returnCodeOf`.
 *
 * @throws InvariantError if the packet cannot be written (for example, a topic of more than 65,535 bytes), or {@link
 * decode} would refuse it
 */
export function encode(packet: Packet, version: ProtocolVersion): Uint8Array {
  return encodeShort(packet, version) ?? encodePlain(packet, version) ?? writeByLibrary(packet, version);
}

function encodePlain(packet: Packet, version: ProtocolVersion): Uint8Array | undefined {
  switch (packet.type) {
    case "publish":
      return writePublish(packet, version, packet.packetId);
    case "connect":
      return writeConnect(packet);
    case "connack":
      return version === 5 ? writeConnack(packet) : undefined;
    case "subscribe":
    case "unsubscribe":
      return writeSubscribe(packet, version);
    case "suback":
    case "unsuback":
      return writeSubscribeAnswer(packet, version);
    default:
      return undefined;
  }
}

/** A PUBLISH that is written once for many receivers. Only {@link withPacketId} changes the bytes. */
export interface EncodedPublish {
  readonly bytes: Uint8Array;
  /** The position of the two bytes of the packet identifier; 0 at QoS 0, which has none. */
  readonly packetIdAt: number;
}

/** Writes a PUBLISH for {@link withPacketId}; its own packet identifier may be absent. Throws like {@link encode}. */
export function encodePublish(packet: PublishPacket, version: ProtocolVersion): EncodedPublish {
  const packetId = packet.qos === 0 ? undefined : packet.packetId ?? 1;
  const bytes = writePublish(packet, version, packetId) ??
    writeByLibrary(packetId === undefined ? packet : { ...packet, packetId }, version);
  if (packet.qos === 0) return { bytes, packetIdAt: 0 };
  const topicAt = headerLength(bytes, 0);
  return { bytes, packetIdAt: topicAt + 2 + (bytes[topicAt]! << 8 | bytes[topicAt + 1]!) };
}

/**
 * A PUBLISH at QoS 1 or 2 for one receiver: writes its packet identifier in place, and returns the shared bytes, which
 * the caller copies before the next receiver.
 *
 * @param packetId 1 to 65,535
 * @param dup whether it was sent before
 */
export function withPacketId(encoded: EncodedPublish, packetId: number, dup: boolean): Uint8Array {
  invariant(encoded.packetIdAt > 0, "Cannot set a packet identifier on a PUBLISH at QoS 0");
  checkPacketId(packetId);
  const { bytes } = encoded;
  bytes[0] = dup ? bytes[0]! | 0x08 : bytes[0]! & ~0x08; // [MQTT5 3.3.1-1] [MQTT311 3.3.1-1]
  bytes[encoded.packetIdAt] = packetId >> 8;
  bytes[encoded.packetIdAt + 1] = packetId & 0xff;
  return bytes;
}
