/**
 * UTF-8 as MQTT wants it: well-formed, and in the strings of packets free of U+0000. Nothing is repaired, stripped or
 * normalised.
 */
import { Buffer, isUtf8 } from "node:buffer";

/** The most bytes that a string in a packet may have. */
export const maximumStringBytes = 65_535;

/** The zero width no-break space at the front of a string is text and stays. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // [MQTT5 1.5.4-3] [MQTT311 1.4.0-3]

/** Whether bytes from `from` up to `to` are well-formed UTF-8 without U+0000: what any string in a packet must be. */
export function isPacketText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if (byte === 0) return false; // [MQTT5 1.5.4-2] [MQTT311 1.4.0-2]
    if (byte! >= 0x80) return isWellFormed(bytes.subarray(at, to)) && bytes.subarray(at, to).indexOf(0) < 0;
  }
  return true;
}

/** Whether bytes are well-formed UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF. U+0000 is allowed. */
export function isWellFormed(bytes: Uint8Array): boolean {
  return isUtf8(bytes); // [MQTT5 1.5.4-1] [MQTT311 1.4.0-1]
}

/** The text of bytes that {@link isPacketText} accepted, unaltered. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.subarray(from, to));
}

/** How many bytes of UTF-8 a string takes, without writing them. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}
