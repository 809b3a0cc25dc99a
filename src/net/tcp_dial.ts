/**
 * Opens TCP links through node:net. Knows no MQTT.
 */
import net from "node:net";
import type { DialReceiver, Link } from "./link.ts";
import { SocketLink } from "./socket_link.ts";

/** Where to dial, and from where. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
  /** One of this machine's addresses to dial from; the operating system's choice when absent. */
  readonly sourceAddress?: string | undefined;
}

/**
 * Starts to open a link. The receiver's `onOpen` follows, or `onEnd` with the operating system's word.
 * What is written before `onOpen` is kept and sent then.
 */
export function dialTcp({ host, port, sourceAddress }: TcpTarget, receiver: DialReceiver): Link {
  const options = { host, port, noDelay: true, allowHalfOpen: false };
  const socket = net.connect(sourceAddress === undefined ? options : { ...options, localAddress: sourceAddress });
  const link = new SocketLink(socket, { peer: `${host}:${port}`, openEvent: "connect", isTls: false });
  link.receiver = receiver;
  return link;
}
