/**
 * Splits the bytes of a link into complete control packets. Holds back an incomplete packet, up to the maximum packet
 * size; refuses a packet that announces a larger size before its bytes are kept.
 */
import { ProtocolError } from "../base/failure.ts";
import { claimedVersion, decode, frameSize, type PacketLimits } from "../mqtt/codec/codec.ts";
import { decodeLeniently, type PacketFault } from "../mqtt/codec/lenient.ts";
import { pubackRunEnd } from "../mqtt/codec/short_packet.ts";
import type { Packet, ProtocolVersion } from "../mqtt/packet.ts";
import { ReasonCode } from "../mqtt/reason.ts";

/** The callbacks of a packet stream. */
export interface PacketReceiver {
  /**
   * Handles one complete, well-formed packet. It may throw a ProtocolError, which the stream passes to
   * `onProtocolError`.
   *
   * @param faults parts that the packet may not contain; only if the stream is lenient, and undefined for a packet
   * without a fault
   */
  onPacket(packet: Packet, faults?: readonly PacketFault[]): void;
  /**
   * Handles consecutive plain PUBACK packets together, `from` up to `to` in the bytes; if absent, `onPacket` handles
   * each. It may throw like `onPacket`.
   */
  onPubacks?(bytes: Uint8Array, from: number, to: number): void;
  /** The peer violated the standard; nothing more is read from it. */
  onProtocolError(error: ProtocolError): void;
}

/** Limits and receiver of a {@link PacketStream}. */
interface PacketStreamOptions {
  /** Maximum size of a packet that is read, in bytes, fixed header included. */
  readonly maximumPacketSize: number;
  /**
   * If present, the first packet must be a CONNECT of at most this size; its first byte decides. By default any packet.
   */
  readonly maximumConnectSize?: number;
  /** How many items a packet may have; any number if not given. */
  readonly packetLimits?: PacketLimits;
  readonly receiver: PacketReceiver;
  /** Known from the start on the dialling side; otherwise taken from the first CONNECT. */
  readonly version?: ProtocolVersion;
  /**
   * Whether a server's packet with a removable fault is passed on with that fault, for a receiver that checks brokers.
   */
  readonly lenient?: boolean;
}

const nothing = new Uint8Array(0);
/** The first four bits of a CONNECT. */
const connectType = 1;

export class PacketStream {
  readonly #receiver: PacketReceiver;
  readonly #maximumPacketSize: number;
  readonly #maximumConnectSize: number | undefined;
  readonly #packetLimits: PacketLimits | undefined;
  readonly #lenient: boolean;
  #version: ProtocolVersion | undefined;
  #claimedVersion: ProtocolVersion | undefined;
  /** The start of an incomplete packet. */
  #held: Uint8Array = nothing;
  #heldBytes = 0;
  #stopped = false;

  constructor(options: PacketStreamOptions) {
    const { maximumPacketSize, maximumConnectSize, packetLimits, receiver, version, lenient = false } = options;
    this.#maximumConnectSize = maximumConnectSize;
    this.#packetLimits = packetLimits;
    this.#lenient = lenient;
    this.#maximumPacketSize = maximumPacketSize;
    this.#receiver = receiver;
    this.#version = version;
  }

  /** The connection's protocol version; undefined until CONNECT was read. */
  get version(): ProtocolVersion | undefined {
    return this.#version;
  }

  /** The version that the first CONNECT names, even if the rest of it is wrong; undefined if it names none. */
  get claimedVersion(): ProtocolVersion | undefined {
    return this.#claimedVersion;
  }

  /** Memory of an incomplete packet, in bytes. */
  get heldSizeBytes(): number {
    return this.#held.length;
  }

  /** Whether part of a packet is held back. */
  get partial(): boolean {
    return this.#heldBytes > 0;
  }

  /** Stops reading; drops held bytes. */
  stop(): void {
    this.#stopped = true;
    this.#held = nothing;
    this.#heldBytes = 0;
  }

  /** Reads bytes as they arrive. The caller may reuse them afterwards. */
  push(bytes: Uint8Array): void {
    if (this.#stopped) return;
    try {
      if (this.#heldBytes > 0) this.#pushHeld(bytes);
      else this.#cut(bytes, bytes.length);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.stop();
      this.#receiver.onProtocolError(error);
    }
  }

  #pushHeld(bytes: Uint8Array): void {
    this.#hold(bytes);
    const held = this.#held;
    const heldBytes = this.#heldBytes;
    const size = this.#sizeAt(held, 0, heldBytes);
    if (size === 0 || size > heldBytes) return;
    this.#held = nothing;
    this.#heldBytes = 0;
    this.#cut(held, heldBytes);
  }

  #cut(bytes: Uint8Array, to: number): void {
    let from = 0;
    while (from < to && !this.#stopped) {
      const runEnd = this.#settlesRuns ? pubackRunEnd(bytes, from, to) : from;
      if (runEnd > from) {
        this.#receiver.onPubacks!(bytes, from, runEnd);
        from = runEnd;
        continue;
      }
      const size = this.#sizeAt(bytes, from, to);
      if (size === 0 || from + size > to) return this.#hold(bytes.subarray(from, to));
      const frame = size === bytes.length ? bytes : bytes.subarray(from, from + size);
      if (this.#lenient) this.#readLeniently(frame);
      else {
        const packet = decode(frame, this.#version, this.#packetLimits);
        if (packet.type === "connect") this.#version ??= packet.protocolVersion;
        this.#receiver.onPacket(packet);
      }
      from += size;
    }
  }

  #readLeniently(frame: Uint8Array): void {
    let packet: Packet;
    try {
      packet = decode(frame, this.#version, this.#packetLimits);
    } catch (error) {
      const read = this.#version === undefined ? undefined : decodeLeniently(frame, this.#version);
      if (read === undefined) throw error;
      this.#receiver.onPacket(read.packet, read.faults);
      return;
    }
    this.#receiver.onPacket(packet);
  }

  /** The first packet, which must be a CONNECT, is never in a run. */
  get #settlesRuns(): boolean {
    return this.#version !== undefined && this.#receiver.onPubacks !== undefined;
  }

  #sizeAt(bytes: Uint8Array, from: number, to: number): number {
    if (this.#version === undefined) this.#claimedVersion = claimedVersion(bytes, from, to);
    const limit = this.#limitAt(bytes, from, to);
    const size = frameSize(bytes, from, to);
    if (size <= limit) return size;
    throw new ProtocolError(
      ReasonCode.packetTooLarge,
      `a packet of ${size} bytes is larger than the ${limit} allowed`,
    );
  }

  /** The maximum size of the packet that begins here. */
  #limitAt(bytes: Uint8Array, from: number, to: number): number {
    if (this.#version !== undefined || this.#maximumConnectSize === undefined) return this.#maximumPacketSize;
    if (from < to && bytes[from]! >> 4 !== connectType) { // [MQTT5 3.1.0-1] [MQTT311 3.1.0-1]
      throw new ProtocolError(ReasonCode.protocolError, "the first packet is not a CONNECT");
    }
    return Math.min(this.#maximumConnectSize, this.#maximumPacketSize);
  }

  /** Appends to the held bytes; capacity doubles, so that many small pieces cost no more than one large one. */
  #hold(bytes: Uint8Array): void {
    if (this.#stopped) return;
    const needed = this.#heldBytes + bytes.length;
    if (needed > this.#held.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#held.length));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes = needed;
  }
}
