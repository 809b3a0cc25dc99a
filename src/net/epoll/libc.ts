/**
 * Every foreign function call of mqtt-sim: glibc's sockets and epoll, on Linux for x86-64 and arm64. No other file may
 * open a library.
 *
 * These rules keep memory safe for any input of a peer:
 * - This file allocates all memory that a call writes to, once, and keeps it as long as a call may use it.
 * - No caller passes a length: lengths are in `iovec`s and `sockaddr`s that this file writes, from the sizes of those
 *   allocations. A peer's bytes are only ever data in the read buffer.
 * - Parameters and results are C's `int`, or a buffer: `ssize_t` is read as `int`, because no buffer is larger.
 * - The only call on another thread of the runtime, the wait, writes to memory of libc, which is never freed: a thread
 *   that is terminated during a wait leaks sixteen bytes, and leaves no dangling pointer.
 *
 * A failed call returns -1 and leaves its reason in `errno`, which this file reads at once, before any other call, and
 * returns as `-errno`: everywhere in this folder, 0 and above is success.
 */
import os from "node:os";
import util from "node:util";
import { symbols } from "./libc_symbols.ts";
import { C, eventLayouts, messageHeader, stampMessage, timerSpec, vector } from "./linux_abi.ts";

const { constants } = os;

/** No call blocks, and no child process inherits a descriptor. */
const SOCK_FLAGS = C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;

/** Events of a socket in epoll. */
export const Epoll = { in: 0x1, out: 0x4, error: 0x8, hangUp: 0x10, peerHangUp: 0x2000 } as const;

/** Errors that the engine distinguishes, as negative numbers. */
export const SocketError = {
  interrupted: -constants.errno.EINTR,
  again: -constants.errno.EAGAIN,
  inProgress: -constants.errno.EINPROGRESS,
  aborted: -constants.errno.ECONNABORTED,
  brokenPipe: -constants.errno.EPIPE,
  reset: -constants.errno.ECONNRESET,
  noAddress: -constants.errno.EADDRNOTAVAIL,
} as const;

/** Maximum number of events per wait. */
const eventLimit = 1_024;
/** Size of the buffer for one read, and for one send, in bytes. */
export const readBytes = 64 * 1024;
export const sendBytes = 128 * 1024;
/** Largest size of a short read: a few packets. */
const shortReadBytes = 512;
/** Size of the longest address in use, `struct sockaddr_in6`. */
export const addressBytes = 28;

/** An address for the operating system: `struct sockaddr_in`, `sockaddr_in6`, or `sockaddr_un` to connect to. */
export type SocketAddress = Uint8Array<ArrayBuffer>;

/** An address of the family AF_UNSPEC, which is 0. */
const noAddress: SocketAddress = new Uint8Array(16);

/** glibc for one thread: the functions and their memory. */
export class Libc {
  readonly #call: Deno.DynamicLibrary<typeof symbols>["symbols"];
  /**
   * `errno` of this thread. Read as memory, which needs no permission: the program may have dropped its permissions.
   */
  readonly #errno: Int32Array;
  readonly #waitMemory: Deno.PointerObject;
  /** `struct epoll_event` in words of 4 bytes. */
  readonly #eventWords: number;
  readonly #dataAt: number;
  readonly #events: Int32Array<ArrayBuffer>;
  readonly #event: Int32Array<ArrayBuffer>;
  /** Filled by {@link read}. */
  readonly #readBuffer = new Uint8Array(readBytes);
  /** The views of short reads, by their size: to make one costs more than to read its bytes. */
  readonly #shortReads: Uint8Array[] = [];
  /** Fill this before {@link send}. */
  readonly sendBuffer = new Uint8Array(sendBytes);
  readonly #readVector: BigUint64Array<ArrayBuffer>;
  readonly #message: BigUint64Array<ArrayBuffer>;
  readonly #sendVector: BigUint64Array<ArrayBuffer>;
  readonly #readLength: Int32Array<ArrayBuffer>;
  readonly #sendLength: Int32Array<ArrayBuffer>;
  readonly #address: SocketAddress = new Uint8Array(addressBytes);
  readonly #size = new Uint32Array(1);
  readonly #value = new Int32Array(2);
  /** `struct msghdr` of a stamped read, its control message, and `struct timespec` of the clock of stamps. */
  readonly #stamped: BigUint64Array<ArrayBuffer>;
  readonly #stamp = new BigUint64Array(stampMessage.sizeBytes / 8);
  readonly #stampWords = new Uint32Array(this.#stamp.buffer);
  readonly #time = new Uint32Array(4);
  /** `struct itimerspec` in words of 4 bytes. */
  readonly #timerSpec = new Int32Array(timerSpec.sizeBytes / 4);

