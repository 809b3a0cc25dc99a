/** glibc as it is, but for calls that are made to fail, and with what it opens and closes written down. */
import { Libc, type SocketAddress } from "../../../src/net/epoll/libc.ts";

export class FailingLibc extends Libc {
  /** What accepting answers instead, one after another. */
  readonly acceptFaults: number[] = [];
  /** How many bytes at most the operating system takes at a time. */
  sendLimitBytes = Infinity;
  /** Sends that are refused for now. */
  fullSends = 0;
  /** What sending answers instead, one after another. */
  readonly sendFaults: number[] = [];
  accepts = 0;
  rounds = 0;
  readonly open = new Set<number>();

  override socket(address: SocketAddress): number {
    return this.#opened(super.socket(address));
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
    return this.#opened(super.alwaysReadable());
  }

  override openEpoll(): number {
    return this.#opened(super.openEpoll());
  }

  override events(epoll: number, waitMs: number): number {
    this.rounds++;
    return super.events(epoll, waitMs);
  }

  override close(descriptor: number): void {
    this.open.delete(descriptor);
    super.close(descriptor);
  }

  override closeByReset(socket: number): void {
    this.open.delete(socket);
    super.closeByReset(socket);
  }

  #opened(descriptor: number): number {
    if (descriptor >= 0) this.open.add(descriptor);
    return descriptor;
  }
}
