/**
 * Accepts TCP links through Deno.listen. Owns the read loop and the joined writes of each accepted link; knows no MQTT.
 */
import { UsageError } from "../../base/failure.ts";
import { JoinedWrites } from "./joined_writes.ts";
import { highWaterBytes, type Link, type LinkEnd, type LinkReceiver, type Listener } from "../link.ts";
import { type Lingering, startLingering, stopLingering } from "./linger.ts";

/** The address to listen on. */
export interface ListenOptions {
  /** An address of this machine, or a name that resolves to one. */
  readonly host: string;
  /** The resolved address of a name, for the engine that accepts no names. */
  readonly address?: string | undefined;
  /** 0 takes a free port. */
  readonly port: number;
  /** Length of the operating system's queue of connections to accept; default {@link backlog}. */
  readonly backlog?: number | undefined;
}

/** Receives the links of a listener. */
export interface ListenReceiver {
  /** A link was accepted; the callee sets its receiver before control returns to the runtime. */
  accept(link: Link): void;
  /**
   * A connection could not be accepted, with the reason as a sentence; listening continues.
   *
   * @param pauses accepting pauses, because the operating system lacks descriptors or memory; true once until the next
   * accepted connection
   */
  refused(sentence: string, pauses?: boolean): void;
}

/** Length of the operating system's queue of connections to accept. */
export const backlog = 4_096;
/**
 * Buffer size for one read: a link that waits for its next packet holds it, and a read that fills it enlarges it by
 * this size.
 */
const firstReadBytes = 256;
const readGrowth = 8;
const largestReadBytes = 65_536;
/** The errors of an operating system without descriptors; accepting continues after this pause, in milliseconds. */
export const acceptPauseMs = 50;

/**
 * Listens, and passes each accepted link to the receiver.
 *
 * @throws UsageError if the address or port is not available
 */
export function listenTcp(options: ListenOptions, receiver: ListenReceiver): Listener {
  const listener = openListener(options);
  void acceptAll(listener, receiver);
  return { port: listener.addr.port, close: () => listener.close() };
}

function openListener({ host, port, backlog: tcpBacklog = backlog }: ListenOptions): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: host, port, tcpBacklog });
  } catch (error) {
    throw new UsageError(`Cannot listen on ${host}:${port}: ${listenFault(error)}`);
  }
}

/** Why an address or port is not available, as text for users. */
export function listenFault(error: unknown): string {
  const code = (error as { readonly code?: string }).code;
  if (code === "EADDRINUSE") return "the port is in use; choose another, or 0 for a free one";
  if (code === "EADDRNOTAVAIL") return "no such address on this machine";
  if (code === "EACCES") return "not permitted; ports below 1024 need privileges";
  return error instanceof Error ? error.message : String(error);
}

/** Passes each connection of a listener to the receiver, until the listener is closed. */
export async function acceptAll(
  listener: Deno.TcpListener | Deno.UnixListener,
  receiver: ListenReceiver,
): Promise<void> {
  let reported = false;
  for (;;) {
    try {
      // Connections are accepted one at a time.
      receiver.accept(new AcceptedLink(await listener.accept()));
      reported = false;
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
      if (error instanceof Deno.errors.ConnectionAborted) continue; // its peer has closed
      const why = error instanceof Error ? error.message : String(error);
      if (!reported) receiver.refused(`Cannot accept a connection: ${why}`, true);
      reported = true;
      await new Promise((resolve) => setTimeout(resolve, acceptPauseMs));
    }
  }
}

/** Used until the first user sets a receiver; nothing is read before, because the bytes would be lost. */
const noReceiver: LinkReceiver = { onBytes() {}, onDrain() {}, onEnd() {} };

class AcceptedLink implements Link, Lingering {
  receiver: LinkReceiver = noReceiver;
  readonly #connection: Deno.TcpConn | Deno.UnixConn;
  readonly #writes = new JoinedWrites();
  #inFlightBytes = 0;
  #flushing = false;
  #open = true;
  #over = false;
  #ending = false;
  #wantsDrain = false;
  /** The peer accepts no more bytes: writes are discarded. */
  #writeFailed = false;
  #paused = false;
  #resumed: (() => void) | undefined;

