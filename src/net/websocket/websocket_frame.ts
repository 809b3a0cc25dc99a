/**
 * Reads WebSocket frames as a stream, and writes them. A data frame's payload is passed on as it arrives, so that no
 * frame is held back, regardless of its announced length. Source: RFC 6455, section 5.
 */

/** The kinds of frame. */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The status codes of a close frame. */
export const closeCode = { normal: 1000, protocolError: 1002, unsupportedData: 1003 } as const;

/** The callbacks of a frame reader. */
export interface FrameReceiver {
  /** Part of a binary message. The receiver may keep it. */
  onData(bytes: Uint8Array): void;
  /** A complete close, ping or pong frame. */
  onControl(kind: number, payload: Uint8Array): void;
  /** The peer violated the protocol; nothing more is read. */
  onFault(code: number, why: string): void;
}

/** Maximum payload of a control frame. */
const controlLimitBytes = 125;
/** Maximum header: two bytes, eight of length, four of mask. */
const headerLimitBytes = 14;
const noMask = new Uint8Array(4);

/** Reads the frames of one side of a WebSocket. */
export class FrameReader {
  readonly #receiver: FrameReceiver;
  readonly #masked: boolean;
  readonly #header = new Uint8Array(headerLimitBytes);
  #headerBytes = 0;
  #kind: number = opcode.binary;
  #mask: Uint8Array = noMask;
  #maskAt = 0;
  #leftBytes = 0;
  #control: Uint8Array | undefined;
  #inMessage = false;
  #stopped = false;

  /** @param masked whether the frames come from a client, which must mask them, or from a server, which must not */
  constructor(receiver: FrameReceiver, masked: boolean) {
    this.#receiver = receiver;
    this.#masked = masked;
  }

  /** Reads bytes as they arrive; the caller may reuse them afterwards. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (!this.#stopped) {
      if (this.#leftBytes > 0) {
        if (at === bytes.length) return;
        at += this.#payload(bytes.subarray(at, at + this.#leftBytes));
      } else {
        if (at === bytes.length) return;
        this.#header[this.#headerBytes++] = bytes[at++]!;
        if (this.#headerBytes >= 2 && this.#headerBytes === this.#headerSize()) this.#begin();
      }
    }
  }

  /** Stops reading. */
  stop(): void {
    this.#stopped = true;
  }

  #headerSize(): number {
    const length = this.#header[1]! & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (this.#header[1]! & 0x80 ? 4 : 0);
  }

  /** The header is complete. */
  #begin(): void {
    const header = this.#header;
    const kind = header[0]! & 0x0f;
    const sizeBytes = this.#payloadSize();
    const fault = this.#faultOf(kind, sizeBytes);
    if (fault !== undefined) return this.#fail(...fault);
    this.#kind = kind;
    this.#mask = this.#masked ? header.slice(this.#headerBytes - 4, this.#headerBytes) : noMask;
    this.#maskAt = 0;
    this.#headerBytes = 0;
    this.#leftBytes = sizeBytes;
    if (kind >= opcode.close) this.#control = new Uint8Array(sizeBytes);
    else this.#inMessage = (header[0]! & 0x80) === 0;
    if (sizeBytes === 0 && this.#control !== undefined) this.#controlDone();
  }

  #payloadSize(): number {
    const view = new DataView(this.#header.buffer);
    const length = view.getUint8(1) & 0x7f;
    if (length < 126) return length;
    return length === 126 ? view.getUint16(2) : view.getUint32(2) * 2 ** 32 + view.getUint32(6);
  }

  #faultOf(kind: number, sizeBytes: number): [code: number, why: string] | undefined {
    const [first, second] = this.#header as unknown as [number, number];
    if ((first & 0x70) !== 0) return [closeCode.protocolError, "a reserved bit is set"];
    if (((second & 0x80) !== 0) !== this.#masked) {
      return [closeCode.protocolError, this.#masked ? "a frame without a mask" : "a frame with a mask"];
    }
    if (sizeBytes > Number.MAX_SAFE_INTEGER) return [closeCode.protocolError, "a frame that is too long"];
    if (kind >= opcode.close) {
      if (kind > opcode.pong) return [closeCode.protocolError, `opcode ${kind}`];
      const whole = (first & 0x80) !== 0 && sizeBytes <= controlLimitBytes;
      return whole ? undefined : [closeCode.protocolError, "a control frame that is too long or fragmented"];
    }
    if (kind === opcode.text) { // [MQTT5 6.0.0-1] [MQTT311 6.0.0-1]
      return [closeCode.unsupportedData, "a text frame"];
    }
    if (kind > opcode.binary) return [closeCode.protocolError, `opcode ${kind}`];
    if ((kind === opcode.continuation) === this.#inMessage) return undefined;
    return [closeCode.protocolError, "a continuation frame out of sequence"];
  }

  /** Reads part of the frame's payload; returns its length. */
  #payload(bytes: Uint8Array): number {
    const plain = unmasked(bytes, this.#mask, this.#maskAt);
    this.#maskAt = (this.#maskAt + bytes.length) % 4;
    this.#leftBytes -= bytes.length;
    if (this.#control === undefined) {
      this.#receiver.onData(plain); // [MQTT5 6.0.0-2] [MQTT311 6.0.0-2]
    } else {
      this.#control.set(plain, this.#control.length - this.#leftBytes - bytes.length);
      if (this.#leftBytes === 0) this.#controlDone();
    }
    return bytes.length;
  }

  #controlDone(): void {
    const payload = this.#control!;
    this.#control = undefined;
    this.#receiver.onControl(this.#kind, payload);
  }

  #fail(code: number, why: string): void {
    this.#stopped = true;
    this.#receiver.onFault(code, why);
  }
}

/** A copy with the mask applied or removed. */
export function unmasked(bytes: Uint8Array, mask: Uint8Array, maskAt = 0): Uint8Array {
  const plain = bytes.slice();
  if (mask === noMask) return plain;
  for (let at = 0; at < plain.length; at++) plain[at]! ^= mask[(maskAt + at) & 3]!;
  return plain;
}

/** The header of a complete frame of `sizeBytes`, masked if `mask` is present. */
export function frameHeader(kind: number, sizeBytes: number, mask?: Uint8Array): Uint8Array {
  const lengthBytes = sizeBytes < 126 ? 0 : sizeBytes < 65_536 ? 2 : 8;
  const header = new Uint8Array(2 + lengthBytes + (mask?.length ?? 0));
  const view = new DataView(header.buffer);
  const length = lengthBytes === 0 ? sizeBytes : lengthBytes === 2 ? 126 : 127;
  view.setUint8(0, 0x80 | kind);
  view.setUint8(1, length | (mask === undefined ? 0 : 0x80));
  if (lengthBytes === 2) view.setUint16(2, sizeBytes);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(sizeBytes));
  if (mask !== undefined) header.set(mask, 2 + lengthBytes);
  return header;
}