  /**
   * Opens the library.
   *
   * @throws Error with the reason if the engine does not work
   */
  constructor() {
    const layout = eventLayouts[Deno.build.arch];
    if (Deno.build.os !== "linux") throw new Error(`it needs Linux, and this is ${Deno.build.os}`);
    if (layout === undefined) throw new Error(`it needs x86-64 or arm64, and this is ${Deno.build.arch}`);
    if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
      throw new Error("foreign calls are not permitted; allow them with --allow-ffi");
    }
    this.#eventWords = layout.sizeBytes / 4;
    this.#dataAt = layout.dataAt / 4;
    this.#call = openLibrary();
    this.#errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(pointer(this.#call.__errno_location()), 4));
    this.#waitMemory = pointer(this.#call.calloc(1n, BigInt(layout.sizeBytes)));
    this.#events = new Int32Array(this.#eventWords * eventLimit);
    this.#event = new Int32Array(this.#eventWords);
    this.#readVector = vectorTo(this.#readBuffer, readBytes);
    this.#readLength = new Int32Array(this.#readVector.buffer, vector.lengthAt);
    this.#sendVector = vectorTo(this.sendBuffer, 0);
    this.#sendLength = new Int32Array(this.#sendVector.buffer, vector.lengthAt);
    this.#message = new BigUint64Array(messageHeader.sizeBytes / 8);
    this.#message[messageHeader.vectorsAt / 8] = addressOf(this.#sendVector);
    this.#message[messageHeader.vectorCountAt / 8] = 1n;
    this.#stamped = new BigUint64Array(messageHeader.sizeBytes / 8);
    this.#stamped[messageHeader.vectorsAt / 8] = addressOf(this.#readVector);
    this.#stamped[messageHeader.vectorCountAt / 8] = 1n;
    this.#stamped[messageHeader.controlAt / 8] = addressOf(this.#stamp);
  }

  /** A stream socket of the address's family. */
  socket(address: SocketAddress): number {
    return this.#withErrno(this.#call.socket(familyOf(address), C.SOCK_STREAM | SOCK_FLAGS, 0));
  }

  bind(socket: number, address: SocketAddress): number {
    return this.#withErrno(this.#call.bind(socket, address, address.length));
  }

  /** Binds only to the address: the kernel chooses the port at connect, per destination: more connections per port. */
  bindAddressOnly(socket: number, address: SocketAddress): number {
    // If the kernel does not know the option, it takes a port at once: fewer connections, no other difference.
    this.#option(socket, C.SOL_IP, C.IP_BIND_ADDRESS_NO_PORT, 1);
    return this.bind(socket, address);
  }

  reuseAddress(socket: number): number {
    return this.#option(socket, C.SOL_SOCKET, C.SO_REUSEADDR, 1);
  }

  /** Sends small packets at once. Accepted sockets inherit the option from their listening socket. */
  noDelay(socket: number): number {
    return this.#option(socket, C.SOL_TCP, C.TCP_NODELAY, 1);
  }

  listen(socket: number, backlog: number): number {
    return this.#withErrno(this.#call.listen(socket, backlog));
  }

  connect(socket: number, address: SocketAddress): number {
    return this.#withErrno(this.#call.connect(socket, address, address.length));
  }

  /** Accepts a connection; {@link lastAddress} is then that of the peer. */
  accept(socket: number): number {
    this.#size[0] = addressBytes;
    return this.#withErrno(this.#call.accept4(socket, this.#address, this.#size, SOCK_FLAGS));
  }

  /** Reads a socket's own address; {@link lastAddress} is then this address. A Unix socket has none. */
  ownAddress(socket: number): number {
    this.#size[0] = addressBytes;
    const answer = this.#withErrno(this.#call.getsockname(socket, this.#address, this.#size));
    return answer >= 0 && this.#address[0] === C.AF_UNIX ? SocketError.noAddress : answer;
  }

  /** The address of the last call; the next call overwrites it. */
  get lastAddress(): SocketAddress {
    return this.#address;
  }

  /** Reads and clears the pending error of a socket, as `-errno`; 0 if there is none. */
  pendingFault(socket: number): number {
    this.#size[0] = 4;
    const answer = this.#withErrno(this.#call.getsockopt(socket, C.SOL_SOCKET, C.SO_ERROR, this.#value, this.#size));
    return answer < 0 ? answer : -this.#value[0]!;
  }

  /** Reads at most `sizeBytes` bytes into the read buffer; returns their number, 0 at the peer's FIN. */
  read(socket: number, sizeBytes = readBytes): number {
    if (sizeBytes < 1 || sizeBytes > readBytes) throw new RangeError(`no ${sizeBytes} bytes can be read at once`);
    this.#readLength[0] = sizeBytes; // the lower half of it
    return this.#withErrno(this.#call.readv(socket, this.#readVector as BufferSource, 1));
  }

  /** The bytes of the last read; the caller copies what must outlive the call. */
  bytesRead(sizeBytes: number): Uint8Array {
    if (sizeBytes > shortReadBytes) return this.#readBuffer.subarray(0, sizeBytes);
    return this.#shortReads[sizeBytes] ??= this.#readBuffer.subarray(0, sizeBytes);
  }

  /** From now on {@link readStamped} knows when bytes arrived. */
  stampArrivals(socket: number): number {
    return this.#option(socket, C.SOL_SOCKET, C.SO_TIMESTAMPNS, 1);
  }

  /** As {@link read}; {@link stampAgeMs} is then that of the last byte that was read. */
  readStamped(socket: number, sizeBytes: number): number {
    if (sizeBytes < 1 || sizeBytes > readBytes) throw new RangeError(`no ${sizeBytes} bytes can be read at once`);
    this.#readLength[0] = sizeBytes; // the lower half of it
    this.#stamped[messageHeader.controlSizeAt / 8] = BigInt(stampMessage.sizeBytes);
    this.#stampWords[stampMessage.typeAt / 4] = 0;
    return this.#withErrno(this.#call.recvmsg(socket, this.#stamped as BufferSource, 0));
  }

  /** How long ago the kernel received the last byte of {@link readStamped}; NaN if the kernel does not say. */
  stampAgeMs(): number {
    const words = this.#stampWords;
    if (words[stampMessage.typeAt / 4] !== C.SO_TIMESTAMPNS) return NaN;
    this.#call.clock_gettime(C.CLOCK_REALTIME, this.#time);
    const seconds = this.#time[0]! - words[stampMessage.secondsAt / 4]!;
    return seconds * 1_000 + (this.#time[2]! - words[stampMessage.nanosecondsAt / 4]!) / 1_000_000;
  }

  /** Sends the first bytes of the send buffer; returns the number of accepted bytes. */
  send(socket: number, sizeBytes: number): number {
    if (sizeBytes < 0 || sizeBytes > sendBytes) throw new RangeError(`no ${sizeBytes} bytes can be sent at once`);
    this.#sendLength[0] = sizeBytes; // the lower half of it
    return this.#withErrno(this.#call.sendmsg(socket, this.#message as BufferSource, C.MSG_NOSIGNAL));
  }

  /** Sends FIN. */
  shutDown(socket: number): number {
    return this.#withErrno(this.#call.shutdown(socket, C.SHUT_WR));
  }

  close(descriptor: number): void {
    this.#call.close(descriptor);
  }

  /** From now on, closing sends RST. */
  lingerNothing(socket: number): void {
    this.#value[0] = 1;
    this.#value[1] = 0;
    this.#call.setsockopt(socket, C.SOL_SOCKET, C.SO_LINGER, this.#value, 8);
  }

  /** Sends RST, now or at the close. To close a socket takes half as long again, for which a kill does not wait. */
  sendReset(socket: number): void {
    if (this.dissolve(socket) < 0) this.lingerNothing(socket);
  }

  /** Dissolves the connection, by RST. Returns a negative number if it fails, as for a Unix socket. */
  dissolve(socket: number): number {
    return this.#withErrno(this.#call.connect(socket, noAddress, noAddress.length));
  }

  /** A descriptor that is always readable. */
  alwaysReadable(): number {
    return this.#withErrno(this.#call.eventfd(1, C.EFD_NONBLOCK | C.EFD_CLOEXEC));
  }

  /** A descriptor that becomes readable when its time is over; see {@link setTimer}. */
  openTimer(): number {
    return this.#withErrno(this.#call.timerfd_create(C.CLOCK_MONOTONIC, C.TFD_NONBLOCK | C.TFD_CLOEXEC));
  }

  /** Sets the time of a timer, from now, in milliseconds; Infinity stops the timer. Precise to the microsecond. */
  setTimer(timer: number, ms: number): void {
    const nanoseconds = ms === Infinity ? 0 : Math.max(1, Math.floor(ms * 1_000_000));
    this.#timerSpec[timerSpec.secondsAt / 4] = Math.floor(nanoseconds / 1_000_000_000);
    this.#timerSpec[timerSpec.nanosecondsAt / 4] = nanoseconds % 1_000_000_000;
    this.#call.timerfd_settime(timer, 0, this.#timerSpec, null);
  }

  /** From now on the operating system wakes this thread at its instants; by default up to 50 microseconds later. */
  wakeExactly(): void {
    this.#call.prctl(C.PR_SET_TIMERSLACK, 1n);
  }

  /** Blocks this thread, for less than a second; a signal ends the sleep. */
  sleep(ms: number): void {
    this.#time[0] = 0;
    this.#time[2] = Math.min(999_999_999, Math.max(0, Math.floor(ms * 1_000_000)));
    this.#call.nanosleep(this.#time, null);
  }

  /** Maximum number of descriptors of this process; negative if there is no limit. */
  openFilesLimit(): number {
    return this.#call.getdtablesize();
  }

  /** The memory of this machine, in bytes; negative if unknown. */
  machineMemoryBytes(): number {
    return Number(this.#call.get_phys_pages()) * this.#call.getpagesize();
  }

  openEpoll(): number {
    return this.#withErrno(this.#call.epoll_create1(C.EPOLL_CLOEXEC));
  }

  watch(epoll: number, descriptor: number, token: number, interest: number): number {
    return this.#control(epoll, C.EPOLL_CTL_ADD, descriptor, token, interest);
  }

  rewatch(epoll: number, descriptor: number, token: number, interest: number): number {
    return this.#control(epoll, C.EPOLL_CTL_MOD, descriptor, token, interest);
  }

  unwatch(epoll: number, descriptor: number): number {
    return this.#control(epoll, C.EPOLL_CTL_DEL, descriptor, 0, 0);
  }

  /** Fetches events, waiting for at most `waitMs`; returns their number. */
  events(epoll: number, waitMs: number): number {
    return this.#withErrno(this.#call.epoll_wait(epoll, this.#events, eventLimit, waitMs));
  }

  /** Fulfilled when there is an event, or after the timeout; fetches nothing. */
  async somethingHappens(epoll: number, waitMs: number): Promise<void> {
    await this.#call.epoll_wait_later(epoll, this.#waitMemory, 1, waitMs);
  }

  /** Accessors of a fetched event: its bits, its descriptor, and the token of its watch. */
  eventBits(at: number): number {
    return this.#events[at * this.#eventWords]!;
  }

  eventDescriptor(at: number): number {
    return this.#events[at * this.#eventWords + this.#dataAt]!;
  }

  eventToken(at: number): number {
    return this.#events[at * this.#eventWords + this.#dataAt + 1]!;
  }

  #control(epoll: number, operation: number, descriptor: number, token: number, interest: number): number {
    this.#event[0] = interest;
    this.#event[this.#dataAt] = descriptor;
    this.#event[this.#dataAt + 1] = token;
    return this.#withErrno(this.#call.epoll_ctl(epoll, operation, descriptor, this.#event));
  }

  #option(socket: number, level: number, name: number, value: number): number {
    this.#value[0] = value;
    return this.#withErrno(this.#call.setsockopt(socket, level, name, this.#value, 4));
  }

  #withErrno(answer: number): number {
    return answer >= 0 ? answer : -this.#errno[0]!;
  }
}

