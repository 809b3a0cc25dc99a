/**
 * Opens TLS links through node:tls. Knows no MQTT.
 */
import net from "node:net";
import tls from "node:tls";
import type { DialReceiver, Link } from "../link.ts";
import { SocketLink } from "../tcp/socket_link.ts";
import { refusedSource, type TcpTarget } from "../tcp/tcp_dial.ts";

/** Whom to trust, and who one is, in PEM. */
export interface TlsDialOptions {
  /** Authorities to trust in place of the well-known ones. */
  readonly ca?: string | undefined;
  /** Own certificate, with {@link key}. */
  readonly cert?: string | undefined;
  /** The private key of the client, in PEM. */
  readonly key?: string | undefined;
  /** The name that the broker's certificate must have, where it is not the one in the URL. */
  readonly serverName?: string | undefined;
  /** Takes any certificate: a man in the middle can read the traffic. */
  readonly insecure?: boolean | undefined;
}

/** Starts to open a link, as `dialTcp` does; `onOpen` follows when both sides have proved themselves. */
export function dialTls(target: TcpTarget, identity: TlsDialOptions, receiver: DialReceiver): Link {
  const { host, port, sourceAddress } = target;
  const { ca, cert, key, serverName = host, insecure = false } = identity;
  const socket = refusedSource(sourceAddress) ?? tls.connect({
    host,
    port,
    allowHalfOpen: false,
    rejectUnauthorized: !insecure,
    // A name may be said, an address not. Source: RFC 6066, section 3.
    ...(net.isIP(serverName) === 0 && { servername: serverName }),
    ...(sourceAddress !== undefined && { localAddress: sourceAddress }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  } as tls.ConnectionOptions);
  socket.setNoDelay(true);
  const link = new SocketLink(socket, { peer: `${host}:${port}`, openEvent: "secureConnect", isTls: true });
  link.receiver = receiver;
  return link;
}
