/**
 * Accepts TLS links through node:tls, whose certificates can be renewed while it listens. Knows no MQTT.
 */
import tls from "node:tls";
import { UsageError } from "../base/failure.ts";
import type { Link, Listener } from "./link.ts";
import { SocketLink } from "./socket_link.ts";
import { backlog, listenFault, type ListenOptions, type ListenReceiver } from "./tcp_listen.ts";
import type { TlsIdentity } from "./tls_identity.ts";

/** From the accepted connection to the end of the handshake, in milliseconds; then it is closed. */
const handshakeTimeoutMs = 10_000;

/** A listener whose certificates can be renewed. */
export interface TlsListener extends Listener {
  /** New handshakes use these; links that are open keep theirs. */
  renew(identity: TlsIdentity): void;
}

/**
 * Listens and hands over each link whose handshake is done.
 *
 * @throws UsageError when the address or port cannot be had
 */
export async function listenTls(
  { host, port }: ListenOptions,
  identity: TlsIdentity,
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
  server.on("secureConnection", (socket) => accept(linkOf(socket)));
  server.on("tlsClientError", (error, socket) => {
    refused(`Cannot take a connection over TLS: ${error.message}`);
    socket.destroy();
  });
  await opened(server, host, port);
  server.on("error", (error) => refused(`Cannot accept a connection: ${error.message}`));
  const address = server.address() as { readonly port: number };
  return {
    port: address.port,
    close: () => void server.close(),
    renew: (renewed) => server.setSecureContext(contextOf(renewed)),
  };
}

/** node:tls of Deno before 2.8 neither renews certificates nor asks clients for theirs. */
function checkRuntime(): void {
  if (typeof tls.Server.prototype.setSecureContext === "function") return;
  throw new UsageError(`Cannot serve TLS with Deno ${Deno.version.deno}: expected 2.8 or later`);
}

function contextOf({ cert, key, ca }: TlsIdentity): tls.SecureContextOptions {
  return { cert, key, ...(ca !== undefined && { ca }) };
}

function linkOf(socket: tls.TLSSocket): Link {
  const { remoteAddress = "?", remotePort = 0, authorized } = socket;
  const name = authorized ? commonName(socket) : undefined;
  return new SocketLink(socket, {
    peer: `${remoteAddress}:${remotePort}`,
    isTls: true,
    ...(name !== undefined && { certificateName: name }),
  });
}

/** A name that is there more than once says nothing. */
function commonName(socket: tls.TLSSocket): string | undefined {
  const name: unknown = socket.getPeerCertificate()?.subject?.CN;
  return typeof name === "string" && name !== "" ? name : undefined;
}

function opened(server: tls.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new UsageError(`Cannot listen on ${host}:${port}: ${listenFault(error)}`));
    server.once("error", failed);
    server.listen({ host, port, backlog }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}
