/**
 * Opens TLS links through node:tls. Knows no MQTT.
 */
import net from "node:net";
import tls from "node:tls";
import type { DialReceiver, Link } from "../link.ts";
import { LinkStream } from "./link_stream.ts";
import { linkOver, refusedSource, type TcpTarget } from "../tcp/tcp_dial.ts";

/** The authorities to trust, and the client's own identity, in PEM. */
export interface TlsDialOptions {
  /** Authorities to trust, in place of the well-known ones. */
  readonly ca?: string | undefined;
  /** Own certificate, with {@link key}. */
  readonly cert?: string | undefined;
  /** The private key of the client, in PEM. */
  readonly key?: string | undefined;
  /** The passphrase of keys that are read later; {@link key} has none. */
  readonly keyPassphrase?: string | undefined;
  /** The name that the broker's certificate must have, if it differs from that in the URL. */
  readonly serverName?: string | undefined;
  /** Accepts any certificate: an attacker in between can read everything. */
  readonly insecure?: boolean | undefined;
  /** The protocols to offer in Application-Layer Protocol Negotiation. */
  readonly alpn?: readonly string[] | undefined;
}

/** Starts to open a link, like `dialTcp`; the link calls `onOpen` when both sides have authenticated. */
export function dialTls(target: TcpTarget, identity: TlsDialOptions, receiver: DialReceiver): Link {
  const { host, port, sourceAddress } = target;
  const refused = refusedSource(sourceAddress);
  if (refused !== undefined) return linkOver(refused, { peer: `${host}:${port}`, isTls: true }, receiver);
  const tcp = net.connect({
    host,
    port,
    noDelay: true,
    allowHalfOpen: false,
    ...(sourceAddress !== undefined && { localAddress: sourceAddress }),
  });
  return secured(tcp, target, identity, receiver);
}

/** The same over a link that `dial` opens. */
export function dialTlsOver(
  dial: (receiver: DialReceiver) => Link,
  target: TcpTarget,
  identity: TlsDialOptions,
  receiver: DialReceiver,
): Link {
  return secured(new LinkStream(dial), target, identity, receiver);
}

function secured(
  below: net.Socket | LinkStream,
  { host, port }: TcpTarget,
  identity: TlsDialOptions,
  receiver: DialReceiver,
): Link {
  const { ca, cert, key, serverName = host, insecure = false, alpn } = identity;
  const socket = tls.connect({
    socket: below,
    host,
    rejectUnauthorized: !insecure,
    // Server Name Indication allows names, but not addresses. Source: RFC 6066, section 3.
    ...(net.isIP(serverName) === 0 && { servername: serverName }),
    ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  } as tls.ConnectionOptions);
  const facts = { peer: `${host}:${port}`, openEvent: "secureConnect", isTls: true, resets: below } as const;
  return linkOver(socket, facts, receiver);
}
