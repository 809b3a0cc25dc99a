/**
 * An accepted TLS connection as a link, from accept on. Until the handshake is done it reads nothing and queues writes;
 * the owner of the link counts it, limits its time and ends it like any other. Then a {@link SocketLink} carries it.
 */
import { Buffer } from "node:buffer";
import type net from "node:net";
import type { AwaitedHeader, Link, LinkEnd, LinkReceiver } from "../link.ts";
import { awaitedHeader, HeaderReader } from "../proxy/proxied_link.ts";
import { canReset, SocketLink } from "../tcp/socket_link.ts";

/** Used until the first user sets a receiver. */
const noReceiver: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };

/**
 * Memory of TLS for a link, in bytes. Measured: 28 kB after the handshake, 26 kB before it, and 166 kB with 60 kB of an
 * incomplete ClientHello.
 */
const tlsBytes = 32 * 1024;
const handshakeBytes = 168 * 1024;

export class AcceptedTlsLink implements Link {
  /** Present while the header of a proxy has not been read. */
  awaited: AwaitedHeader | undefined;
  #peer: string;
  readonly #raw: net.Socket;
  #receiver: LinkReceiver = noReceiver;
  /** Set when the handshake is done. */
  #secured: SocketLink | undefined;
  /** Bytes written before that. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #paused = false;
  #open = true;
  #over = false;
  #fault: LinkEnd | undefined;

  /** @param raw the TCP connection below TLS */
  constructor(raw: net.Socket) {
    const { remoteAddress = "?", remotePort = 0 } = raw;
    this.#peer = `${remoteAddress}:${remotePort}`;
    this.#raw = raw;
    raw.on("error", () => {}); // "close" follows
    raw.on("close", () => this.#closed());
  }

  get peer(): string {
    return this.#peer;
  }

  get receiver(): LinkReceiver {
    return this.#receiver;
  }

  set receiver(receiver: LinkReceiver) {
    this.#receiver = receiver;
    if (this.#secured !== undefined) this.#secured.receiver = receiver;
  }

  get certificateName(): string | undefined {
    return this.#secured?.certificateName;
  }

  get overheadBytes(): number {
    return this.#secured === undefined ? handshakeBytes : tlsBytes;
  }

  get bufferedBytes(): number {
    return this.#earlyBytes + (this.#secured?.bufferedBytes ?? 0);
  }

  get isPeerGone(): boolean {
    return this.#secured?.isPeerGone === true;
  }

  get open(): boolean {
    return this.#secured?.open ?? this.#open;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#secured !== undefined) return this.#secured.write(bytes);
    if (!this.#open) return true;
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    return true;
  }

  end(): void {
    if (this.#secured !== undefined) return this.#secured.end();
    if (!this.#open) return;
    this.#giveUp({ kind: "closed" });
    this.#raw.destroy();
  }

  reset(): void {
    if (this.#secured !== undefined) return this.#secured.reset();
    if (this.#over) return;
    this.#giveUp({ kind: "closed" });
    if (canReset()) this.#raw.resetAndDestroy();
    else this.#raw.destroy();
  }

  pause(): void {
    this.#paused = true;
    this.#secured?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#secured?.resume();
  }

  /** Reads the header of a proxy, then calls `begin` for the handshake. */
  awaitHeader(begin: () => void): void {
    const raw = this.#raw;
    const reader = new HeaderReader();
    const awaited = this.awaited = awaitedHeader();
    const onData = (bytes: Uint8Array) => {
      const read = reader.push(bytes);
      if (read === undefined) return;
      raw.off("data", onData);
      raw.pause();
      this.awaited = undefined;
      if (typeof read === "string") {
        awaited.onFault(read);
        return this.reset();
      }
      this.#peer = read.header.source ?? this.#peer;
      awaited.onSource();
      if (!this.#open) return;
      if (read.rest.length > 0) raw.unshift(Buffer.from(read.rest));
      begin();
    };
    raw.on("data", onData);
  }

  /**
   * The handshake is done.
   *
   * @param certificateName of the certificate with which the peer authenticated
   */
  secured(socket: net.Socket, certificateName: string | undefined): void {
    if (!this.#open) return void socket.destroy();
    const { peer } = this;
    const link = new SocketLink(socket, {
      peer,
      isTls: true,
      resets: this.#raw,
      ...(certificateName !== undefined && { certificateName }),
    });
    link.receiver = this.#receiver;
    this.#secured = link;
    if (this.#paused) link.pause();
    for (const bytes of this.#early) link.write(bytes);
    this.#early = [];
    this.#earlyBytes = 0;
  }

  /** The handshake has failed, and the connection is closed. Returns false if this side ended it before. */
  failed({ code = "ETLS", message }: NodeJS.ErrnoException): boolean {
    if (this.#fault?.kind === "closed") return false;
    if (this.#open) this.#giveUp({ kind: "error", code, message });
    this.#raw.destroy();
    return true;
  }

  #giveUp(end: LinkEnd): void {
    this.#open = false;
    this.#fault = end;
    this.#early = [];
    this.#earlyBytes = 0;
  }

  /** The TCP connection is closed. Once TLS is established, its own end tells how. */
  #closed(): void {
    if (this.#secured !== undefined || this.#over) return;
    this.#open = false;
    this.#over = true;
    this.#receiver.onEnd(this.#fault ?? { kind: "fin" });
  }
}
