/**
 * A WebSocket as a link: over any other link, on either side. The properties of TCP and TLS (back pressure, reset,
 * client certificates, their renewal) apply here without a second implementation. The handshake runs inside: the link
 * can be passed on before it is done.
 */
import { Buffer } from "node:buffer";
import { freshSeed, Random } from "../../base/random.ts";
import {
  type AwaitedHeader,
  type DialReceiver,
  highWaterBytes,
  type Link,
  type LinkEnd,
  type LinkEnds,
  type LinkReceiver,
} from "../link.ts";
import { closeCode, frameHeader, FrameReader, type FrameReceiver, opcode, unmasked } from "./websocket_frame.ts";
import {
  answerFault,
  answerRequest,
  handshakeLimitBytes,
  headEnd,
  requestText,
  type WebSocketAccess,
} from "./websocket_handshake.ts";

/** The server's address on a link. */
export interface WebSocketTarget {
  /** Host, and port if it is not the scheme's default. */
  readonly authority: string;
  /** With a leading slash. */
  readonly path: string;
  /** Further headers of the request, each `NAME=VALUE`. */
  readonly headers?: readonly string[];
}

/** The server's side of an accepted link. */
export function acceptWebSocket(link: Link, access: WebSocketAccess): Link {
  return new WebSocketLink(link, undefined, access);
}

/** The client's side of a link that `dial` opens; the link calls `onOpen` when the server has agreed. */
export function dialWebSocket(
  target: WebSocketTarget,
  dial: (receiver: DialReceiver) => Link,
  receiver: DialReceiver,
): Link {
  const later = new DialLater();
  const link = new WebSocketLink(dial(later), target);
  later.link = link;
  link.receiver = receiver;
  return link;
}

/** No bytes can arrive before the link has an owner: links do not call before control returns to the runtime. */
const noReceiver: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };
const textBytes = new TextEncoder();
let chance: Random | undefined;

/** Passes on the calls of the inner link, once the receiver is known. */
class DialLater implements DialReceiver {
  link!: WebSocketLink;
  readonly onOpen = () => this.link.onOpen();
  readonly onBytes = (bytes: Uint8Array) => this.link.onBytes(bytes);
  readonly onDrain = () => this.link.onDrain();
  readonly onEnd = (end: LinkEnd) => this.link.onEnd(end);
}

class WebSocketLink implements Link, DialReceiver, FrameReceiver {
  receiver: LinkReceiver | DialReceiver = noReceiver;
  readonly #inner: Link;
  readonly #target: WebSocketTarget | undefined;
  readonly #frames: FrameReader;
  /** The received part of the handshake, until it is done. */
  #head: Uint8Array | undefined = new Uint8Array(0);
  /** Bytes written before the handshake was done. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #key = "";
  #open = true;
  #over = false;
  /** Why the server refuses the client's handshake; reported at the end of the inner link, which counts until then. */
  #refusal: LinkEnd | undefined;

  readonly #access: WebSocketAccess | undefined;

  /**
   * @param target given on the client's side
   * @param access given on the server's side
   */
  constructor(inner: Link, target: WebSocketTarget | undefined, access?: WebSocketAccess) {
    this.#inner = inner;
    this.#access = access;
    this.#target = target;
    this.#frames = new FrameReader(this, target === undefined);
    if (target === undefined) inner.receiver = this;
  }

  get arrivedMs(): number | undefined {
    return this.#inner.arrivedMs;
  }

  stampArrivals(): void {
    this.#inner.stampArrivals?.();
  }

  get awaited(): AwaitedHeader | undefined {
    return this.#inner.awaited;
  }

  get peer(): string {
    return this.#inner.peer;
  }

  get ends(): LinkEnds | undefined {
    return this.#inner.ends;
  }

  get isPeerGone(): boolean {
    return this.#inner.isPeerGone === true;
  }

  get overheadBytes(): number {
    return this.#inner.overheadBytes ?? 0;
  }

  get certificateName(): string | undefined {
    return this.#inner.certificateName;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes + this.#earlyBytes;
  }

  get open(): boolean {
    return this.#open;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    if (this.#head === undefined) return this.#send(opcode.binary, bytes); // [MQTT5 6.0.0-1] [MQTT311 6.0.0-1]
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    return true;
  }

