/**
 * Opens TCP links through node:net. Knows no MQTT.
 */
import net from "node:net";
import type { DialReceiver, Link } from "../link.ts";
import { mayUse, notPermitted } from "../net_permission.ts";
import { SocketLink } from "./socket_link.ts";

/** The target address, and the source address. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
  /** An address of this machine to connect from; by default the operating system chooses. */
  readonly sourceAddress?: string | undefined;
}

/**
 * Starts to open a link. The link calls the receiver's `onOpen`, or `onEnd` with the operating system's error. Bytes
 * written before `onOpen` are kept and sent then.
 */
export function dialTcp({ host, port, sourceAddress }: TcpTarget, receiver: DialReceiver): Link {
  const options = { host, port, noDelay: true, allowHalfOpen: false };
  const socket = refusedSource(sourceAddress) ??
    net.connect(sourceAddress === undefined ? options : { ...options, localAddress: sourceAddress });
  const link = new SocketLink(socket, { peer: `${host}:${port}`, openEvent: "connect", isTls: false });
  link.receiver = receiver;
  return link;
}

/**
 * A socket that fails if the runtime does not permit the source address; node:net throws that error from a callback,
 * where no caller can catch it.
 */
export function refusedSource(sourceAddress: string | undefined): net.Socket | undefined {
  if (sourceAddress === undefined || mayUse(sourceAddress, 0)) return undefined;
  const socket = new net.Socket();
  const why = Object.assign(new Error(notPermitted(sourceAddress, 0)), { code: "EPERM" });
  queueMicrotask(() => socket.destroy(why));
  return socket;
}
