/**
 * The fixed header: finds the end of a packet in a stream of bytes. Owns the first byte and the Remaining Length;
 * `check.ts` handles the bytes after them.
 *
 * Source: section 2.1 (5.0), section 2.2 (3.1.1).
 */
import { ProtocolError } from "../../base/failure.ts";
import type { ProtocolVersion } from "../packet.ts";
import { ReasonCode } from "../reason.ts";

/** "MQTT" after its length. */
const protocolName: readonly number[] = [0, 4, 0x4d, 0x51, 0x54, 0x54];

/** Maximum size of any packet: the first byte, four bytes of length, and the maximum of four length bytes. */
export const maximumFrameBytes = 5 + 268_435_455;

/**
 * The size in bytes of the packet that begins at `from`, fixed header included; 0 if the bytes up to `to` do not
 * contain its length yet. The packet itself may be incomplete. Allocates nothing.
 *
 * @throws ProtocolError (malformed packet) if the fourth length byte announces a fifth
 */
export function frameSize(bytes: Uint8Array, from: number, to: number): number {
  let remaining = 0;
  for (let index = 0; index < 4; index++) {
    const at = from + 1 + index;
    if (at >= to) return 0;
    const byte = bytes[at]!;
    remaining |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return 2 + index + remaining;
  }
  throw new ProtocolError(ReasonCode.malformedPacket, "The remaining length does not end after four bytes");
}

/** The size of the fixed header, 2 to 5 bytes, in a packet for which {@link frameSize} returned a size. */
export function headerLength(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (bytes[at]! >= 0x80) at++;
  return at + 1 - from;
}

/**
 * The protocol version that a CONNECT at `from` names, even if the rest of it is wrong; undefined for another packet,
 * another protocol or version, and if the bytes up to `to` do not contain it.
 */
export function claimedVersion(bytes: Uint8Array, from: number, to: number): ProtocolVersion | undefined {
  if (bytes[from] !== 0x10) return undefined;
  let at = from + 1;
  while (at < to && bytes[at]! >= 0x80) at++;
  at++;
  if (at + protocolName.length >= to) return undefined;
  for (let index = 0; index < protocolName.length; index++) {
    if (bytes[at + index] !== protocolName[index]) return undefined;
  }
  const version = bytes[at + protocolName.length];
  return version === 4 || version === 5 ? version : undefined;
}
