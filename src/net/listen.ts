/** Listens over the transport of a URL: one listener each. */
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

/** A listener with its endpoint. */
export interface OpenListener extends Listener {
  /** With the port in use, also if 0 was requested. */
  readonly endpoint: Endpoint;
  /** The engine of its links. */
  readonly engine: EngineName;
  /** New handshakes use these certificates; nothing changes for open links, or without TLS. */
  renew(identity: TlsIdentity): void;
}

/**
 * Listens. The receiver gets a link when it is accepted, before the handshakes of TLS and WebSocket; the owner of the
 * link limits their time.
 *
 * @param identity for `mqtts` and `wss`
 * @param engine for TCP, and WebSocket over it
 * @param allowOrigins origins of pages that may connect over WebSocket; `*` allows every origin
 * @throws UsageError if the address or port is not available, or there is no certificate for TLS
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
  const isSecured = transport === "tls" || transport === "wss";
  const listener = !isSecured
    ? engines[engine].listen(engine === "epoll" ? await addressed(endpoint) : endpoint, inner)
    : await listenTls(endpoint, identityFor(url, identity), inner);
  return {
    endpoint: endpointAt(endpoint, listener.port),
    engine: isSecured ? "deno" : engine,
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
