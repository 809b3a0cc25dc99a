/**
 * What a CONNACK that refuses says, in words.
 */
import type { ProtocolVersion } from "../mqtt/packet.ts";
import { reasonName } from "../mqtt/reason.ts";

const returnCodes: readonly string[] = [
  "accepted",
  "unacceptable protocol version",
  "identifier rejected",
  "server unavailable",
  "bad user name or password",
  "not authorized",
];

/** True for a refusal that another user name or password may cure. */
export function isLoginRefused(version: ProtocolVersion, code: number): boolean {
  return version === 4 ? code === 4 || code === 5 : code === 0x86 || code === 0x87;
}

/** A refusal in words, with its code. */
export function connackText(version: ProtocolVersion, code: number): string {
  if (version === 4) return `the broker refused the CONNECT: ${returnCodes[code] ?? "unknown"} (return code ${code})`;
  return `the broker refused the CONNECT: ${reasonName(code)} (reason code 0x${code.toString(16).padStart(2, "0")})`;
}
