/** Packets as raw bytes, such as no correct client sends, and the exact bytes of the broker's answers. */
import type { ProtocolVersion } from "../../../src/mqtt/packet.ts";
import type { Client } from "../stage.ts";

/** One packet: first byte, Remaining Length, parts. Less than 16,384 bytes. */
export function frame(first: number, ...parts: readonly (number | readonly number[])[]): number[] {
  const rest = parts.flat();
  const length = rest.length < 0x80 ? [rest.length] : [rest.length & 0x7f | 0x80, rest.length >> 7];
  return [first, ...length, ...rest];
}

/** A string, or bytes in its place, after its length. */
export function field(value: string | readonly number[]): number[] {
  const bytes = typeof value === "string" ? [...new TextEncoder().encode(value)] : value;
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

/** Invalid UTF-8: half of a surrogate pair. */
export const surrogate: readonly number[] = [0xed, 0xa0, 0x80];

/** The parts of a CONNECT; an absent part has a valid default. */
export interface ConnectParts {
  readonly name?: string;
  readonly level?: number;
  readonly flags?: number;
  readonly properties?: readonly number[];
  /** The payload; by default the client identifier "c". */
  readonly payload?: readonly number[];
}

export function connectBytes(version: ProtocolVersion, parts: ConnectParts = {}): number[] {
  const { name = "MQTT", level = version, flags = 2, properties = [0], payload = field("c") } = parts;
  return frame(0x10, field(name), level, flags, 0, 0, version === 5 ? properties : [], payload);
}

/** Replaces the decoder of a client: collects all bytes that the broker sends from now on. */
export function record(client: Client): number[] {
  const bytes: number[] = [];
  client.link.receiver = {
    onBytes: (some) => void bytes.push(...some),
    onDrain: () => {},
    onEnd: (end) => client.onEnd(end),
  };
  return bytes;
}

/** The reason codes of the packets that ended a connection: CONNACK and DISCONNECT. */
export function reasons(client: Client): (number | undefined)[] {
  return [...client.of("connack").filter(({ reasonCode }) => reasonCode > 0), ...client.of("disconnect")]
    .map(({ reasonCode }) => reasonCode);
}