  constructor(connection: Deno.TcpConn | Deno.UnixConn) {
    this.#connection = connection;
    if ("setNoDelay" in connection) connection.setNoDelay(true);
    queueMicrotask(() => this.#readAll());
  }

  get peer(): string {
    const { remoteAddr, localAddr } = this.#connection;
    if ("hostname" in remoteAddr) return `${remoteAddr.hostname}:${remoteAddr.port}`;
    // The clients of a Unix socket have no addresses of their own.
    return `unix:${(localAddr as Deno.UnixAddr).path}`;
  }

  get bufferedBytes(): number {
    return this.#writes.sizeBytes + this.#inFlightBytes;
  }

  get open(): boolean {
    return this.#open;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open || this.#writeFailed) return true;
    this.#writes.push(bytes);
    this.#startFlush();
    if (this.bufferedBytes <= highWaterBytes) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#ending = true;
    this.#paused = false;
    this.#resumed?.();
    startLingering(this);
    this.#startFlush();
  }

  reset(): void {
    // Deno.TcpConn cannot send RST: it closes, and the peer sees FIN, even if it has sent unread bytes.
    if (this.#over) return;
    this.#open = false;
    this.#writes.clear();
    queueMicrotask(() => this.#finish({ kind: "closed" }));
  }

  giveUp(): void {
    this.#finish({ kind: "closed" });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#resumed?.();
  }

  #startFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      while (this.#writes.sizeBytes > 0 && !this.#over) {
        // Writing one chunk at a time keeps the order.
        await this.#writeWhole(this.#writes.take());
      }
      if (this.#ending && !this.#over) await this.#connection.closeWrite();
    } catch (error) {
      // Bytes that the peer sent before it closed, such as a DISCONNECT, must still be read: the read loop finds the
      // end after them.
      this.#writeFailed = true;
      this.#writes.clear();
      this.#inFlightBytes = 0;
      if (this.#ending) this.#finish(endOf(error));
    } finally {
      this.#flushing = false;
    }
    if (this.#wantsDrain && this.#open) {
      this.#wantsDrain = false;
      this.receiver.onDrain();
    }
  }

  async #writeWhole(bytes: Uint8Array): Promise<void> {
    this.#inFlightBytes = bytes.length;
    while (this.#inFlightBytes > 0) {
      // The operating system accepts as many bytes as it has buffer space for.
      this.#inFlightBytes -= await this.#connection.write(bytes.subarray(bytes.length - this.#inFlightBytes));
    }
  }

  async #readAll(): Promise<void> {
    let buffer = new Uint8Array(firstReadBytes);
    try {
      for (;;) {
        const sizeBytes = await this.#connection.read(buffer);
        if (this.#over) return;
        if (sizeBytes === null) return this.#finish(this.#ending ? { kind: "closed" } : { kind: "fin" });
        // The caller that resumed it may have paused it again before this continues.
        while (this.#paused && this.#open) await new Promise<void>((resolve) => this.#resumed = resolve);
        if (this.#open) this.receiver.onBytes(buffer.subarray(0, sizeBytes));
        if (sizeBytes < buffer.length || sizeBytes >= largestReadBytes) continue;
        buffer = new Uint8Array(Math.min(largestReadBytes, readGrowth * sizeBytes));
      }
    } catch (error) {
      this.#finish(this.#ending ? { kind: "closed" } : endOf(error));
    }
  }

  #finish(end: LinkEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#open = false;
    this.#writes.clear();
    if (this.#ending) stopLingering(this);
    this.#resumed?.();
    this.#connection.close();
    this.receiver.onEnd(end);
  }
}

function endOf(error: unknown): LinkEnd {
  if (error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe) return { kind: "reset" };
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  return { kind: "error", code, message };
}