function openLibrary() {
  try {
    return Deno.dlopen("libc.so.6", symbols).symbols;
  } catch (error) {
    throw new Error(`glibc cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function vectorTo(memory: Uint8Array<ArrayBuffer>, sizeBytes: number): BigUint64Array<ArrayBuffer> {
  const words = new BigUint64Array(vector.sizeBytes / 8);
  words[vector.baseAt / 8] = addressOf(memory);
  words[vector.lengthAt / 8] = BigInt(sizeBytes);
  return words;
}

function pointer(value: Deno.PointerValue): Deno.PointerObject {
  if (value === null) throw new Error("libc has no memory left");
  return value;
}

function addressOf(memory: Uint8Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory));
}

function familyOf(address: SocketAddress): number {
  const family = address[0];
  return family === C.AF_INET6 || family === C.AF_UNIX ? family : C.AF_INET;
}

/** The name in C of an error such as -111, with the operating system's message. */
export function faultCode(fault: number): string {
  return codes.get(-fault) ?? `E${-fault}`;
}

const codes: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([code, number]) => [number as number, code]),
);

/** An error as text for users. */
export function faultText(fault: number): string {
  const [code, text] = util.getSystemErrorMap().get(fault) ?? [faultCode(fault), "unknown"];
  return `${text} (${code})`;
}
