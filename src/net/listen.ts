/**
 * Listens over whatever a URL says: one listener for each.
 */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, endpointAt, websocketPath } from "./endpoint.ts";
import { type EngineName, engines } from "./engine.ts";
import { firstAddressOf } from "./epoll/resolve.ts";
import type { Listener } from "./link.ts";
import { mayUse, notPermitted } from "./net_permission.ts";
import type { ListenOptions, ListenReceiver } from "./tcp/tcp_listen.ts";
import type { TlsIdentity } from "./tls/tls_identity.ts";
import { listenTls, type TlsListener } from "./tls/tls_listen.ts";
import { acceptWebSocket } from "./websocket/websocket_link.ts";

/** A place that accepts links, and its address. */
export interface OpenListener extends Listener {
  /** With the port in use, also when 0 was asked for. */
  readonly endpoint: Endpoint;
  /** New handshakes use these certificates; nothing changes for links that are open, or without TLS. */
  renew(identity: TlsIdentity): void;
}

/**
 * Listens. A link is handed over when it is accepted, before the handshakes of TLS and of WebSocket, which have to be
 * done within the time that its owner gives it.
 *
 * @param identity for `mqtts` and `wss`
 * @param engine behind TCP, and WebSocket over it
 * @param allowOrigins origins of pages that may connect over WebSocket; `*` is every one
 * @throws UsageError when the address or port cannot be had, or there is no certificate for TLS
 */
export async function listen(
  endpoint: Endpoint,
  identity: TlsIdentity | undefined,
  receiver: ListenReceiver,
  engine: EngineName = "deno",
  allowOrigins: readonly string[] = [],
): Promise<OpenListener> {
  const { transport, url, path } = endpoint;
  const isWebSocket = transport === "ws" || transport === "wss";
  if (isWebSocket && path !== websocketPath) {
    throw new UsageError(`Cannot listen on ${url}: expected the path ${websocketPath}`);
  }
  const { accept, refused } = receiver;
  const inner = isWebSocket
    ? {
      accept: (link: Parameters<typeof accept>[0]) =>
        accept(acceptWebSocket(link, { host: endpoint.host, allowOrigins })),
      refused,
    }
    : receiver;
  const listener = transport === "tcp" || transport === "ws"
    ? engines[engine].listen(engine === "epoll" ? await addressed(endpoint) : endpoint, inner)
    : await listenTls(endpoint, identityFor(url, identity), inner);
  return {
    endpoint: endpointAt(endpoint, listener.port),
    port: listener.port,
    close: () => listener.close(),
    renew: (renewed) => {
      if ("renew" in listener) (listener as TlsListener).renew(renewed);
    },
  };
}

/** The epoll engine takes no names: the first address of one is listened on, as the runtime does. */
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
