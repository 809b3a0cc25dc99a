/**
 * An accepted link behind a proxy that sends the header of the PROXY protocol. The link holds the header back and
 * passes on what follows it; from then on its peer is the client that the header names.
 */
import type { AwaitedHeader, HeaderFault, Link, LinkEnd, LinkEnds, LinkReceiver } from "../link.ts";
import { type ProxyHeader, readProxyHeader } from "./proxy_header.ts";

/** Collects the bytes of a header. */
export class HeaderReader {
  #bytes = new Uint8Array(0);

  /** Takes the next bytes: returns the header and the bytes after it, or a fault, or undefined to wait for more. */
  push(bytes: Uint8Array): { readonly header: ProxyHeader; readonly rest: Uint8Array } | HeaderFault | undefined {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    const read = readProxyHeader(all);
    if (typeof read === "object") return { header: read, rest: all.subarray(read.sizeBytes) };
    this.#bytes = all;
    return read;
  }
}

/** Used until the first user sets a receiver. */
const noReceiver: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };

/** The callbacks of a link that has no owner yet. */
export function awaitedHeader(): AwaitedHeader {
  return { onSource() {}, onFault() {} };
}

export class ProxiedLink implements Link, LinkReceiver {
  receiver: LinkReceiver = noReceiver;
  awaited: AwaitedHeader | undefined = awaitedHeader();
  readonly #inner: Link;
  #reader: HeaderReader | undefined = new HeaderReader();
  #source: string | undefined;

  constructor(inner: Link) {
    this.#inner = inner;
    inner.receiver = this;
  }

  get peer(): string {
    return this.#source ?? this.#inner.peer;
  }
  get ends(): LinkEnds | undefined {
    return this.#inner.ends;
  }
  get arrivedMs(): number | undefined {
    return this.#inner.arrivedMs;
  }
  get overheadBytes(): number {
    return this.#inner.overheadBytes ?? 0;
  }
  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }
  get isPeerGone(): boolean {
    return this.#inner.isPeerGone === true;
  }
  get open(): boolean {
    return this.#inner.open;
  }
  stampArrivals(): void {
    this.#inner.stampArrivals?.();
  }
  write(bytes: Uint8Array): boolean {
    return this.#inner.write(bytes);
  }
  end(): void {
    this.#inner.end();
  }
  reset(): void {
    this.#inner.reset();
  }
  pause(): void {
    this.#inner.pause();
  }
  resume(): void {
    this.#inner.resume();
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#reader === undefined) return this.receiver.onBytes(bytes);
    const read = this.#reader.push(bytes);
    if (read === undefined) return;
    this.#reader = undefined;
    const awaited = this.awaited;
    if (typeof read === "string") {
      awaited?.onFault(read);
      return this.#inner.reset();
    }
    this.#source = read.header.source;
    this.awaited = undefined;
    awaited?.onSource();
    if (read.rest.length > 0 && this.open) this.receiver.onBytes(read.rest);
  }

  onDrain(): void {
    this.receiver.onDrain();
  }

  onEnd(end: LinkEnd): void {
    this.receiver.onEnd(end);
  }
}
