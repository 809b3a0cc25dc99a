/** Listens over the transport of a URL: one listener each. */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, endpointAt } from "./endpoint.ts";
import { type EngineName, engines } from "./engine.ts";
import { firstAddressOf } from "./epoll/resolve.ts";
import type { Link, Listener } from "./link.ts";
import { mayUse, notPermitted } from "./net_permission.ts";
import { ProxiedLink } from "./proxy/proxied_link.ts";
import type { ListenOptions, ListenReceiver } from "./tcp/tcp_listen.ts";
import type { TlsIdentity } from "./tls/tls_identity.ts";
import { listenUnix } from "./tcp/unix_listen.ts";
import { listenTls, type TlsListener } from "./tls/tls_listen.ts";
import { acceptWebSocket } from "./websocket/websocket_link.ts";

/** A listener with its endpoint. */
export interface OpenListener extends Listener {
  /** With the port in use, also if 0 was requested. */
  readonly endpoint: Endpoint;
  /** The engine of its links. */
  readonly engine: EngineName;
  /** New handshakes use these certificates; nothing changes for open links, or without TLS. */
  renew(identity: TlsIdentity): void;
}

/** How to listen; each is optional. */
interface ListenChoices {
  /** For `mqtts` and `wss`. */
  readonly identity?: TlsIdentity | undefined;
  /** For TCP, and WebSocket over it; default `deno`. */
  readonly engine?: EngineName | undefined;
  /** Origins of pages that may connect over WebSocket; `*` allows every origin. Default: none. */
  readonly allowOrigins?: readonly string[] | undefined;
  /** Whether a proxy sends the header of the PROXY protocol before everything else. Default: no. */
  readonly proxyProtocol?: boolean | undefined;
}

/** The path of a listener's URL that serves every path. */
const everyPath = "/*";

/**
 * Listens. The receiver gets a link when it is accepted, before the header of a proxy and the handshakes of TLS and
 * WebSocket; the owner of the link limits their time.
 *
 * @throws UsageError if the address or port is not available, or there is no certificate for TLS
 */
export async function listen(
  endpoint: Endpoint,
  { identity, engine = "deno", allowOrigins = [], proxyProtocol = false }: ListenChoices,
  receiver: ListenReceiver,
): Promise<OpenListener> {
  const { transport, url, path, host, socketPath } = endpoint;
  if (path.includes("?")) throw new UsageError(`Cannot listen on ${url}: expected a path without a query`);
  const { accept, refused } = receiver;
  const isWebSocket = transport === "ws" || transport === "wss";
  const access = { host, allowOrigins, path: path === everyPath ? undefined : path };
  const inner = isWebSocket ? { accept: (link: Link) => accept(acceptWebSocket(link, access)), refused } : receiver;
  const isSecured = transport === "tls" || transport === "wss";
  const lowest = proxyProtocol ? { accept: (link: Link) => inner.accept(new ProxiedLink(link)), refused } : inner;
  const listener = socketPath !== undefined
    ? await listenUnix(socketPath, lowest)
    : !isSecured
    ? engines[engine].listen(engine === "epoll" ? await addressed(endpoint) : endpoint, lowest)
    : await listenTls(endpoint, { identity: identityFor(url, identity), proxyProtocol }, inner);
  return {
    endpoint: socketPath === undefined ? endpointAt(endpoint, listener.port) : endpoint,
    engine: isSecured || socketPath !== undefined ? "deno" : engine,
    port: listener.port,
    close: () => listener.close(),
    renew: (renewed) => {
      if ("renew" in listener) (listener as TlsListener).renew(renewed);
    },
  };
}

/** The epoll engine accepts no names: it listens on the first address of a name, like the runtime. */
async function addressed({ url, host, port }: Endpoint): Promise<ListenOptions> {
  if (!mayUse(host, port)) throw new UsageError(`Cannot listen on ${url}: ${notPermitted(host, port)}`);
  const address = await firstAddressOf(host);
  if (address === undefined) throw new UsageError(`Cannot listen on ${url}: "${host}" has no address`);
  return { host, address, port };
}

function identityFor(url: string, identity: TlsIdentity | undefined): TlsIdentity {
  if (identity !== undefined) return identity;
  throw new UsageError(`Cannot listen on ${url} without a certificate: give --tls-cert and --tls-key`);
}
