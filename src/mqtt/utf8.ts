/**
 * UTF-8 as MQTT requires it: well-formed, and without U+0000 in the strings of packets. Nothing is repaired, stripped
 * or normalised.
 */
import { Buffer, isUtf8 } from "node:buffer";

/** Maximum size of a string in a packet, in bytes. */
export const maximumStringBytes = 65_535;

/** Up to this length, reading and measuring a string here is faster than in the runtime. */
const shortText = 48;
/** From so many bytes on, the runtime checks a string faster than a loop does here. */
const longText = 256;

/** A zero width no-break space at the start of a string is text and is kept. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // [MQTT5 1.5.4-3] [MQTT311 1.4.0-3]
const encoder = new TextEncoder();

/** Whether bytes from `from` up to `to` are well-formed UTF-8 without U+0000, as strings in packets must be. */
export function isPacketText(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from >= longText) {
    const text = bytes.subarray(from, to);
    return text.indexOf(0) < 0 && isWellFormed(text);
  }
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if (byte === 0) return false; // [MQTT5 1.5.4-2] [MQTT311 1.4.0-2]
    if (byte! >= 0x80) return isWellFormed(bytes.subarray(at, to)) && bytes.subarray(at, to).indexOf(0) < 0;
  }
  return true;
}

/** The text of bytes that {@link isPacketText} accepts, unchanged; undefined if it refuses them. */
export function packetText(bytes: Uint8Array, from: number, to: number): string | undefined {
  const ascii = to - from <= shortText ? asciiText(bytes, from, to) : undefined;
  return ascii ?? (isPacketText(bytes, from, to) ? decoder.decode(bytes.subarray(from, to)) : undefined);
}

/** By length: reusable arrays for the codes of a short text. */
const codesOfLength = Array.from({ length: shortText + 1 }, (_, length) => new Array<number>(length).fill(0));

/** The text of bytes that are all ASCII and not 0 (the usual case); undefined for others. */
function asciiText(bytes: Uint8Array, from: number, to: number): string | undefined {
  const codes = codesOfLength[to - from]!;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte === 0 || byte >= 0x80) return undefined;
    codes[at - from] = byte;
  }
  return String.fromCharCode.apply(null, codes);
}

/** Whether bytes are well-formed UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF. U+0000 is allowed. */
export function isWellFormed(bytes: Uint8Array): boolean {
  return isUtf8(bytes); // [MQTT5 1.5.4-1] [MQTT311 1.4.0-1]
}

/** The UTF-8 size of a string, without encoding it. */
export function utf8Length(text: string): number {
  return isShortAscii(text) ? text.length : Buffer.byteLength(text);
}

/** The size of a string in a packet; undefined for a string that no packet may contain. */
export function packetTextSize(text: string): number | undefined {
  if (text.includes("\0") || !text.isWellFormed()) return undefined; // [MQTT5 1.5.4-2] [MQTT311 1.4.0-2]
  const size = utf8Length(text);
  return size <= maximumStringBytes ? size : undefined;
}

/**
 * Writes a string into an array with room for its {@link utf8Length}; returns the position after it. Lone surrogates
 * become U+FFFD.
 */
export function writeUtf8(text: string, size: number, bytes: Uint8Array, at: number): number {
  const isAscii = size === text.length;
  if (!isAscii || size > shortText) return at + encoder.encodeInto(text, bytes.subarray(at)).written;
  for (let index = 0; index < size; index++) bytes[at + index] = text.charCodeAt(index);
  return at + size;
}

function isShortAscii(text: string): boolean {
  if (text.length > shortText) return false;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}
