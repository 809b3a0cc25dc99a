/**
 * Bytes to packets and back: the only file that knows npm:mqtt-packet.
 */
import type { Packet, ProtocolVersion } from "./packet.ts";

/**
 * Reads one whole control packet, strictly.
 *
 * @param frame the bytes of exactly one packet, fixed header included; nothing of it is kept, payloads are copied
 * @param version the connection's protocol version; undefined before CONNECT, which names its own
 * @throws ProtocolError with the reason code that the standard gives for the fault
 */
export function decode(_frame: Uint8Array, _version: ProtocolVersion | undefined): Packet {
  throw new Error("not yet");
}

/**
 * Writes one control packet for a peer of that version. Properties are left out for 3.1.1.
 *
 * @throws InvariantError when the packet cannot be written (a topic of more than 65,535 bytes, say)
 */
export function encode(_packet: Packet, _version: ProtocolVersion): Uint8Array {
  throw new Error("not yet");
}
