/**
 * What a CONNACK that refuses says, in words.
 */
import type { ConnackPacket, ProtocolVersion } from "../../mqtt/packet.ts";
import { reasonDetails, reasonText, returnCodeText } from "../../mqtt/reason.ts";

/** True for a refusal that another user name or password may cure. */
export function isLoginRefused(version: ProtocolVersion, code: number): boolean {
  return version === 4 ? code === 4 || code === 5 : code === 0x86 || code === 0x87;
}

/** A refusal in words, with its code and what the server says besides. */
export function connackText(version: ProtocolVersion, { reasonCode, properties }: ConnackPacket): string {
  const code = version === 4 ? returnCodeText(reasonCode) : reasonText(reasonCode, "connack");
  return `the broker refused the CONNECT with ${code}${reasonDetails(properties)}`;
}
