/** A link to a broker through a proxy: over any other link, which goes to the proxy. */
import { dialFaultText } from "../dial_fault.ts";
import type { DialReceiver, Link, LinkEnd, LinkEnds } from "../link.ts";
import type { ProxyTarget } from "./proxy_target.ts";
import { type TunnelHandshake, tunnelHandshake } from "./tunnel_handshake.ts";

/** Where a tunnel leads. */
export interface TunnelTarget {
  readonly proxy: ProxyTarget;
  /** The broker, as the proxy is to reach it. */
  readonly host: string;
  readonly port: number;
}

/** Opens a tunnel over the link that `dial` opens to the proxy; the link calls `onOpen` when the proxy has agreed. */
export function dialTunnel(
  { proxy, host, port }: TunnelTarget,
  dial: (receiver: DialReceiver) => Link,
  receiver: DialReceiver,
): Link {
  const link = new TunnelLink(proxy.url, `${host}:${port}`, tunnelHandshake(proxy, host, port), receiver);
  link.inner = dial(link);
  return link;
}

class TunnelLink implements Link, DialReceiver {
  inner!: Link;
  readonly #proxyUrl: string;
  /** Present until the tunnel is open. */
  #handshake: TunnelHandshake | undefined;
  /** Bytes written before that. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #open = true;
  #over = false;

  constructor(proxyUrl: string, readonly peer: string, handshake: TunnelHandshake, public receiver: DialReceiver) {
    this.#proxyUrl = proxyUrl;
    this.#handshake = handshake;
  }

  get ends(): LinkEnds | undefined {
    return this.inner.ends;
  }
  get arrivedMs(): number | undefined {
    return this.inner.arrivedMs;
  }
  get bufferedBytes(): number {
    return this.inner.bufferedBytes + this.#earlyBytes;
  }
  get isPeerGone(): boolean {
    return this.inner.isPeerGone === true;
  }
  get open(): boolean {
    return this.#open && this.inner.open;
  }

  stampArrivals(): void {
    this.inner.stampArrivals?.();
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    if (this.#handshake === undefined) return this.inner.write(bytes);
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    return true;
  }

  end(): void {
    this.#open = false;
    this.inner.end();
  }
  reset(): void {
    this.#open = false;
    this.inner.reset();
  }
  pause(): void {
    this.inner.pause();
  }
  resume(): void {
    this.inner.resume();
  }

  /** The connection to the proxy is open. */
  onOpen(): void {
    this.inner.write(this.#handshake!.first);
  }

  onBytes(bytes: Uint8Array): void {
    if (!this.#open) return;
    if (this.#handshake === undefined) return this.receiver.onBytes(bytes);
    const step = this.#handshake.push(bytes);
    if (step.kind === "more") return void (step.send !== undefined && this.inner.write(step.send));
    if (step.kind === "refused") return this.#refused(step.why);
    this.#handshake = undefined;
    for (const early of this.#early.splice(0)) this.inner.write(early);
    this.#earlyBytes = 0;
    this.receiver.onOpen();
    if (step.rest.length > 0 && this.#open) this.receiver.onBytes(step.rest);
  }

  onDrain(): void {
    if (this.#handshake === undefined) this.receiver.onDrain();
  }

  onEnd(end: LinkEnd): void {
    if (this.#handshake === undefined || end.kind === "closed") return this.#finish(end);
    const why = end.kind === "error" ? dialFaultText(end.code, end.message) : "it closed the connection";
    this.#finish(this.#fault(why));
  }

  #refused(why: string): void {
    this.inner.end();
    this.#finish(this.#fault(why));
  }

  #fault(why: string): LinkEnd {
    return { kind: "error", code: "EPROXY", message: `no connection through the proxy ${this.#proxyUrl}: ${why}` };
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
