/** Opens a link to a broker over the transport of its URL. */
import { signedPath } from "./aws_signature.ts";
import { bracketed, type Endpoint } from "./endpoint.ts";
import { type Engine, type EngineName, engines } from "./engine.ts";
import type { DialReceiver, Link } from "./link.ts";
import type { ProxyTarget } from "./proxy/proxy_target.ts";
import { dialTunnel } from "./proxy/tunnel_link.ts";
import type { TcpTarget } from "./tcp/tcp_dial.ts";
import { dialTls, dialTlsOver, type TlsDialOptions } from "./tls/tls_dial.ts";
import { dialWebSocket, type WebSocketTarget } from "./websocket/websocket_link.ts";

/** How to connect. */
export interface DialOptions {
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
export function dial(endpoint: Endpoint, options: DialOptions, receiver: DialReceiver): Link {
  switch (endpoint.transport) {
    case "tcp":
    case "unix":
      return dialPlain(endpoint, options, receiver);
    case "tls":
      return dialSecured(endpoint, options, receiver);
    case "ws":
      return dialWeb(endpoint, options, dialPlain, receiver);
    case "wss":
      return dialWeb(endpoint, options, dialSecured, receiver);
  }
}

function dialPlain(endpoint: Endpoint, options: DialOptions, receiver: DialReceiver): Link {
  if (endpoint.proxy !== undefined) return dialThroughProxy(endpoint, endpoint.proxy, options, receiver);
  return engineOf(options).dial(targetOf(endpoint, options), receiver);
}

/** The endpoint itself is the target, unless the link has a source address. */
function targetOf(endpoint: Endpoint, { sourceAddress }: DialOptions): TcpTarget {
  if (sourceAddress === undefined) return endpoint;
  const { host, port, socketPath } = endpoint;
  return { host, port, socketPath, sourceAddress };
}

function engineOf({ engine = "deno" }: DialOptions): Engine {
  return engines[engine];
}

function dialThroughProxy(
  { host, port }: Endpoint,
  proxy: ProxyTarget,
  options: DialOptions,
  receiver: DialReceiver,
): Link {
  const hop = { host: proxy.host, port: proxy.port, sourceAddress: options.sourceAddress };
  return dialTunnel({ proxy, host, port }, (on) => engineOf(options).dial(hop, on), receiver);
}

function dialSecured(endpoint: Endpoint, options: DialOptions, receiver: DialReceiver): Link {
  const { tls = endpoint.tls ?? {} } = options;
  const target = targetOf(endpoint, options);
  if (endpoint.proxy === undefined) return dialTls(target, tls, receiver);
  return dialTlsOver((on) => dialPlain(endpoint, options, on), target, tls, receiver);
}

function dialWeb(endpoint: Endpoint, options: DialOptions, over: typeof dial, receiver: DialReceiver): Link {
  return dialWebSocket(requestTo(endpoint), (on) => over(endpoint, options, on), receiver);
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
