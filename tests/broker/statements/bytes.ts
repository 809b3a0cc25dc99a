/** Packets byte by byte, as no honest client would write them, and what the broker answers to the byte. */
import type { ProtocolVersion } from "../../../src/mqtt/packet.ts";
import type { Client } from "../stage.ts";

/** One packet: its first byte, its length, its parts. Less than 16,384 bytes. */
export function frame(first: number, ...parts: readonly (number | readonly number[])[]): number[] {
  const rest = parts.flat();
  const length = rest.length < 0x80 ? [rest.length] : [rest.length & 0x7f | 0x80, rest.length >> 7];
  return [first, ...length, ...rest];
}

/** A string, or bytes in the place of one, with the length in front. */
export function field(value: string | readonly number[]): number[] {
  const bytes = typeof value === "string" ? [...new TextEncoder().encode(value)] : value;
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

/** Not UTF-8: half of a surrogate pair. */
export const surrogate: readonly number[] = [0xed, 0xa0, 0x80];

/** What a CONNECT is put together from; whatever is left out is as it should be. */
export interface ConnectParts {
  readonly name?: string;
  readonly level?: number;
  readonly flags?: number;
  readonly properties?: readonly number[];
  /** What follows the variable header; by default the client identifier "c". */
  readonly payload?: readonly number[];
}

export function connectBytes(version: ProtocolVersion, parts: ConnectParts = {}): number[] {
  const { name = "MQTT", level = version, flags = 2, properties = [0], payload = field("c") } = parts;
  return frame(0x10, field(name), level, flags, 0, 0, version === 5 ? properties : [], payload);
}

/** Takes the place of a client's reading: everything that the broker sends from here on, as it stands on the wire. */
export function record(client: Client): number[] {
  const bytes: number[] = [];
  client.link.receiver = {
    onBytes: (some) => void bytes.push(...some),
    onDrain: () => {},
    onEnd: (end) => client.onEnd(end),
  };
  return bytes;
}

/** The reason codes of what ended a connection: of CONNACK and of DISCONNECT. */
export function reasons(client: Client): (number | undefined)[] {
  return [...client.of("connack").filter(({ reasonCode }) => reasonCode > 0), ...client.of("disconnect")]
    .map(({ reasonCode }) => reasonCode);
}
