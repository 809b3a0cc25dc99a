/**
 * The text of a CONNACK that refuses.
 */
import type { ConnackPacket, ProtocolVersion } from "../../mqtt/packet.ts";
import { reasonDetails, reasonText, returnCodeText } from "../../mqtt/reason.ts";

/** True for a refusal that another user name or password may cure. */
export function isLoginRefused(version: ProtocolVersion, code: number): boolean {
  return version === 4 ? code === 4 || code === 5 : code === 0x86 || code === 0x87;
}

/** The text of a refusal, with its code and the reason string of the server. */
export function connackText(version: ProtocolVersion, { reasonCode, properties }: ConnackPacket): string {
  const code = version === 4 ? returnCodeText(reasonCode) : reasonText(reasonCode, "connack");
  return `the broker refused the CONNECT with ${code}${reasonDetails(properties)}`;
}
