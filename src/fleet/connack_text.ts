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

/** A refusal in words, with its code. */
export function connackText(version: ProtocolVersion, code: number): string {
  if (version === 4) return `the broker refused the CONNECT: ${returnCodes[code] ?? "unknown"} (return code ${code})`;
  return `the broker refused the CONNECT: ${reasonName(code)} (reason code 0x${code.toString(16).padStart(2, "0")})`;
}
