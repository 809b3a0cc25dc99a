/**
 * Reads the bytes of one packet in order and never past its end. It keeps and repairs nothing: missing or forbidden
 * content causes a ProtocolError that names the packet.
 */
import { ProtocolError } from "../../base/failure.ts";
import { headerLength } from "./frame.ts";
import { type CountedItem, noPacketLimits, PacketLimitError, type PacketLimits } from "./packet_limits.ts";
import type { PacketType } from "../packet.ts";
import { mayCarry, ReasonCode } from "../reason.ts";
import { copyOf } from "./small_bytes.ts";
import { packetText } from "../utf8.ts";

export class Cursor {
  /**
   * @param bytes the packet, and perhaps more around it
   * @param at the position of the next read
   * @param end the end of the part to read
   * @param packet the packet's name, for error messages
   * @param limits how many items the packet may have
   */
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
    readonly packet: PacketType,
    readonly limits: PacketLimits = noPacketLimits,
  ) {}

  /** The number of bytes left to read. */
  get left(): number {
    return this.end - this.at;
  }

  byte(): number {
    return this.bytes[this.#take(1)]!;
  }

  twoBytes(): number {
    const at = this.#take(2);
    return this.bytes[at]! << 8 | this.bytes[at + 1]!;
  }

  fourBytes(): number {
    return this.twoBytes() * 0x1_0000 + this.twoBytes();
  }

  /** A Variable Byte Integer of 5.0, in its shortest form. */
  variable(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0 && shift > 0) throw this.malformed("an integer is longer than it must be"); // [MQTT5 1.5.5-1]
      return value;
    }
    throw this.malformed("an integer does not end after four bytes");
  }

  /** Reads binary data after its length; a copy. */
  data(): Uint8Array {
    const from = this.#take(this.twoBytes());
    return copyOf(this.bytes, from, this.at);
  }

  /** Reads all remaining bytes; a copy. */
  rest(): Uint8Array {
    const from = this.#take(this.left);
    return copyOf(this.bytes, from, this.at);
  }

  /** Reads a UTF-8 string. */
  string(): string {
    const from = this.#take(this.twoBytes());
    const text = packetText(this.bytes, from, this.at);
    if (text === undefined) throw this.malformed("a string is not UTF-8 or contains U+0000");
    return text;
  }

  /** Reads a UTF-8 string; returns whether it equals the given ASCII text, without allocating a string if it does. */
  skipText(text: string): boolean {
    const from = this.at + 2;
    const isIt = this.left >= 2 + text.length && this.bytes[from - 2] === 0 && this.bytes[from - 1] === text.length;
    if (!isIt || !startsWith(this.bytes, from, text)) return this.string() === text;
    this.at = from + text.length;
    return true;
  }

  /** Reads a topic name: a non-empty string without wildcards. */
  topicName(what: string): string {
    const name = this.string();
    if (name === "") throw this.malformed(`the ${what} is empty`); // [MQTT5 4.7.3-1] [MQTT311 4.7.3-1]
    this.refuseWildcards(name, what);
    return name;
  }

  /** Refuses a topic name with wildcards. */
  refuseWildcards(name: string, what: string): void {
    if (name.includes("#") || name.includes("+")) throw this.malformed(`the ${what} has a wildcard`); // [MQTT5 4.7.0-1] [MQTT311 4.7.1-1]
  }

  /** Reads a packet identifier. */
  packetId(): number {
    const packetId = this.twoBytes();
    if (packetId === 0) throw this.forbidden("the packet identifier is 0"); // [MQTT5 2.2.1-3] [MQTT5 2.2.1-4] [MQTT311 2.3.1-1]
    return packetId;
  }

  /** Reads a reason code that the packet may contain. */
  reasonCode(): number {
    const code = this.byte();
    if (!mayCarry(this.packet, code)) throw this.forbidden("the reason code is not one of this packet's");
    return code;
  }

  /** Refuses a Remaining Length in more bytes than necessary; only 5.0 requires this. */
  checkShortestLength(): void {
    const length = headerLength(this.bytes, 0);
    if (length > 2 && this.bytes[length - 1] === 0) {
      throw this.malformed("the remaining length is longer than it must be"); // [MQTT5 1.5.5-1]
    }
  }

  /** A cursor over the next `length` bytes; this one skips them. */
  part(length: number): Cursor {
    const from = this.#take(length);
    return new Cursor(this.bytes, from, this.at, this.packet, this.limits);
  }

  /** Refuses a packet that has so many items, where it may not. */
  bound(limit: CountedItem, count: number): void {
    const most = this.limits[limit];
    if (count > most) throw new PacketLimitError(this.packet.toUpperCase(), limit, most); // [MQTT5 4.13.2-1] [MQTT311 4.8.0-2]
  }

  /** The packet cannot be parsed. */
  malformed(what: string): ProtocolError {
    return this.fault(ReasonCode.malformedPacket, what);
  }

  /** The packet can be parsed, but its content is not allowed. */
  forbidden(what: string): ProtocolError {
    return this.fault(ReasonCode.protocolError, what);
  }

  fault(reasonCode: number, what: string): ProtocolError {
    return new ProtocolError(reasonCode, `${this.packet.toUpperCase()}: ${what}`);
  }

  /** Skips bytes; returns their position. */
  #take(length: number): number {
    const from = this.at;
    if (length > this.end - from) throw this.malformed("a field exceeds its end");
    this.at = from + length;
    return from;
  }
}

function startsWith(bytes: Uint8Array, from: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text.charCodeAt(at)) return false;
  return true;
}
