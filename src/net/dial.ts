/**
 * Opens a link to a broker over whatever its URL says.
 */
import { bracketed, type Endpoint } from "./endpoint.ts";
import { type EngineName, engines } from "./engine.ts";
import type { DialReceiver, Link } from "./link.ts";
import { dialTls, type TlsDialOptions } from "./tls/tls_dial.ts";
import { dialWebSocket } from "./websocket/websocket_link.ts";

/** How to get there. */
export interface DialOptions {
  /** One of this machine's addresses to dial from; the operating system's choice when absent. */
  readonly sourceAddress?: string | undefined;
  /** For `mqtts` and `wss`; the endpoint's own when absent. */
  readonly tls?: TlsDialOptions | undefined;
  /** Behind TCP, and WebSocket over it; `deno` if not given. */
  readonly engine?: EngineName | undefined;
}

/**
 * Starts to open a link. The receiver's `onOpen` follows when all handshakes are done, or `onEnd` with what went wrong.
 * What is written before `onOpen` is kept and sent then.
 */
export function dial(
  endpoint: Endpoint,
  { sourceAddress, tls = endpoint.tls ?? {}, engine = "deno" }: DialOptions,
  receiver: DialReceiver,
): Link {
  const { transport, host, port, path } = endpoint;
  const target = { host, port, sourceAddress };
  const { dial: dialTcp } = engines[engine];
  switch (transport) {
    case "tcp":
      return dialTcp(target, receiver);
    case "tls":
      return dialTls(target, tls, receiver);
    case "ws":
      return dialWebSocket({ authority: authorityOf(endpoint), path }, (to) => dialTcp(target, to), receiver);
    case "wss":
      return dialWebSocket({ authority: authorityOf(endpoint), path }, (to) => dialTls(target, tls, to), receiver);
  }
}

/** The Host of a request: the port is left out where it is the scheme's own. Source: RFC 9110, section 7.2. */
export function authorityOf({ transport, host, port }: Endpoint): string {
  return port === (transport === "wss" ? 443 : 80) ? bracketed(host) : `${bracketed(host)}:${port}`;
}

/** True where a link's `reset` reaches the broker as RST: over TLS the runtime has no way to send one. */
export function canResetOver({ transport }: Endpoint, engine: EngineName = "deno"): boolean {
  return engines[engine].canReset() && (transport === "tcp" || transport === "ws");
}
