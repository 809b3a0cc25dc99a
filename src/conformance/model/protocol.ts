/**
 * The versions of the standard, as people write them.
 */
import type { ProtocolVersion } from "../../mqtt/packet.ts";

/** A version of the standard, as people write it. */
export type Protocol = "3.1.1" | "5.0";

/** Every {@link Protocol}. */
export const protocols: readonly Protocol[] = ["3.1.1", "5.0"];

/** The version as CONNECT encodes it. */
export function versionOf(protocol: Protocol): ProtocolVersion {
  return protocol === "5.0" ? 5 : 4;
}
