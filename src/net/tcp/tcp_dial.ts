/**
 * Opens TCP links through node:net. Knows no MQTT.
 */
import net from "node:net";
import type { DialReceiver, Link } from "../link.ts";
import { mayUse, mayUsePath, notPermitted, notPermittedPath } from "../net_permission.ts";
import { type SocketFacts, SocketLink } from "./socket_link.ts";

/** The target address, and the source address. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, in place of host and port. */
  readonly socketPath?: string | undefined;
  /** An address of this machine to connect from; by default the operating system chooses. */
  readonly sourceAddress?: string | undefined;
}

/**
 * Starts to open a link. The link calls the receiver's `onOpen`, or `onEnd` with the operating system's error. Bytes
 * written before `onOpen` are kept and sent then.
 */
export function dialTcp({ host, port, socketPath, sourceAddress }: TcpTarget, receiver: DialReceiver): Link {
  if (socketPath !== undefined) {
    const facts = { peer: `unix:${socketPath}`, openEvent: "connect", isTls: false } as const;
    return linkOver(socketAt(socketPath), facts, receiver);
  }
  const options = { host, port, noDelay: true, allowHalfOpen: false };
  const socket = refusedSource(sourceAddress) ??
    net.connect(sourceAddress === undefined ? options : { ...options, localAddress: sourceAddress });
  return linkOver(socket, { peer: `${host}:${port}`, openEvent: "connect", isTls: false }, receiver);
}

function socketAt(path: string): net.Socket {
  return mayUsePath(path) ? net.connect({ path, allowHalfOpen: false }) : failing(notPermittedPath(path));
}

/** A link over a socket that is being opened. */
export function linkOver(socket: net.Socket, facts: SocketFacts, receiver: DialReceiver): Link {
  const link = new SocketLink(socket, facts);
  link.receiver = receiver;
  return link;
}

/**
 * A socket that fails if the runtime does not permit the source address; node:net throws that error from a callback,
 * where no caller can catch it.
 */
export function refusedSource(sourceAddress: string | undefined): net.Socket | undefined {
  if (sourceAddress === undefined || mayUse(sourceAddress, 0)) return undefined;
  return failing(notPermitted(sourceAddress, 0));
}

/** A socket that fails because the runtime does not permit it. */
function failing(message: string): net.Socket {
  const socket = new net.Socket();
  const why = Object.assign(new Error(message), { code: "EPERM" });
  queueMicrotask(() => socket.destroy(why));
  return socket;
}
