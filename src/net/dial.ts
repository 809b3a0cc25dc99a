/**
 * Opens a link to a broker over whatever its URL says.
 */
import { bracketed, type Endpoint } from "./endpoint.ts";
import type { DialReceiver, Link } from "./link.ts";
import { canReset } from "./socket_link.ts";
import { dialTcp } from "./tcp_dial.ts";
import { dialTls, type TlsDialOptions } from "./tls_dial.ts";
import { dialWebSocket } from "./websocket_link.ts";

/** How to get there. */
export interface DialOptions {
  /** One of this machine's addresses to dial from; the operating system's choice when absent. */
  readonly sourceAddress?: string | undefined;
  /** For `mqtts` and `wss`. */
  readonly tls?: TlsDialOptions | undefined;
}

/**
 * Starts to open a link. The receiver's `onOpen` follows when all handshakes are done, or `onEnd` with what went wrong.
 * What is written before `onOpen` is kept and sent then.
 */
export function dial(endpoint: Endpoint, { sourceAddress, tls = {} }: DialOptions, receiver: DialReceiver): Link {
  const { transport, host, port, path } = endpoint;
  const target = { host, port, sourceAddress };
  switch (transport) {
    case "tcp":
      return dialTcp(target, receiver);
    case "tls":
      return dialTls(target, tls, receiver);
    case "ws":
      return dialWebSocket({ authority: `${bracketed(host)}:${port}`, path }, (to) => dialTcp(target, to), receiver);
    case "wss":
      return dialWebSocket(
        { authority: `${bracketed(host)}:${port}`, path },
        (to) => dialTls(target, tls, to),
        receiver,
      );
  }
}

/** True where a link's `reset` reaches the broker as RST: over TLS the runtime has no way to send one. */
export function canResetOver({ transport }: Endpoint): boolean {
  return canReset() && (transport === "tcp" || transport === "ws");
}
