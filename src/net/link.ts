/**
 * A link: one bidirectional stream of bytes to a peer, over any transport. Links push: the user of a link sets a
 * receiver, and the link calls it with bytes, free buffer space, and the end. No packet needs a promise or a closure.
 */

import { copyOf } from "../mqtt/codec/small_bytes.ts";

/** How a link ended, as this side saw it. */
export type LinkEnd =
  /** The peer sent FIN. */
  | { readonly kind: "fin" }
  /** The peer sent RST. */
  | { readonly kind: "reset" }
  /** This side called `end` or `reset`. */
  | { readonly kind: "closed" }
  /** Any other error of the operating system; also a link that was never opened. `code` as in `ECONNREFUSED`. */
  | { readonly kind: "error"; readonly code: string; readonly message: string };

/** The callbacks of a link. Calls never nest: a link does not call while one of its own methods runs. */
export interface LinkReceiver {
  /** Bytes arrived. They are in the link's own buffer: the receiver copies what must outlive the call. */
  onBytes(bytes: Uint8Array): void;
  /** The operating system has accepted all written bytes. Only called after `write` returned false. */
  onDrain(): void;
  /** The link has ended; called exactly once, and nothing after it. */
  onEnd(end: LinkEnd): void;
}

/** The additional callback of a link that is being opened. */
export interface DialReceiver extends LinkReceiver {
  /** The peer accepted. Bytes that were written before are sent now. */
  onOpen(): void;
}

/** `write` returns false if more than this is written and not yet accepted. */
export const highWaterBytes = 256 * 1024;

/** The ends of a TCP connection, each as `host:port` with a numeric host. */
export interface LinkEnds {
  /** This end. */
  readonly local: string;
  /** The peer. */
  readonly remote: string;
}

/** Why the header of a proxy is refused. */
export type HeaderFault =
  /** The first bytes begin no header: the peer is no proxy, or its proxy does not send one. */
  | "missing"
  /** A header of an unknown version or command. */
  | "unsupported"
  /** A header that its version does not allow. */
  | "malformed"
  /** Longer than the receiver reads. */
  | "too-long";

/** Reports on the header with which a proxy names the client of a connection; the owner of the link sets both. */
export interface AwaitedHeader {
  /** The header was read: the link's peer is final. */
  onSource: () => void;
  /** The header is refused, and the link ends. */
  onFault: (fault: HeaderFault) => void;
}

/** A connection that carries bytes. */
export interface Link {
  /**
   * The receiver of the callbacks; the first user sets it before control returns to the runtime; a new owner replaces
   * it.
   */
  receiver: LinkReceiver;
  /** The peer, as `host:port`, for display. */
  readonly peer: string;
  /** Present while the header of a proxy has not been read: until then the peer is the proxy. */
  readonly awaited?: AwaitedHeader | undefined;
  /** Common name of the certificate with which the peer authenticated, if any (TLS). */
  readonly certificateName?: string | undefined;
  /** Current memory of the link besides its buffers, in bytes, if it is significant (TLS). */
  readonly overheadBytes?: number;
  /**
   * When the last bytes arrived at this machine, by the monotonic clock; undefined if the link does not know. Other work
   * of this thread may have kept the bytes waiting since.
   */
  readonly arrivedMs?: number | undefined;
  /** Requests `arrivedMs`, which costs a little for each read. */
  stampArrivals?(): void;
  /** Bytes written and not yet accepted by the operating system. */
  readonly bufferedBytes: number;
  /** Whether the peer closed while the link was paused, if the link can detect it; `resume` reports the end. */
  readonly isPeerGone?: boolean;
  /** The addresses of both ends, where the link runs over TCP. */
  readonly ends?: LinkEnds | undefined;
  /** True until the link was closed by either side. */
  readonly open: boolean;
  /**
   * Sends bytes, which the link may keep until they are sent and the caller must not change. Writes of one turn are
   * joined. Returns false if more than the link's high-water mark is buffered: the caller should wait for `onDrain`. A
   * closed link discards them.
   */
  write(bytes: Uint8Array): boolean;
  /** Like `write`, but the caller may change the bytes afterwards; see {@link writeCopyTo} for links without it. */
  writeCopy?(bytes: Uint8Array): boolean;
  /**
   * Sends the buffered bytes, then FIN; `onEnd` follows with `closed` when the peer has closed too, or after a timeout.
   */
  end(): void;
  /** Sends RST at once and drops buffered bytes (without RST support: closes). `onEnd` follows with `closed`. */
  reset(): void;
  /** Stops reading until `resume`; the peer's end may go unnoticed in the meantime. */
  pause(): void;
  /** Reads again after a pause. */
  resume(): void;
}

/** Sends a copy of bytes that the caller may change afterwards; returns the same as `write`. */
export function writeCopyTo(link: Link, bytes: Uint8Array): boolean {
  return link.writeCopy?.(bytes) ?? link.write(copyOf(bytes, 0, bytes.length));
}

/** Accepts links. */
export interface Listener {
  /** The port in use, also if 0 was requested. */
  readonly port: number;
  /** Stops accepting; accepted links stay open. */
  close(): void;
}
