/** Opens a link to a broker over the transport of its URL. */
import { signedPath } from "./aws_signature.ts";
import { bracketed, type Endpoint } from "./endpoint.ts";
import { type EngineName, engines } from "./engine.ts";
import type { DialReceiver, Link } from "./link.ts";
import { dialTunnel } from "./proxy/tunnel_link.ts";
import { dialTls, dialTlsOver, type TlsDialOptions } from "./tls/tls_dial.ts";
import { dialWebSocket, type WebSocketTarget } from "./websocket/websocket_link.ts";

/** How to connect. */
interface DialOptions {
  /** An address of this machine to connect from; by default the operating system chooses. */
  readonly sourceAddress?: string | undefined;
  /** For `mqtts` and `wss`; by default that of the endpoint. */
  readonly tls?: TlsDialOptions | undefined;
  /** The engine for TCP, and for WebSocket over TCP; default `deno`. */
  readonly engine?: EngineName | undefined;
}

/**
 * Starts to open a link. The link calls the receiver's `onOpen` after all handshakes, or `onEnd` with the error. Bytes
 * written before `onOpen` are kept and sent then.
 */
export function dial(
  endpoint: Endpoint,
  { sourceAddress, tls = endpoint.tls ?? {}, engine = "deno" }: DialOptions,
  receiver: DialReceiver,
): Link {
  const { transport, host, port, socketPath, proxy } = endpoint;
  const target = { host, port, socketPath, sourceAddress };
  const { dial: dialTcp } = engines[engine];
  const open = (to: DialReceiver) => {
    if (proxy === undefined) return dialTcp(target, to);
    const hop = { host: proxy.host, port: proxy.port, sourceAddress };
    return dialTunnel({ proxy, host, port }, (on) => dialTcp(hop, on), to);
  };
  const secure = (to: DialReceiver) =>
    proxy === undefined ? dialTls(target, tls, to) : dialTlsOver(open, target, tls, to);
  switch (transport) {
    case "tcp":
    case "unix":
      return open(receiver);
    case "tls":
      return secure(receiver);
    case "ws":
      return dialWebSocket(requestTo(endpoint), open, receiver);
    case "wss":
      return dialWebSocket(requestTo(endpoint), secure, receiver);
  }
}

/** The request of one connection. */
function requestTo(endpoint: Endpoint): WebSocketTarget {
  const { path, web: { headers = [], signing } = {} } = endpoint;
  const authority = authorityOf(endpoint);
  return { authority, headers, path: signing === undefined ? path : signedPath({ path, authority }, signing) };
}

/** The Host of a request, without the scheme's default port. Source: RFC 9110, section 7.2. */
export function authorityOf({ transport, host, port }: Endpoint): string {
  return port === (transport === "wss" ? 443 : 80) ? bracketed(host) : `${bracketed(host)}:${port}`;
}

/** Whether a link's `reset` reaches the broker as RST: a Unix socket has none. */
export function canResetOver({ transport }: Endpoint, engine: EngineName = "deno"): boolean {
  return engines[engine].canReset() && transport !== "unix";
}
