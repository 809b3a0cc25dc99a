/**
 * Accepts links through the epoll engine.
 */
import { UsageError } from "../../base/failure.ts";
import type { Listener } from "../link.ts";
import {
  acceptPauseMs,
  backlog as usualBacklog,
  listenFault,
  type ListenOptions,
  type ListenReceiver,
} from "../tcp/tcp_listen.ts";
import { EpollLink } from "./epoll_link.ts";
import { type DescriptorWatcher, type EpollLoop, loopOfThread } from "./epoll_loop.ts";
import { Epoll, faultCode, faultText, type SocketAddress, SocketError } from "./libc.ts";
import { isDenied, mayUse, notPermitted } from "../net_permission.ts";
import { keptAddress, portOf, socketAddress } from "./socket_address.ts";

/** Maximum number of accepted connections before open links have their turn. */
const burst = 64;

/**
 * Listens, and passes each accepted link to the receiver.
 *
 * @param options a name comes with its resolved address
 * @throws UsageError if the address or port is not available
 */
export function listenEpoll(
  { host, address: digits = host, port, backlog = usualBacklog }: ListenOptions,
  receiver: ListenReceiver,
  loop = loopOfThread(),
): Listener {
  const fail = (why: string) => new UsageError(`Cannot listen on ${host}:${port}: ${why}`);
  if (!mayUse(host, port)) throw fail(notPermitted(host, port));
  if (isDenied(digits, port)) throw fail(notPermitted(digits, port));
  const address = socketAddress(digits, port);
  if (address === undefined) throw fail("no such address on this machine");
  const listener = new EpollListener(loop, receiver);
  const answer = listener.open(address, backlog);
  if (answer < 0) throw fail(listenFault(Object.assign(new Error(faultText(answer)), { code: faultCode(answer) })));
  return listener;
}

class EpollListener implements Listener, DescriptorWatcher {
  token = 0;
  port = 0;
  readonly #loop: EpollLoop;
  readonly #receiver: ListenReceiver;
  #socket = -1;
  /** Whether the receiver knows of the failure since the last accepted connection. */
  #reported = false;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(loop: EpollLoop, receiver: ListenReceiver) {
    this.#loop = loop;
    this.#receiver = receiver;
  }

  /** Returns a negative number if it fails. */
  open(address: SocketAddress, backlog: number): number {
    const { libc } = this.#loop;
    const socket = libc.socket(address);
    if (socket < 0) return socket;
    const steps = [
      () => libc.reuseAddress(socket),
      () => libc.noDelay(socket),
      () => libc.bind(socket, address),
      () => libc.listen(socket, backlog),
      () => libc.ownAddress(socket),
      () => this.#loop.watch(socket, this, Epoll.in),
    ];
    for (const step of steps) {
      const answer = step();
      if (answer >= 0) continue;
      libc.close(socket);
      return answer;
    }
    this.port = portOf(libc.lastAddress);
    this.#socket = socket;
    return 0;
  }

  close(): void {
    if (this.#socket < 0) return;
    clearTimeout(this.#pause);
    this.#loop.forget(this.#socket);
    this.#loop.libc.close(this.#socket);
    this.#socket = -1;
  }

  drop(): void {
    this.close();
  }

  ready(): void {
    this.#loop.closeEnded();
    for (let count = 0; count < burst && this.#socket >= 0; count++) {
      const socket = this.#loop.libc.accept(this.#socket);
      if (socket === SocketError.again) return;
      if (socket === SocketError.interrupted || socket === SocketError.aborted) continue;
      const answer = socket < 0 ? socket : this.#accept(socket);
      if (answer < 0) return this.#rest(answer);
    }
  }

  #accept(socket: number): number {
    const { libc } = this.#loop;
    const link = new EpollLink(this.#loop, keptAddress(libc.lastAddress));
    const answer = link.accepted(socket);
    if (answer < 0) {
      libc.close(socket);
      return answer;
    }
    this.#reported = false;
    this.#receiver.accept(link);
    return answer;
  }

  /** Watches the socket again after a pause, and after another pause if no watch is available. */
  #resumeLater(): void {
    this.#pause = setTimeout(() => {
      if (this.#loop.unpark(this.#socket, this, Epoll.in) < 0) this.#resumeLater();
    }, acceptPauseMs);
  }

  /** The operating system has no resources left: new connections wait in its queue, and are accepted after a pause. */
  #rest(fault: number): void {
    this.#loop.park(this.#socket);
    this.#resumeLater();
    if (this.#reported) return;
    this.#reported = true;
    this.#receiver.refused(`Cannot accept a connection: ${faultText(fault)}`, true);
  }
}
