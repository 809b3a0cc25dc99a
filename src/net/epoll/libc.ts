/**
 * Every foreign call that mqtt-sim makes: glibc's sockets and epoll, on Linux for x86-64 and arm64. Nothing else in the
 * program may open a library.
 *
 * What keeps memory safe, whatever a peer sends:
 * - All memory that a call writes to is allocated here, once, and kept for as long as the program may wait for the
 *   call.
 * - A call is handed no length by anybody: lengths stand in `iovec`s and `sockaddr`s that are written here, from the
 *   sizes
 *   of those allocations. A peer's bytes are only ever data in the read buffer.
 * - Parameters and answers are C's `int`, or a buffer: `ssize_t` is read as `int`, for no buffer is larger than one.
 * - The one call that another thread of the runtime makes, the waiting one, writes to memory of libc's own, which is
 *   never
 *   freed: a thread of ours that is torn down while it waits leaves sixteen bytes behind, and nothing dangling.
 *
 * A call that fails answers -1 and leaves its reason in `errno`, which is read at once, before anything else is called.
 * Here it comes back as `-errno`: 0 and above is success, everywhere in this folder.
 */
import os from "node:os";
import util from "node:util";
import { C, eventLayouts, messageHeader, vector } from "./linux_abi.ts";

const { constants } = os;

/** No call blocks, and no child process inherits a descriptor. */
const SOCK_FLAGS = C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;

/** What epoll can tell of a socket. */
export const Epoll = { in: 0x1, out: 0x4, error: 0x8, hangUp: 0x10, peerHangUp: 0x2000 } as const;

/** Reasons that the engine tells apart, as they come back. */
export const Fault = {
  interrupted: -constants.errno.EINTR,
  again: -constants.errno.EAGAIN,
  inProgress: -constants.errno.EINPROGRESS,
  aborted: -constants.errno.ECONNABORTED,
  brokenPipe: -constants.errno.EPIPE,
  reset: -constants.errno.ECONNRESET,
  noAddress: -constants.errno.EADDRNOTAVAIL,
} as const;

/**
 * The functions, with their C signatures.
 *
 * Those with `nonblocking` run on a thread of the runtime's and answer a promise; all others return at once, since
 * every socket is non-blocking and `epoll_wait` has a timeout.
 */
