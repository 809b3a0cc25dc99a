/** How a probe's link ended, as this side saw it. */
import type { DisconnectPacket } from "../../mqtt/packet.ts";
import { dialFaultText } from "../../net/dial_fault.ts";
import type { LinkEnd } from "../../net/link.ts";

/** How a probe's link ended. */
export interface ProbeEnd {
  /** How the connection ended. */
  readonly how: LinkEnd | {
    readonly kind: "malformed";
    readonly message: string;
    /** The last bytes read, which contain the unreadable packet. */
    readonly bytes: Uint8Array;
  };
  /** When the connection ended, in milliseconds of the clock. */
  readonly atMs: number;
  /** An earlier DISCONNECT that no call has taken. */
  readonly disconnect?: DisconnectPacket;
}

/** An end in words. */
export function endText({ how }: ProbeEnd): string {
  switch (how.kind) {
    case "fin":
      return "the broker closed the connection";
    case "reset":
      return "the broker reset the connection";
    case "closed":
      return "the connection was closed by this side";
    case "malformed":
      return `the broker sent a malformed packet (${how.message})`;
    case "error":
      return `the connection failed: ${dialFaultText(how.code, how.message)}`;
  }
}
