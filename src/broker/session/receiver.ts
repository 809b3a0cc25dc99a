/** The connection as an outbox uses it: the client's limits, and the functions to send. */
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import type { OutboundAliases } from "./outbound_aliases.ts";

export interface Receiver {
  readonly version: ProtocolVersion;
  /** False while the link is full; true again once it has drained. */
  readonly writable: boolean;
  /** Maximum number of unacknowledged QoS 1 and 2 messages. */
  readonly receiveMaximum: number;
  /** The client's maximum packet size, in bytes. */
  readonly maximumPacketSize: number;
  /** Topic aliases to the client, if it accepts any. */
  readonly outboundAliases: OutboundAliases | undefined;
  /** Sends a packet; returns false, and sends nothing, if it is larger than the client accepts. */
  send(packet: Packet): boolean;
  /** Sends an encoded packet; returns the same as {@link send}. */
  write(bytes: Uint8Array): boolean;
  /** The same for bytes that the caller may change afterwards. */
  writeCopy(bytes: Uint8Array): boolean;
}