  end(): void {
    if (!this.#open) return;
    if (this.#head === undefined) this.#sendClose(closeCode.normal);
    this.#open = false;
    this.#inner.end();
  }

  reset(): void {
    if (this.#over) return;
    this.#open = false;
    this.#inner.reset();
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  /** Called by the inner link, on the client's side. */
  onOpen(): void {
    this.#key = Buffer.from(drawn(16)).toString("base64");
    const { authority, path, headers } = this.#target!;
    const text = requestText(authority, path, this.#key, headers);
    this.#inner.write(Buffer.from(text, "latin1"));
  }

  onBytes(bytes: Uint8Array): void {
    if (!this.#open) return;
    if (this.#head === undefined) this.#frames.push(bytes);
    else this.#shakeHands(this.#head, bytes);
  }

  onDrain(): void {
    if (this.#open && this.#head === undefined) this.receiver.onDrain();
  }

  onEnd(end: LinkEnd): void {
    this.#finish(this.#refusal ?? end);
  }

  onData(bytes: Uint8Array): void {
    if (this.#open) this.receiver.onBytes(bytes);
  }

  onControl(kind: number, payload: Uint8Array): void {
    // A peer that pings and does not read gets no more answers than the link can buffer.
    if (kind === opcode.ping && this.#open && this.#inner.bufferedBytes < highWaterBytes) {
      this.#send(opcode.pong, payload);
    }
    if (kind !== opcode.close) return;
    this.#frames.stop();
    this.end();
    this.#finish({ kind: "fin" });
  }

  onFault(code: number, why: string): void {
    if (this.#open && this.#head === undefined) this.#sendClose(code);
    this.#fail(why);
  }

  #shakeHands(held: Uint8Array, bytes: Uint8Array): void {
    const head = new Uint8Array(held.length + bytes.length);
    head.set(held);
    head.set(bytes, held.length);
    const end = headEnd(head, head.length);
    if (end > handshakeLimitBytes || (end === 0 && head.length > handshakeLimitBytes)) {
      return this.#fail("a handshake that is too long");
    }
    if (end === 0) return void (this.#head = head);
    const fault = this.#target === undefined
      ? this.#answer(head.subarray(0, end))
      : answerFault(head.subarray(0, end), this.#key);
    if (fault !== undefined) return this.#fail(fault);
    this.#begin(head.subarray(end));
  }

  #answer(head: Uint8Array): string | undefined {
    const answer = answerRequest(head, this.#access!);
    this.#inner.write(textBytes.encode(answer.text));
    return answer.kind === "refused" ? answer.why : undefined;
  }

  /** Both sides speak WebSocket from here on; `rest` arrived together with the end of the handshake. */
  #begin(rest: Uint8Array): void {
    this.#head = undefined;
    for (const bytes of this.#early.splice(0)) this.#send(opcode.binary, bytes);
    this.#earlyBytes = 0;
    if ("onOpen" in this.receiver) this.receiver.onOpen();
    if (rest.length > 0) this.#frames.push(rest);
  }

  #send(kind: number, payload: Uint8Array): boolean {
    if (this.#target === undefined) {
      this.#inner.write(frameHeader(kind, payload.length));
      return payload.length === 0 || this.#inner.write(payload);
    }
    const mask = drawn(4);
    this.#inner.write(frameHeader(kind, payload.length, mask));
    return this.#inner.write(unmasked(payload, mask));
  }

  #sendClose(code: number): void {
    this.#send(opcode.close, Uint8Array.of(code >> 8, code & 0xff));
  }

  #fail(why: string): void {
    this.#frames.stop();
    this.#open = false;
    this.#inner.end();
    const end: LinkEnd = { kind: "error", code: "EWEBSOCKET", message: `The WebSocket failed: ${why}` };
    if (this.#target === undefined && this.#head !== undefined) this.#refusal = end;
    else this.#finish(end);
  }

  #finish(end: LinkEnd): void {
    this.#open = false;
    if (this.#over) return;
    this.#over = true;
    this.#early = [];
    this.#earlyBytes = 0;
    this.receiver.onEnd(end);
  }
}

/** A mask protects against caches in between; it need not be secret. Source: RFC 6455, section 10.3. */
function drawn(count: number): Uint8Array {
  const random = chance ??= new Random(freshSeed());
  return Uint8Array.from({ length: count }, () => random.below(256));
}
