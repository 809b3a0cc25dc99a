/** glibc with calls that a test can make fail, and with a record of opened and closed descriptors. */
import { Libc, type SocketAddress } from "../../../src/net/epoll/libc.ts";

/** Further calls that can fail. */
type FailingCall =
  | "socket"
  | "bind"
  | "connect"
  | "dissolve"
  | "alwaysReadable"
  | "openEpoll"
  | "openTimer"
  | "watch"
  | "rewatch"
  | "events"
  | "read";

export class FailingLibc extends Libc {
  /** Results of accept4 in place of real ones, in order. */
  readonly acceptFaults: number[] = [];
  /** The most bytes that the operating system takes in one call. */
  sendLimitBytes = Infinity;
  /** The number of sends that fail with EAGAIN. */
  fullSends = 0;
  /** Results of send in place of real ones, in order. */
  readonly sendFaults: number[] = [];
  /** Results of other calls by name, in order. */
  readonly faults: Partial<Record<FailingCall, number[]>> = {};
  accepts = 0;
  rounds = 0;
  readonly open = new Set<number>();

  override socket(address: SocketAddress): number {
    return this.#fault("socket") ?? this.#opened(super.socket(address));
  }

  override bind(socket: number, address: SocketAddress): number {
    return this.#fault("bind") ?? super.bind(socket, address);
  }

  override connect(socket: number, address: SocketAddress): number {
    return this.#fault("connect") ?? super.connect(socket, address);
  }

  override watch(epoll: number, descriptor: number, token: number, interest: number): number {
    return this.#fault("watch") ?? super.watch(epoll, descriptor, token, interest);
  }

  override rewatch(epoll: number, descriptor: number, token: number, interest: number): number {
    return this.#fault("rewatch") ?? super.rewatch(epoll, descriptor, token, interest);
  }

  override read(socket: number, sizeBytes?: number): number {
    return this.#fault("read") ?? super.read(socket, sizeBytes);
  }

  override accept(socket: number): number {
    this.accepts++;
    return this.acceptFaults.shift() ?? this.#opened(super.accept(socket));
  }

  override send(socket: number, sizeBytes: number): number {
    if (this.fullSends > 0) {
      this.fullSends--;
      return -11; // EAGAIN
    }
    const fault = this.sendFaults.shift();
    if (fault !== undefined) return fault;
    return super.send(socket, Math.min(sizeBytes, this.sendLimitBytes));
  }

  override alwaysReadable(): number {
    return this.#fault("alwaysReadable") ?? this.#opened(super.alwaysReadable());
  }

  override openTimer(): number {
    return this.#fault("openTimer") ?? this.#opened(super.openTimer());
  }

  override openEpoll(): number {
    return this.#fault("openEpoll") ?? this.#opened(super.openEpoll());
  }

  override events(epoll: number, waitMs: number): number {
    this.rounds++;
    return this.#fault("events") ?? super.events(epoll, waitMs);
  }

  override close(descriptor: number): void {
    this.open.delete(descriptor);
    super.close(descriptor);
  }

  override dissolve(socket: number): number {
    return this.#fault("dissolve") ?? super.dissolve(socket);
  }

  #fault(call: FailingCall): number | undefined {
    return this.faults[call]?.shift();
  }

  #opened(descriptor: number): number {
    if (descriptor >= 0) this.open.add(descriptor);
    return descriptor;
  }
}
