/**
 * How a connection ended: plain data.
 */
import type { DisconnectPacket, ProtocolVersion } from "../../mqtt/packet.ts";
import type { LinkEnd } from "../../net/link.ts";

/** How a connection ended: its link ended, or this side ended it because of an action of the broker. */
export type ConnectionEnd =
  | LinkEnd
  /** The broker sent an invalid packet; `bytes` are the first of the last bytes received. */
  | { readonly kind: "malformed"; readonly message: string; readonly bytes: Uint8Array }
  /** CONNACK has Session Present 1 in answer to Clean Start 1. */
  | { readonly kind: "sessionPresent" }
  /** Enhanced authentication failed on this side: the broker's data are wrong, or there is no answer to them. */
  | { readonly kind: "auth"; readonly sentence: string }
  /** The broker did not answer PINGREQ. */
  | { readonly kind: "mute"; readonly withinS: number }
  /** The broker sent DISCONNECT before. */
  | { readonly kind: "disconnect"; readonly packet: DisconnectPacket; readonly version: ProtocolVersion };
