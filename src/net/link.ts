/**
 * A link: one two-way stream of bytes to a peer, over whatever carries it. Links push: the user of a link passes it a
 * receiver and is called with bytes, room to write, and the end. No promise and no closure for a packet.
 */

/** How a link ended, as this side saw it. */
export type LinkEnd =
  /** The peer sent FIN. */
  | { readonly kind: "fin" }
  /** The peer sent RST. */
  | { readonly kind: "reset" }
  /** This side called `end` or `reset`. */
  | { readonly kind: "closed" }
  /** Anything else that the operating system says; also a link that was never opened. `code` as in `ECONNREFUSED`. */
  | { readonly kind: "error"; readonly code: string; readonly message: string };

/** What a link calls. Calls never nest: a link does not call while one of its own methods runs. */
export interface LinkReceiver {
  /** Bytes came. They are the link's own buffer: what must outlive the call is copied. */
  onBytes(bytes: Uint8Array): void;
  /** All that was written has left for the operating system. Only called after `write` answered false. */
  onDrain(): void;
  /** The link is over; called exactly once, and nothing after it. */
  onEnd(end: LinkEnd): void;
}

/** What a link that is being opened calls besides. */
export interface DialReceiver extends LinkReceiver {
  /** The peer accepted. What was written before has been kept and goes out now. */
  onOpen(): void;
}

/** Above so many bytes written and not yet taken, `write` answers false. */
export const highWaterBytes = 256 * 1024;

/** A connection that carries bytes. */
export interface Link {
  /** Who is called; set by the first user before control returns to the runtime, and again on a change of owner. */
  receiver: LinkReceiver;
  /** The peer, as `host:port`, for people. */
  readonly peer: string;
  /** Common name of the certificate with which the peer has proved itself, where it has (TLS). */
  readonly certificateName?: string | undefined;
  /** Memory that the link holds now besides what it buffers, in bytes, where that is much (TLS). */
  readonly overheadBytes?: number;
  /** Bytes written and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** The peer has gone while the link was paused, where the link can tell; its end is seen after `resume`. */
  readonly isPeerGone?: boolean;
  /** True until the end was called or seen. */
  readonly open: boolean;
  /**
   * Sends bytes, which the link may keep until they have left and the caller must not change. Writes of one turn are
   * joined. Answers false when more than the link's high-water mark is buffered: the caller should wait for `onDrain`.
   * A link that is no longer open swallows them.
   */
  write(bytes: Uint8Array): boolean;
  /** Sends what is buffered, then FIN; `onEnd` follows with `closed` once the peer has closed too, or after a grace. */
  end(): void;
  /** Sends RST at once and drops what is buffered (where the runtime cannot: closes). `onEnd` follows with `closed`. */
  reset(): void;
  /** Reads no more until `resume`; the peer's end may go unseen meanwhile. */
  pause(): void;
  /** Reads again after a pause. */
  resume(): void;
}

/** A place that accepts links. */
export interface Listener {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** Stops accepting; links already accepted live on. */
  close(): void;
}
