/**
 * One client on one link, from accept to the end. Holds what belongs to the connection and not to the session, and
 * writes packets within what the client can take.
 */
import type { Deadline } from "../../base/deadlines.ts";
import { decode, encode } from "../../mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import type { Link } from "../../net/link.ts";
import type { Due } from "../due.ts";
import type { Memory } from "../limits/memory.ts";
import type { TraceOfClient } from "../options/trace.ts";
import { type AnsweringPacket, noLimits } from "./client_limits.ts";
import type { OutboundAliases } from "./outbound_aliases.ts";

/**
 * - `new`: no CONNECT yet
 * - `checking`: CONNECT read, the login is being decided
 * - `online`: CONNACK sent
 * - `over`: nothing is read or sent any more
 */
export type Phase = "new" | "checking" | "online" | "over";
/** The output is counted again after so many bytes; it leaves at the end of a turn, as a rule. */
const outputStepBytes = 16 * 1024;

/** Counts what is sent. */
export interface SentCounter {
  packetsSent: number;
  bytesSent: number;
}

/** A connection of a client that has a session of type `S`; see `Connection` in `session.ts`. */
export class ConnectionOf<S> {
  phase: Phase = "new";
  version: ProtocolVersion = 4;
  /** Set from `online` on. */
  session: S | undefined;
  /** When the last control packet came, in milliseconds. */
  lastPacketMs: number;
  /** How long the client may be silent, in milliseconds; 0 without keep alive. */
  silenceLimitMs = 0;
  /** Time to CONNECT, then keep alive; undefined for a client that may be silent. */
  deadline: Deadline<Due> | undefined;
  limits = noLimits;
  /** Session expiry that CONNECT asked for; what DISCONNECT may change depends on it. */
  askedExpiryIntervalS = 0;
  /** Its address has opened too many links within a second. */
  tooFast = false;
  /** False from a full link until it has drained. */
  writable = true;
  /** Topics by alias, from the client. */
  aliases: Map<number, string> | undefined;
  /** What the aliases cost, in bytes. */
  aliasBytes = 0;
  /** Nothing is read until its answers have left. */
  paused = false;
  /** Its keep alive ended while nothing was read: what it has sent meanwhile is looked at. */
  probed = false;
  /** QoS 2 messages that came on this connection and are not yet released: they count against its receive maximum. */
  unreleased: Set<number> | undefined;
  /** Topic aliases to the client, where it takes any. */
  outboundAliases: OutboundAliases | undefined;
  /** Packets that came while the login was being decided. */
  waiting: Packet[] | undefined;

  /** Told of each packet, where someone wants to see this client's. */
  trace: TraceOfClient | undefined;
  /** When the link was accepted, in milliseconds. */
  readonly sinceMs: number;
  readonly #counter: SentCounter;
  readonly #memory: Memory;
  /** What the output of the link counts for in memory, in bytes; corrected now and then. */
  #outputBytes = 0;
  /** Sent since the output was counted, in bytes. */
  #uncountedBytes = 0;
  /** What the aliases, and a packet that is not whole, count for in memory, in bytes. */
  #inputBytes = 0;

  /** @param id never used twice in a broker */
  constructor(readonly id: number, readonly link: Link, nowMs: number, counter: SentCounter, memory: Memory) {
    this.#memory = memory;
    this.lastPacketMs = nowMs;
    this.sinceMs = nowMs;
    this.#counter = counter;
  }

  get receiveMaximum(): number {
    return this.limits.receiveMaximum;
  }

  get maximumPacketSize(): number {
    return this.limits.maximumPacketSize;
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

  /** Sends an answer with its reason in words where the client takes those; without them where it does not. */
  sendWithReason(packet: AnsweringPacket, reasonString: string | undefined): boolean {
    if (reasonString === undefined || this.version === 4) return this.send(packet);
    const isAlwaysTold = packet.type === "connack" || packet.type === "disconnect";
    if (!this.limits.wantsProblems && !isAlwaysTold) return this.send(packet); // [MQTT5 3.1.2-29]
    const bytes = encode({ ...packet, properties: { ...packet.properties, reasonString } }, 5);
    // Words never stand in the way of the answer itself. // [MQTT5 3.2.2-19] [MQTT5 3.4.2-2] [MQTT5 3.5.2-2]
    // [MQTT5 3.9.2-1] [MQTT5 3.11.2-1] [MQTT5 3.14.2-3]
    return bytes.length <= this.maximumPacketSize ? this.write(bytes) : this.send(packet);
  }

  /** Sends an encoded packet; answers as {@link send}. */
  write(bytes: Uint8Array): boolean {
    if (bytes.length > this.maximumPacketSize) return false; // [MQTT5 3.1.2-24]
    this.trace?.("out", decode(bytes, this.version));
    this.#counter.packetsSent++;
    this.#counter.bytesSent += bytes.length;
    if (!this.link.write(bytes)) this.writable = false;
    this.#uncountedBytes += bytes.length;
    if (this.#uncountedBytes > outputStepBytes) this.countOutput();
    return true;
  }

  /** Counts what waits for the client to read it. */
  countOutput(): void {
    const { bufferedBytes } = this.link;
    this.#memory.add(bufferedBytes - this.#outputBytes);
    this.#outputBytes = bufferedBytes;
    this.#uncountedBytes = 0;
  }

  /** Counts what the client makes this connection keep of its input; answers whether that is more than before. */
  countInput(bytes: number): boolean {
    const more = bytes - this.#inputBytes;
    if (more === 0) return false;
    this.#memory.add(more);
    this.#inputBytes = bytes;
    return more > 0;
  }

  /** The connection is over: it counts for nothing more. */
  countNothing(): void {
    this.#memory.add(-this.#outputBytes - this.#inputBytes);
    this.#outputBytes = this.#inputBytes = 0;
  }
}