const symbols = {
  // int *__errno_location(void): where this thread's errno is. Cannot fail.
  __errno_location: { parameters: [], result: "pointer" },
  // const char *gnu_get_libc_version(void): there on glibc alone. Never called: that it can be found is what counts.
  gnu_get_libc_version: { parameters: [], result: "pointer" },
  // void *calloc(size_t count, size_t size): memory of libc's own; null when there is none.
  calloc: { parameters: ["usize", "usize"], result: "pointer" },
  // int socket(int domain, int type, int protocol): a descriptor, or EMFILE, ENFILE, ENOBUFS, EAFNOSUPPORT.
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // int bind(int, const struct sockaddr *, socklen_t): EADDRINUSE, EADDRNOTAVAIL, EACCES.
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int listen(int, int backlog): EADDRINUSE. The kernel cuts the backlog to net.core.somaxconn.
  listen: { parameters: ["i32", "i32"], result: "i32" },
  // int connect(int, const struct sockaddr *, socklen_t): EINPROGRESS is the usual answer.
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int accept4(int, struct sockaddr *, socklen_t *, int flags): a descriptor, or EAGAIN, EMFILE, ECONNABORTED, ...
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  // int getsockname(int, struct sockaddr *, socklen_t *)
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // int getsockopt(int, int level, int name, void *value, socklen_t *size)
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  // int setsockopt(int, int level, int name, const void *value, socklen_t size)
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // ssize_t readv(int, const struct iovec *, int count): 0 at the peer's FIN; EAGAIN, ECONNRESET, ETIMEDOUT, ...
  readv: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // ssize_t sendmsg(int, const struct msghdr *, int flags): what was taken, perhaps less; EAGAIN, EPIPE, ECONNRESET.
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int shutdown(int, int how): ENOTCONN where the peer is gone already.
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  // int close(int): the descriptor is gone, whatever it answers.
  close: { parameters: ["i32"], result: "i32" },
  // int eventfd(unsigned count, int flags)
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  // int getdtablesize(void): the soft limit of open files.
  getdtablesize: { parameters: [], result: "i32" },
  // long get_phys_pages(void): pages of the machine's memory, of getpagesize() bytes each; -1 where that is not known.
  get_phys_pages: { parameters: [], result: "i64" },
  getpagesize: { parameters: [], result: "i32" },
  // int epoll_create1(int flags)
  epoll_create1: { parameters: ["i32"], result: "i32" },
  // int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *): ENOSPC at the user's limit of
  // watches.
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // int epoll_wait(int, struct epoll_event *, int count, int timeoutMs): EINTR.
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // The same, on another thread, into memory of libc's own.
  epoll_wait_later: {
    name: "epoll_wait",
    parameters: ["i32", "pointer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Events that are fetched at once. */
const eventLimit = 1_024;
/** Room for what one call reads, and for what one call sends, in bytes. */
export const readBytes = 64 * 1024;
export const sendBytes = 128 * 1024;
/** `struct sockaddr_in6` is the longest that is used. */
export const addressBytes = 28;

/** An address as the operating system takes it: `struct sockaddr_in` or `sockaddr_in6`. */
export type SocketAddress = Uint8Array<ArrayBuffer>;

/** glibc, as one thread uses it: the functions and the memory that they work on. */
export class Libc {
  readonly #call: Deno.DynamicLibrary<typeof symbols>["symbols"];
  /** `errno` of this thread. Read as memory: that takes no permission, which the program may have given up. */
  readonly #errno: Int32Array;
  readonly #waitMemory: Deno.PointerObject;
  /** `struct epoll_event` in words of 4 bytes. */
  readonly #eventWords: number;
  readonly #dataAt: number;
  readonly #events: Int32Array<ArrayBuffer>;
  readonly #event: Int32Array<ArrayBuffer>;
  /** Filled by {@link read}; a receiver of a part of it copies what it needs after the call. */
  readonly readBuffer = new Uint8Array(readBytes);
  /** To be filled before {@link send}. */
  readonly sendBuffer = new Uint8Array(sendBytes);
  readonly #readVector: BigUint64Array<ArrayBuffer>;
  readonly #message: BigUint64Array<ArrayBuffer>;
  readonly #sendVector: BigUint64Array<ArrayBuffer>;
  readonly #readLength: Int32Array<ArrayBuffer>;
  readonly #sendLength: Int32Array<ArrayBuffer>;
  readonly #address: SocketAddress = new Uint8Array(addressBytes);
  readonly #size = new Uint32Array(1);
  readonly #value = new Int32Array(2);

  /**
   * Opens the library.
   *
   * @throws Error with the reason where the engine cannot work
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
    this.#readVector = vectorTo(this.readBuffer, readBytes);
    this.#readLength = new Int32Array(this.#readVector.buffer, vector.lengthAt);
    this.#sendVector = vectorTo(this.sendBuffer, 0);
    this.#sendLength = new Int32Array(this.#sendVector.buffer, vector.lengthAt);
    this.#message = new BigUint64Array(messageHeader.sizeBytes / 8);
    this.#message[messageHeader.vectorsAt / 8] = addressOf(this.#sendVector);
    this.#message[messageHeader.vectorCountAt / 8] = 1n;
  }

  /** A stream socket of the address's family. */
  socket(address: SocketAddress): number {
    return this.#told(this.#call.socket(familyOf(address), C.SOCK_STREAM | SOCK_FLAGS, 0));
  }

  bind(socket: number, address: SocketAddress): number {
    return this.#told(this.#call.bind(socket, address, address.length));
  }

  /** Binds to the address alone: the port is chosen at connect, by both ends, so that none runs out too early. */
  bindAddressOnly(socket: number, address: SocketAddress): number {
    // Where the kernel does not know the option, a port is taken at once: fewer connections, no other difference.
    this.#option(socket, C.SOL_IP, C.IP_BIND_ADDRESS_NO_PORT, 1);
    return this.bind(socket, address);
  }

  reuseAddress(socket: number): number {
    return this.#option(socket, C.SOL_SOCKET, C.SO_REUSEADDR, 1);
  }

  /** Sends small packets at once. What a listening socket has set its accepted ones have too. */
  noDelay(socket: number): number {
    return this.#option(socket, C.SOL_TCP, C.TCP_NODELAY, 1);
  }

  listen(socket: number, backlog: number): number {
    return this.#told(this.#call.listen(socket, backlog));
  }

  connect(socket: number, address: SocketAddress): number {
    return this.#told(this.#call.connect(socket, address, address.length));
  }

  /** Accepts a connection; {@link lastAddress} is the peer's then. */
  accept(socket: number): number {
    this.#size[0] = addressBytes;
    return this.#told(this.#call.accept4(socket, this.#address, this.#size, SOCK_FLAGS));
  }

  /** Asks for a socket's own address; {@link lastAddress} is it then. */
  ownAddress(socket: number): number {
    this.#size[0] = addressBytes;
    return this.#told(this.#call.getsockname(socket, this.#address, this.#size));
  }

  /** The address that the last call has told; overwritten by the next. */
  get lastAddress(): SocketAddress {
    return this.#address;
  }

  /** What went wrong on a socket, as `-errno`, and takes it off; 0 where nothing has. */
  pendingFault(socket: number): number {
    this.#size[0] = 4;
    const answer = this.#told(this.#call.getsockopt(socket, C.SOL_SOCKET, C.SO_ERROR, this.#value, this.#size));
    return answer < 0 ? answer : -this.#value[0]!;
  }

  /** Reads into the read buffer, at most so many bytes; answers how many, 0 at the peer's FIN. */
  read(socket: number, sizeBytes = readBytes): number {
    if (sizeBytes < 1 || sizeBytes > readBytes) throw new RangeError(`no ${sizeBytes} bytes can be read at once`);
    this.#readLength[0] = sizeBytes; // the lower half of it
    return this.#told(this.#call.readv(socket, this.#readVector as BufferSource, 1));
  }

  /** Sends the first bytes of the send buffer; answers how many were taken. */
  send(socket: number, sizeBytes: number): number {
    if (sizeBytes < 0 || sizeBytes > sendBytes) throw new RangeError(`no ${sizeBytes} bytes can be sent at once`);
    this.#sendLength[0] = sizeBytes; // the lower half of it
    return this.#told(this.#call.sendmsg(socket, this.#message as BufferSource, C.MSG_NOSIGNAL));
  }

  /** Sends FIN. */
  shutDown(socket: number): number {
    return this.#told(this.#call.shutdown(socket, C.SHUT_WR));
  }

  close(descriptor: number): void {
    this.#call.close(descriptor);
  }

  /** From now on closing sends RST. */
  lingerNothing(socket: number): void {
    this.#value[0] = 1;
    this.#value[1] = 0;
    this.#call.setsockopt(socket, C.SOL_SOCKET, C.SO_LINGER, this.#value, 8);
  }

  /** Closes with RST. */
  closeByReset(socket: number): void {
    this.lingerNothing(socket);
    this.#call.close(socket);
  }

  /** A descriptor that is always readable. */
  alwaysReadable(): number {
    return this.#told(this.#call.eventfd(1, C.EFD_NONBLOCK | C.EFD_CLOEXEC));
  }

  /** How many descriptors this process may have; below 0 where there is no limit. */
  openFilesLimit(): number {
    return this.#call.getdtablesize();
  }

  /** The memory of this machine, in bytes; below 0 where it is not known. */
  machineMemoryBytes(): number {
    return Number(this.#call.get_phys_pages()) * this.#call.getpagesize();
  }

  openEpoll(): number {
    return this.#told(this.#call.epoll_create1(C.EPOLL_CLOEXEC));
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

  /** Fetches what has happened, waiting for it so long at most; answers how many events there are. */
  events(epoll: number, waitMs: number): number {
    return this.#told(this.#call.epoll_wait(epoll, this.#events, eventLimit, waitMs));
  }

  /** Fulfilled when something happens, or the time is over; fetches nothing. */
  async somethingHappens(epoll: number, waitMs: number): Promise<void> {
    await this.#call.epoll_wait_later(epoll, this.#waitMemory, 1, waitMs);
  }

  /** Of the fetched events: what it says, whose it is, and the token with which that was watched. */
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
    return this.#told(this.#call.epoll_ctl(epoll, operation, descriptor, this.#event));
  }

  #option(socket: number, level: number, name: number, value: number): number {
    this.#value[0] = value;
    return this.#told(this.#call.setsockopt(socket, level, name, this.#value, 4));
  }

  #told(answer: number): number {
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
  return address[0] === C.AF_INET6 ? C.AF_INET6 : C.AF_INET;
}

/** The name in C of a fault such as -111, and what the operating system says of it. */
export function faultCode(fault: number): string {
  return codes.get(-fault) ?? `E${-fault}`;
}

const codes: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([code, number]) => [number as number, code]),
);

/** A fault in words, for people. */
export function faultText(fault: number): string {
  const [code, text] = util.getSystemErrorMap().get(fault) ?? [faultCode(fault), "unknown"];
  return `${text} (${code})`;
}
