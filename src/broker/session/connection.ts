/**
 * One client on one link, from accept to the end. Holds what belongs to the connection and not to the session, and
 * writes packets within what the client can take.
 */
import type { Deadline } from "../../base/deadlines.ts";
import { encode } from "../../mqtt/codec.ts";
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import type { Link } from "../../net/link.ts";
import type { Due } from "../due.ts";
import type { Session } from "./session.ts";

/**
 * - `new`: no CONNECT yet
 * - `checking`: CONNECT read, the login is being decided
 * - `online`: CONNACK sent
 * - `over`: nothing is read or sent any more
 */
export type Phase = "new" | "checking" | "online" | "over";

export class Connection {
  phase: Phase = "new";
  version: ProtocolVersion = 4;
  /** Set from `online` on. */
  session: Session | undefined;
  /** When the last control packet came, in milliseconds. */
  lastPacketMs: number;
  /** How long the client may be silent; Infinity without keep alive. */
  silenceLimitMs = Infinity;
  /** Time to CONNECT, then keep alive. */
  deadline: Deadline<Due> | undefined;
  /** QoS 1 and 2 messages that the client takes at one time. */
  receiveMaximum = 65_535;
  /** The largest packet that the client takes, in bytes. */
  maximumPacketSize = Infinity;
  /** Session expiry that CONNECT asked for; what DISCONNECT may change depends on it. */
  askedExpiryIntervalS = 0;
  /** False from a full link until it has drained. */
  writable = true;
  /** Topics by alias, from the client. */
  aliases: Map<number, string> | undefined;
  /** Packets that came while the login was being decided. */
  waiting: Packet[] | undefined;

  /** @param id never used twice in a broker */
  constructor(readonly id: number, readonly link: Link, nowMs: number) {
    this.lastPacketMs = nowMs;
  }

  get online(): boolean {
    return this.phase === "online";
  }

  /** Whether the client takes a packet of that size. */
  fits(packet: Packet): boolean {
    return encode(packet, this.version).length <= this.maximumPacketSize;
  }

  /** Sends a packet; answers false, and sends nothing, when it is larger than the client takes. */
  send(packet: Packet): boolean {
    return this.write(encode(packet, this.version));
  }

  /** Sends an encoded packet; answers as {@link send}. */
  write(bytes: Uint8Array): boolean {
    if (bytes.length > this.maximumPacketSize) return false; // [MQTT5 3.1.2-24]
    if (!this.link.write(bytes)) this.writable = false;
    return true;
  }
}
