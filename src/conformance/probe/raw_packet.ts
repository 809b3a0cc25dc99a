/** Packets written by hand, for cases that send bytes that no codec would write. */
import type { ProtocolVersion } from "../../mqtt/packet.ts";

const encoder = new TextEncoder();

/** A two-byte length and the bytes that it counts. */
export function field(content: string | readonly number[]): number[] {
  const bytes = typeof content === "string" ? [...encoder.encode(content)] : content;
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

/** A first byte, the length of the rest in its shortest form, and the rest. */
export function frame(first: number, body: readonly number[]): number[] {
  const length: number[] = [];
  let left = body.length;
  do {
    length.push(left > 127 ? (left & 0x7f) | 0x80 : left);
    left >>= 7;
  } while (left > 0);
  return [first, ...length, ...body];
}

/** The parts of a CONNECT, each to be spoiled. */
export interface RawConnect {
  readonly version: ProtocolVersion;
  readonly first?: number;
  readonly protocolName?: string;
  readonly level?: number;
  readonly flags?: number;
  /** 5.0: the bytes between the length of the properties and the payload. */
  readonly properties?: readonly number[];
  /** All fields of the payload. */
  readonly payload: readonly number[];
}

/** A CONNECT with a clean session, changed by the given fields. */
export function connectFrame({ version, payload, ...parts }: RawConnect): number[] {
  const { first = 0x10, protocolName = "MQTT", level = version, flags = 0x02, properties = [] } = parts;
  const lengthOfProperties = version === 5 ? [properties.length] : [];
  return frame(first, [...field(protocolName), level, flags, 0, 60, ...lengthOfProperties, ...properties, ...payload]);
}
