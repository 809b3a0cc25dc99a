/**
 * Accepts TLS links through node:tls, whose certificates can be renewed while it listens. Knows no MQTT.
 */
import net from "node:net";
import tls from "node:tls";
import { UsageError } from "../../base/failure.ts";
import type { Listener } from "../link.ts";
import { AcceptWatch } from "../tcp/accept_watch.ts";
import { backlog, listenFault, type ListenOptions, type ListenReceiver } from "../tcp/tcp_listen.ts";
import type { TlsIdentity } from "./tls_identity.ts";
import { AcceptedTlsLink } from "./tls_link.ts";

/**
 * The longest timeout of the runtime, so that handshakes have no limit of their own: the owner of the link limits their
 * time.
 */
const handshakeTimeoutMs = 2 ** 31 - 1;

/** A listener with renewable certificates. */
export interface TlsListener extends Listener {
  /** New handshakes use these; open links keep theirs. */
  renew(identity: TlsIdentity): void;
}

/** How to accept TLS. */
interface TlsChoices {
  readonly identity: TlsIdentity;
  /** Whether a proxy sends the header of the PROXY protocol before the handshake. */
  readonly proxyProtocol?: boolean;
}

/** A TLS socket, and the TCP socket below it, which the runtime stores there like Node.js. */
interface SocketOverTcp {
  readonly _parent: net.Socket;
}

/**
 * Listens, and passes each link to the receiver when it is accepted. The owner of the link limits the time of the TLS
 * handshake.
 *
 * @throws UsageError if the address or port is not available
 */
export async function listenTls(
  { host, port }: ListenOptions,
  { identity, proxyProtocol = false }: TlsChoices,
  { accept, refused }: ListenReceiver,
): Promise<TlsListener> {
  checkRuntime();
  const server = tls.createServer({
    ...contextOf(identity),
    requestCert: identity.clientAuth !== "none",
    rejectUnauthorized: identity.clientAuth === "require",
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
  } as tls.TlsOptions);
  const links = new WeakMap<net.Socket, AcceptedTlsLink>();
  const linkOf = (socket: tls.TLSSocket) => links.get((socket as unknown as SocketOverTcp)._parent);
  server.on("secureConnection", (socket) => linkOf(socket)?.secured(socket, provedName(socket)));
  server.on("tlsClientError", (error, socket) => {
    const wasOpen = linkOf(socket)?.failed(error) ?? false;
    if (wasOpen) refused(`Cannot accept a connection over TLS: ${error.message}`);
    socket.destroy();
  });
  // Behind a proxy, TLS begins after the proxy's header, which this server of plain TCP reads.
  const door = proxyProtocol ? net.createServer({ noDelay: true }) : server;
  await opened(door, host, port);
  door.on("error", (error) => refused(`Cannot accept a connection: ${error.message}`));
  const address = door.address() as { readonly port: number };
  const watch = watchOf(door, { host, port: address.port }, refused);
  door.on("connection", (raw: net.Socket) =>
    watch.sort(raw, () => {
      const link = new AcceptedTlsLink(raw);
      links.set(raw, link);
      if (proxyProtocol) link.awaitHeader(() => server.emit("connection", raw));
      accept(link);
    }));
  return {
    port: address.port,
    close: () => {
      watch.stop();
      door.close();
    },
    renew: (renewed) => server.setSecureContext(contextOf(renewed)),
  };
}

/** When the server has stopped accepting, makes it listen again; open links stay open. */
function watchOf(server: net.Server, where: ListenOptions, refused: ListenReceiver["refused"]): AcceptWatch {
  const paused = (why: string) => refused(`Cannot accept a connection over TLS on port ${where.port}: ${why}`, true);
  const listenAgain = () => {
    server.close();
    server.listen({ ...where, backlog });
  };
  return new AcceptWatch({ ...where, server, paused, listenAgain });
}

/** node:tls of Deno before 2.8 can neither renew certificates nor request those of clients. */
function checkRuntime(): void {
  if (typeof tls.Server.prototype.setSecureContext === "function") return;
  throw new UsageError(`Cannot serve TLS with Deno ${Deno.version.deno}: expected 2.8 or later`);
}

function contextOf({ cert, key, ca }: TlsIdentity): tls.SecureContextOptions {
  return { cert, key, ...(ca !== undefined && { ca }) };
}

/** Common name of the certificate with which the peer authenticated. A repeated common name is not accepted. */
function provedName(socket: tls.TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate()?.subject?.CN;
  return typeof name === "string" && name !== "" ? name : undefined;
}

function opened(server: net.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new UsageError(`Cannot listen on ${host}:${port}: ${listenFault(error)}`));
    server.once("error", failed);
    server.listen({ host, port, backlog }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}
