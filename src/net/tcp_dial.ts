/**
 * Opens TCP links through node:net. Owns one socket for each link; knows no MQTT.
 */
import net from "node:net";
import { JoinedWrites } from "./joined_writes.ts";
import { type DialReceiver, highWaterBytes, type Link, type LinkEnd } from "./link.ts";
import { type Lingering, startLingering, stopLingering } from "./linger.ts";

/** Where to dial, and from where. */
export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** One of this machine's addresses to dial from; the operating system's choice when absent. */
  readonly sourceAddress?: string;
}

/** A link that `dialTcp` opens, as its socket sees it. */
interface LinkSocket extends net.Socket {
  link: DialledLink;
}

/**
 * Starts to open a link. The receiver's `onOpen` follows, or `onEnd` with the operating system's word.
 * What is written before `onOpen` is kept and sent then.
 */
export function dialTcp(options: DialOptions, receiver: DialReceiver): Link {
  return new DialledLink(options, receiver);
}

/** True where this runtime can tear a connection down with RST (Deno 2.8 and later); else `reset` closes. */
export function canReset(): boolean {
  return typeof net.Socket.prototype.resetAndDestroy === "function";
}

class DialledLink implements Link, Lingering {
  receiver: DialReceiver;
  readonly peer: string;
  readonly #socket: LinkSocket;
  readonly #writes = new JoinedWrites();
  #open = true;
  #ending = false;
  #peerClosed = false;
  #over = false;
  #fault: LinkEnd | undefined;

  constructor({ host, port, sourceAddress }: DialOptions, receiver: DialReceiver) {
    this.receiver = receiver;
    this.peer = `${host}:${port}`;
    const options = { host, port, noDelay: true, allowHalfOpen: false };
    const socket = net.connect(sourceAddress === undefined ? options : { ...options, localAddress: sourceAddress });
    this.#socket = socket as LinkSocket;
    this.#socket.link = this;
    socket.on("connect", onConnect).on("data", onData).on("drain", onDrain);
    socket.on("end", onPeerEnd).on("error", onError).on("close", onClose);
  }

  get bufferedBytes(): number {
    return this.#writes.sizeBytes + this.#socket.writableLength;
  }

  get open(): boolean {
    return this.#open;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    if (this.#writes.sizeBytes === 0) queueMicrotask(() => this.#flush());
    this.#writes.push(bytes);
    return this.bufferedBytes <= highWaterBytes;
  }

  end(): void {
    if (!this.#open) return;
    this.#flush();
    this.#open = false;
    this.#ending = true;
    startLingering(this);
    this.#socket.end();
    this.#socket.resume();
  }

  reset(): void {
    if (this.#over) return;
    this.#open = false;
    this.#fault = { kind: "closed" };
    this.#writes.clear();
    if (canReset()) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  giveUp(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  opened(): void {
    if (this.#open) this.receiver.onOpen();
  }

  received(bytes: Uint8Array): void {
    if (this.#open) this.receiver.onBytes(bytes);
  }

  drained(): void {
    if (this.#open) this.receiver.onDrain();
  }

  peerEnded(): void {
    this.#peerClosed = true;
  }

  failed(error: NodeJS.ErrnoException): void {
    const { code = "", message } = error;
    const reset = code === "ECONNRESET" || code === "EPIPE";
    this.#fault ??= reset ? { kind: "reset" } : { kind: "error", code, message };
  }

  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#open = false;
    if (this.#ending) stopLingering(this);
    this.receiver.onEnd(this.#endSeen());
  }

  #endSeen(): LinkEnd {
    if (this.#ending) return { kind: "closed" };
    return this.#fault ?? (this.#peerClosed ? { kind: "fin" } : { kind: "closed" });
  }

  #flush(): void {
    if (this.#writes.sizeBytes > 0 && this.#open) this.#socket.write(this.#writes.take());
  }
}

// One function for each event serves all sockets: nothing is closed over, so a link costs no functions of its own.

function onConnect(this: net.Socket): void {
  (this as LinkSocket).link.opened();
}

function onData(this: net.Socket, bytes: Uint8Array): void {
  (this as LinkSocket).link.received(bytes);
}

function onDrain(this: net.Socket): void {
  (this as LinkSocket).link.drained();
}

function onPeerEnd(this: net.Socket): void {
  (this as LinkSocket).link.peerEnded();
}

function onError(this: net.Socket, error: NodeJS.ErrnoException): void {
  (this as LinkSocket).link.failed(error);
}

function onClose(this: net.Socket): void {
  (this as LinkSocket).link.closed();
}
