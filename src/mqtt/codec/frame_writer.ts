/**
 * Writes one packet front to back, in an array of exactly its size. The caller has checked that each value fits; the
 * output is not validated again.
 */
import { smallBytes } from "./small_bytes.ts";
import { writeUtf8 } from "../utf8.ts";

/** The largest Remaining Length, and the largest Variable Byte Integer. */
export const maximumVariable = 268_435_455;

export class FrameWriter {
  readonly bytes: Uint8Array;
  #at: number;

  /**
   * @param first the first byte, packet type and flags
   * @param remaining number of bytes after the fixed header, at most {@link maximumVariable}
   */
  constructor(first: number, remaining: number) {
    this.bytes = smallBytes(1 + sizeOfVariable(remaining) + remaining);
    this.bytes[0] = first;
    this.#at = writeVariable(this.bytes, 1, remaining);
  }

  byte(value: number): void {
    this.bytes[this.#at++] = value;
  }

  twoBytes(value: number): void {
    this.bytes[this.#at++] = value >> 8;
    this.bytes[this.#at++] = value;
  }

  fourBytes(value: number): void {
    this.twoBytes(value >>> 16);
    this.twoBytes(value);
  }

  /** A Variable Byte Integer, in its shortest form. */
  variable(value: number): void {
    this.#at = writeVariable(this.bytes, this.#at, value); // [MQTT5 1.5.5-1]
  }

  /** A UTF-8 string after its length, which the caller has measured. */
  text(text: string, size: number): void {
    this.twoBytes(size);
    this.#at = writeUtf8(text, size, this.bytes, this.#at);
  }

  /** Binary data after its length. */
  binary(data: Uint8Array): void {
    this.twoBytes(data.length);
    this.rest(data);
  }

  /** Raw bytes. */
  rest(data: Uint8Array): void {
    this.bytes.set(data, this.#at);
    this.#at += data.length;
  }
}

/** The size of a Variable Byte Integer. */
export function sizeOfVariable(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}

/** Writes a Variable Byte Integer; returns the position after it. */
export function writeVariable(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  for (let left = value;; left >>= 7) {
    bytes[at++] = left < 0x80 ? left : left & 0x7f | 0x80;
    if (left < 0x80) return at;
  }
}
