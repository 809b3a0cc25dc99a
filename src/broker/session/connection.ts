/**
 * One client on one link, from accept to the end. Contains the state of the connection, as opposed to the session, and
 * writes packets within the client's limits.
 */
import type { Deadline } from "../../base/deadlines.ts";
import { decode, encode } from "../../mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import { type Link, writeCopyTo } from "../../net/link.ts";
import type { Due } from "../due.ts";
import type { Memory } from "../limits/memory.ts";
import type { TraceOfClient } from "../options/trace.ts";
import { type AnsweringPacket, noLimits } from "./client_limits.ts";
import type { OutboundAliases } from "./outbound_aliases.ts";

/**
 * - `new`: no CONNECT yet
 * - `checking`: CONNECT was read, the login is being judged
 * - `online`: CONNACK was sent
 * - `over`: the connection has ended; nothing is read or sent
 */
type ConnectionPhase = "new" | "checking" | "online" | "over";
/** Number of sent bytes after which the output is measured again; usually the output leaves at the end of a turn. */
const outputStepBytes = 16 * 1024;

/** Counts sent packets and bytes. */
interface SentCounter {
  packetsSent: number;
  bytesSent: number;
}

/** A connection of a client that has a session of type `S`; see `Connection` in `session.ts`. */
export class ConnectionOf<S> {
  phase: ConnectionPhase = "new";
  version: ProtocolVersion = 4;
  /** Set from `online` on. */
  session: S | undefined;
  /** Time of the last control packet, in milliseconds. */
  lastPacketMs: number;
  /** Maximum silence of the client, in milliseconds; 0 without keep alive. */
  silenceLimitMs = 0;
  /** The CONNECT timeout, then the keep alive; undefined for a client that may be silent. */
  deadline: Deadline<Due> | undefined;
  limits = noLimits;
  /** Session expiry that CONNECT requested; it limits what DISCONNECT may change. */
  askedExpiryIntervalS = 0;
  /** Its address has opened too many links within a second. */
  tooFast = false;
  /** False while the link is full; true again once it has drained. */
  writable = true;
  /** Topics by alias, from the client. */
  aliases: Map<number, string> | undefined;
  /** The memory cost of the aliases, in bytes. */
  aliasBytes = 0;
  /** Reading is paused until the answers have been sent. */
  paused = false;
  /** Its keep alive ended while reading was paused: bytes that it has sent in the meantime are read. */
  probed = false;
  /** Unreleased QoS 2 messages of this connection; they count against its receive maximum. */
  unreleased: Set<number> | undefined;
  /** Topic aliases to the client, if it accepts any. */
  outboundAliases: OutboundAliases | undefined;
  /** Packets that arrived while the login was being judged. */
  waiting: Packet[] | undefined;

  /** Receives each packet, if this client is traced. */
  trace: TraceOfClient | undefined;
  /** Time when the link was accepted, in milliseconds. */
  readonly sinceMs: number;
  readonly #counter: SentCounter;
  readonly #memory: Memory;
  /** The memory cost of the link's output, in bytes; corrected from time to time. */
  #outputBytes = 0;
  /** Bytes sent since the output was measured. */
  #uncountedBytes = 0;
  /** The memory cost of the aliases and of an incomplete packet, in bytes. */
  #inputBytes = 0;

  /** @param id unique within a broker */
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

  /** Whether the packet is within the client's maximum packet size. */
  fits(packet: Packet): boolean {
    return encode(packet, this.version).length <= this.maximumPacketSize;
  }

  /** Sends a packet; returns false, and sends nothing, if it is larger than the client accepts. */
  send(packet: Packet): boolean {
    return this.write(encode(packet, this.version));
  }

  /** Sends an answer, with a reason string if the client accepts one. */
  sendWithReason(packet: AnsweringPacket, reasonString: string | undefined): boolean {
    if (reasonString === undefined || this.version === 4) return this.send(packet);
    const isAlwaysTold = packet.type === "connack" || packet.type === "disconnect";
    if (!this.limits.wantsProblems && !isAlwaysTold) return this.send(packet); // [MQTT5 3.1.2-29]
    const bytes = encode({ ...packet, properties: { ...packet.properties, reasonString } }, 5);
    // A reason string never prevents the answer itself. // [MQTT5 3.2.2-19] [MQTT5 3.4.2-2] [MQTT5 3.5.2-2]
    // [MQTT5 3.9.2-1] [MQTT5 3.11.2-1] [MQTT5 3.14.2-3]
    return bytes.length <= this.maximumPacketSize ? this.write(bytes) : this.send(packet);
  }

  /** Sends an encoded packet; returns the same as {@link send}. */
  write(bytes: Uint8Array): boolean {
    if (bytes.length > this.maximumPacketSize) return false; // [MQTT5 3.1.2-24]
    this.#written(bytes, this.link.write(bytes));
    return true;
  }

  /** The same for bytes that the caller may change afterwards. */
  writeCopy(bytes: Uint8Array): boolean {
    if (bytes.length > this.maximumPacketSize) return false; // [MQTT5 3.1.2-24]
    this.#written(bytes, writeCopyTo(this.link, bytes));
    return true;
  }

  #written(bytes: Uint8Array, hasRoom: boolean): void {
    this.trace?.("out", decode(bytes, this.version));
    this.#counter.packetsSent++;
    this.#counter.bytesSent += bytes.length;
    if (!hasRoom) this.writable = false;
    this.#uncountedBytes += bytes.length;
    if (this.#uncountedBytes > outputStepBytes) this.countOutput();
  }

  /** Counts the output that the client has not read. */
  countOutput(): void {
    const { bufferedBytes } = this.link;
    this.#memory.add(bufferedBytes - this.#outputBytes);
    this.#outputBytes = bufferedBytes;
    this.#uncountedBytes = 0;
  }

  /** Counts the input that the client makes this connection keep; returns whether it has grown. */
  countInput(bytes: number): boolean {
    const more = bytes - this.#inputBytes;
    if (more === 0) return false;
    this.#memory.add(more);
    this.#inputBytes = bytes;
    return more > 0;
  }

  /** At the end of the connection: subtracts everything it counted. */
  countNothing(): void {
    this.#memory.add(-this.#outputBytes - this.#inputBytes);
    this.#outputBytes = this.#inputBytes = 0;
  }
}
