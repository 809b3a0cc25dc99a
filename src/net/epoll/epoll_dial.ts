/**
 * Opens links through the epoll engine. The runtime resolves a name; if one of several addresses fails or does not
 * answer soon, the next one is tried.
 */
import type { DialReceiver, Link, LinkEnd } from "../link.ts";
import type { TcpTarget } from "../tcp/tcp_dial.ts";
import { EpollLink, type Opening } from "./epoll_link.ts";
import { type DescriptorWatcher, type EpollLoop, loopOfThread } from "./epoll_loop.ts";
import { Epoll, faultCode, type SocketAddress, SocketError } from "./libc.ts";
import { mayUse, mayUsePath, notPermitted, notPermittedPath } from "../net_permission.ts";
import { addressesOf } from "./resolve.ts";
import { addressText, socketAddress, unixAddress } from "./socket_address.ts";

/** Timeout in milliseconds after which the next address is tried, if there is one. */
const nextAddressMs = 250;

const nothingLeft: readonly SocketAddress[] = [];

/** A numeric address that was dialled. */
interface Dialled {
  readonly host: string;
  readonly port: number;
  /** For display. */
  readonly peer: string;
  readonly addresses: readonly SocketAddress[];
}

/** The last one: a fleet dials the same address many times, so parsing and permission check run once. */
let dialled: Dialled = { host: "", port: 0, peer: "", addresses: nothingLeft };

function isDialled({ host, port }: TcpTarget): boolean {
  return host === dialled.host && port === dialled.port;
}

/** The address of a target, for display. */
function peerOf(target: TcpTarget): string {
  const { host, port, socketPath } = target;
  if (socketPath !== undefined) return `unix:${socketPath}`;
  return isDialled(target) ? dialled.peer : `${host}:${port}`;
}

/** Starts to open a link, like `dialTcp`. */
export function dialEpoll(target: TcpTarget, receiver: DialReceiver, loop = loopOfThread()): Link {
  const dialling = new Dialling(loop, target);
  dialling.link.receiver = receiver;
  dialling.start();
  return dialling.link;
}

class Dialling implements DescriptorWatcher, Opening {
  token = 0;
  readonly link: EpollLink;
  readonly #loop: EpollLoop;
  readonly #target: TcpTarget;
  #socket = -1;
  /** Addresses that have not been tried. */
  #left: readonly SocketAddress[] = nothingLeft;
  #address: SocketAddress | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cancelled = false;

  constructor(loop: EpollLoop, target: TcpTarget) {
    this.#loop = loop;
    this.#target = target;
    this.link = new EpollLink(loop, peerOf(target), this);
  }

  start(): void {
    const { host, port, sourceAddress, socketPath } = this.#target;
    if (socketPath !== undefined) return this.#toSocket(socketPath);
    if (sourceAddress !== undefined && !mayUse(sourceAddress, 0)) return this.#notPermitted(sourceAddress, 0);
    if (!isDialled(this.#target)) {
      if (!mayUse(host, port)) return this.#notPermitted(host, port);
      const address = socketAddress(host, port);
      if (address === undefined) return void this.#resolve();
      dialled = { host, port, peer: this.link.peer, addresses: [address] };
    }
    this.#left = dialled.addresses;
    this.#next();
  }

  /** A Unix socket, which the runtime protects by more than one permission. */
  #toSocket(path: string): void {
    if (!mayUsePath(path)) return this.#failSoon({ kind: "error", code: "EPERM", message: notPermittedPath(path) });
    this.#left = [unixAddress(path)];
    this.#next();
  }

  cancel(): void {
    this.#cancelled = true;
    this.#giveUpAddress();
  }

  drop(): void {
    this.link.drop();
    this.cancel();
  }

  ready(bits: number): void {
    const fault = (bits & (Epoll.error | Epoll.hangUp)) === 0 ? 0 : this.#loop.libc.pendingFault(this.#socket);
    if (fault < 0) return this.#refused(fault);
    if ((bits & Epoll.out) === 0) return;
    clearTimeout(this.#timer);
    this.link.opened(this.#socket);
  }

  async #resolve(): Promise<void> {
    const { host, port } = this.#target;
    const addresses = await addressesOf(host, port);
    if (this.#cancelled) return;
    if ("code" in addresses) return this.#failSoon({ kind: "error", ...addresses });
    this.#left = addresses;
    this.#next();
  }

  /** Tries the next address, which exists. */
  #next(): void {
    const address = this.#left[0]!;
    this.#address = address;
    this.#left = this.#left.length === 1 ? nothingLeft : this.#left.slice(1);
    const answer = this.#connect(address);
    if (answer < 0) return this.#refused(answer);
    if (this.#left.length > 0) this.#timer = setTimeout(() => this.#tooSlow(), nextAddressMs);
  }

  #connect(address: SocketAddress): number {
    const { libc } = this.#loop;
    const socket = libc.socket(address);
    if (socket < 0) return socket;
    this.#socket = socket;
    libc.noDelay(socket);
    const bound = this.#bind();
    if (bound < 0) return this.#closed(bound);
    const connected = libc.connect(socket, address);
    if (connected < 0 && connected !== SocketError.inProgress && connected !== SocketError.interrupted) {
      return this.#closed(connected);
    }
    const watched = this.#loop.watch(socket, this, Epoll.out);
    return watched < 0 ? this.#closed(watched) : 0;
  }

  #bind(): number {
    const { sourceAddress } = this.#target;
    if (sourceAddress === undefined) return 0;
    const address = socketAddress(sourceAddress, 0);
    return address === undefined ? SocketError.noAddress : this.#loop.libc.bindAddressOnly(this.#socket, address);
  }

  /** Closes a socket that is not watched yet. */
  #closed(fault: number): number {
    this.#loop.libc.close(this.#socket);
    this.#socket = -1;
    return fault;
  }

  #tooSlow(): void {
    this.#giveUpAddress();
    this.#next();
  }

  #giveUpAddress(): void {
    clearTimeout(this.#timer);
    if (this.#socket < 0) return;
    this.#loop.forget(this.#socket);
    this.#closed(0);
  }

  #refused(fault: number): void {
    this.#giveUpAddress();
    if (this.#left.length > 0) return this.#next();
    const code = faultCode(fault);
    const { sourceAddress } = this.#target;
    const from = sourceAddress === undefined ? "" : ` - Local (${sourceAddress})`;
    this.#failSoon({ kind: "error", code, message: `connect ${code} ${addressText(this.#address!)}${from}` });
  }

  #notPermitted(host: string, port: number): void {
    this.#failSoon({ kind: "error", code: "EPERM", message: notPermitted(host, port) });
  }

  /** Calls back neither from within `dial`, nor from within one of the link's methods. */
  #failSoon(end: LinkEnd): void {
    queueMicrotask(() => this.#cancelled || this.link.notOpened(end));
  }
}
