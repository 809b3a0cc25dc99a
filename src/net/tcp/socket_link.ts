/**
 * One socket of node:net or node:tls as a link. Owns the joined writes, and determines how the link ended; knows no
 * MQTT.
 */
import net from "node:net";
import { JoinedWrites } from "./joined_writes.ts";
import {
  type DialReceiver,
  highWaterBytes,
  type Link,
  type LinkEnd,
  type LinkEnds,
  type LinkReceiver,
} from "../link.ts";
import { type Lingering, startLingering, stopLingering } from "./linger.ts";

/** A socket with a reference to its link. */
interface LinkSocket extends net.Socket {
  link: SocketLink;
}

/** Whether this runtime can close a connection with RST (Deno 2.8 and later); otherwise `reset` closes. */
export function canReset(): boolean {
  return typeof net.Socket.prototype.resetAndDestroy === "function";
}

/** Used until the first user sets a receiver. */
const noReceiver: DialReceiver = { onOpen() {}, onBytes() {}, onDrain() {}, onEnd() {} };

/** A socket that can send RST. */
interface Resettable {
  resetAndDestroy(): void;
}

/** Facts about a socket that its events do not report. */
export interface SocketFacts {
  readonly peer: string;
  /** The event that reports that it is open; undefined if it is already open. */
  readonly openEvent?: "connect" | "secureConnect";
  /** Common name of the certificate with which the peer authenticated. */
  readonly certificateName?: string;
  /** Over TLS a paused socket reads on without limit. */
  readonly isTls: boolean;
  /** What is below TLS and can send RST. */
  readonly resets?: Resettable | undefined;
}

/**
 * Maximum number of bytes held from a peer that sends while its TLS link is paused; beyond it the link is torn down.
 */
export const heldLimitBytes = 1024 * 1024;

/** While the runtime has more bytes than this to send, further writes wait for its drain event. */
const handedOverBytes = 64 * 1024;

/** A link over a socket, dialled or accepted. */
export class SocketLink implements Link, Lingering {
  receiver: DialReceiver | LinkReceiver = noReceiver;
  readonly peer: string;
  readonly certificateName: string | undefined;
  readonly #isTls: boolean;
  readonly #socket: LinkSocket;
  readonly #resets: Resettable | undefined;
  readonly #writes = new JoinedWrites();
  #open = true;
  #wantsDrain = false;
  #ending = false;
  #peerClosed = false;
  #over = false;
  #fault: LinkEnd | undefined;
  /** Bytes that arrived while the link was paused; undefined while it is not. */
  #held: Uint8Array[] | undefined;
  #heldBytes = 0;
  /** Whether the socket closed while the link was paused. */
  #endHeld = false;

  constructor(socket: net.Socket, { peer, openEvent, certificateName, isTls, resets }: SocketFacts) {
    this.#resets = isTls ? resets : socket;
    this.peer = peer;
    this.certificateName = certificateName;
    this.#isTls = isTls;
    this.#socket = socket as LinkSocket;
    this.#socket.link = this;
    if (openEvent !== undefined) socket.on(openEvent, onConnect);
    socket.on("data", onData).on("drain", onDrain);
    socket.on("end", onPeerEnd).on("error", onError).on("close", onClose);
  }

  get ends(): LinkEnds | undefined {
    const { localAddress, localPort, remoteAddress, remotePort } = this.#socket;
    if (remotePort === undefined) return undefined; // a Unix socket
    return { local: `${localAddress}:${localPort}`, remote: `${remoteAddress}:${remotePort}` };
  }

  get bufferedBytes(): number {
    return this.#writes.sizeBytes + this.#socket.writableLength;
  }

  get isPeerGone(): boolean {
    return this.#endHeld;
  }

  get open(): boolean {
    return this.#open;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    if (this.#writes.sizeBytes === 0) queueMicrotask(() => this.#flush());
    this.#writes.push(bytes);
    if (this.bufferedBytes <= highWaterBytes) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (!this.#open) return;
    this.#flush(Infinity);
    this.#open = false;
    this.#ending = true;
    if (this.#endHeld) return queueMicrotask(() => this.closed());
    startLingering(this);
    this.#socket.end();
    this.#socket.resume();
  }

  reset(): void {
    if (this.#over) return;
    this.#open = false;
    this.#fault = { kind: "closed" };
    if (this.#endHeld) return queueMicrotask(() => this.closed());
    this.#writes.clear();
    if (canReset()) this.#resets?.resetAndDestroy();
    this.#socket.destroy();
  }

  giveUp(): void {
    this.#socket.destroy();
  }

  pause(): void {
    if (this.#isTls) this.#held ??= [];
    else this.#socket.pause();
  }

  resume(): void {
    if (!this.#isTls) this.#socket.resume();
    else if (this.#held !== undefined) queueMicrotask(() => this.#release());
  }

  opened(): void {
    if (this.#open && "onOpen" in this.receiver) this.receiver.onOpen();
  }

  received(bytes: Uint8Array): void {
    if (!this.#open) return;
    if (this.#held === undefined) return this.receiver.onBytes(bytes);
    this.#held.push(bytes.slice());
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= heldLimitBytes) return;
    this.#fault = { kind: "error", code: "EFLOOD", message: "The peer sent too much to a link that was paused" };
    this.#drop();
    this.#socket.destroy();
  }

  drained(): void {
    this.#flush();
    if (!this.#wantsDrain || !this.#open || this.bufferedBytes > 0) return;
    this.#wantsDrain = false;
    this.receiver.onDrain();
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
    if (this.#held !== undefined && this.#open) {
      this.#endHeld = true;
      return;
    }
    this.#over = true;
    this.#open = false;
    this.#drop();
    if (this.#ending) stopLingering(this);
    this.receiver.onEnd(this.#endSeen());
  }

  #endSeen(): LinkEnd {
    if (this.#ending) return { kind: "closed" };
    return this.#fault ?? (this.#peerClosed ? { kind: "fin" } : { kind: "closed" });
  }

  /** Passes on the bytes that arrived while the link was paused, and the end if it arrived too. */
  #release(): void {
    const held = this.#held ?? [];
    this.#drop();
    for (const bytes of held) this.received(bytes);
    if (!this.#endHeld) return;
    this.#endHeld = false;
    this.closed();
  }

  #drop(): void {
    this.#held = undefined;
    this.#heldBytes = 0;
  }

  /** Passes queued writes to the runtime, which keeps each write separately: if it has many, they wait here, joined. */
  #flush(mostBytes = handedOverBytes): void {
    if (this.#writes.sizeBytes === 0 || !this.#open || this.#socket.writableLength > mostBytes) return;
    this.#socket.write(this.#writes.take());
  }
}

// All sockets share one function per event, without closures, so that a link needs no functions of its own.

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
