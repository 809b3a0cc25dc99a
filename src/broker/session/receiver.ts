/**
 * The connection as an outbox sees it: what the client takes, and how to send to it.
 */
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import type { OutboundAliases } from "./outbound_aliases.ts";

export interface Receiver {
  readonly version: ProtocolVersion;
  /** False from a full link until it has drained. */
  readonly writable: boolean;
  /** QoS 1 and 2 messages at one time. */
  readonly receiveMaximum: number;
  /** The largest packet that the client takes, in bytes. */
  readonly maximumPacketSize: number;
  /** Topic aliases to the client, where it takes any. */
  readonly outboundAliases: OutboundAliases | undefined;
  /** Sends a packet; answers false, and sends nothing, when it is larger than the client takes. */
  send(packet: Packet): boolean;
  /** Sends an encoded packet; answers as {@link send}. */
  write(bytes: Uint8Array): boolean;
}
