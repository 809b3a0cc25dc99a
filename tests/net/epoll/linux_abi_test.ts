/** The constants of the epoll engine against those that C compilers for x86-64 and arm64 print from glibc's headers. */
import assert from "node:assert/strict";
import { addressBytes, Epoll, SocketError } from "../../../src/net/epoll/libc.ts";
import { C, eventLayouts, messageHeader, stampMessage, timerSpec, vector } from "../../../src/net/epoll/linux_abi.ts";
import { socketAddress } from "../../../src/net/epoll/socket_address.ts";

const table = Deno.readTextFileSync(new URL("../../../fixtures/epoll/linux_abi.tsv", import.meta.url));
const [head, ...lines] = table.trimEnd().split("\n").map((line) => line.split("\t"));
const kinds = ["x86_64", "aarch64"];

for (const [at, kind] of kinds.entries()) {
  const numbers = new Map(lines.map((line) => [line[0]!, Number(line[1 + at])]));

  Deno.test(`epoll: the constants for ${kind} equal those of a C compiler`, () => {
    assert.deepEqual(head, ["name", ...kinds]);
    for (const [name, number] of Object.entries(ours(kind))) assert.equal(number, numbers.get(name), name);
  });

  Deno.test(`epoll: the C compiler answers each constant for ${kind}`, () => {
    assert.deepEqual(Object.keys(ours(kind)).sort(), [...numbers.keys()].sort());
  });
}

/** The constants that the engine uses, under the names of the table. */
function ours(kind: string): Record<string, number> {
  return {
    ...widths,
    ...C,
    ...{ EPOLLIN: Epoll.in, EPOLLOUT: Epoll.out, EPOLLERR: Epoll.error, EPOLLHUP: Epoll.hangUp },
    EPOLLRDHUP: Epoll.peerHangUp,
    ...errors,
    ...structures(kind),
    ...addresses(),
  };
}

/** As in the signatures and typed arrays of libc.ts. */
const widths = {
  "little-endian": 1,
  "sizeof int": Int32Array.BYTES_PER_ELEMENT,
  "sizeof void *": BigUint64Array.BYTES_PER_ELEMENT,
  "sizeof size_t": BigUint64Array.BYTES_PER_ELEMENT,
  "sizeof ssize_t": BigInt64Array.BYTES_PER_ELEMENT,
  "sizeof socklen_t": Uint32Array.BYTES_PER_ELEMENT,
};

/** The runtime's constants of this system on Linux; on another system the expected ones of Linux. */
const errors = Deno.build.os === "linux"
  ? {
    EINTR: -SocketError.interrupted,
    EAGAIN: -SocketError.again,
    EINPROGRESS: -SocketError.inProgress,
    ECONNABORTED: -SocketError.aborted,
    EPIPE: -SocketError.brokenPipe,
    ECONNRESET: -SocketError.reset,
    EADDRNOTAVAIL: -SocketError.noAddress,
  }
  : { EINTR: 4, EAGAIN: 11, EINPROGRESS: 115, ECONNABORTED: 103, EPIPE: 32, ECONNRESET: 104, EADDRNOTAVAIL: 99 };

function structures(kind: string): Record<string, number> {
  const event = eventLayouts[kind]!;
  return {
    "sizeof struct epoll_event": event.sizeBytes,
    ...field("epoll_event.events", 0, 4),
    ...field("epoll_event.data", event.dataAt, 8),
    "sizeof struct iovec": vector.sizeBytes,
    ...field("iovec.iov_base", vector.baseAt, 8),
    ...field("iovec.iov_len", vector.lengthAt, 8),
    "sizeof struct msghdr": messageHeader.sizeBytes,
    ...field("msghdr.msg_iov", messageHeader.vectorsAt, 8),
    ...field("msghdr.msg_iovlen", messageHeader.vectorCountAt, 8),
    ...field("msghdr.msg_control", messageHeader.controlAt, 8),
    ...field("msghdr.msg_controllen", messageHeader.controlSizeAt, 8),
    ...field("cmsghdr.cmsg_type", stampMessage.typeAt, 4),
    "sizeof struct cmsghdr": stampMessage.secondsAt,
    ...field("timespec.tv_sec", 0, 8),
    ...field("timespec.tv_nsec", stampMessage.nanosecondsAt - stampMessage.secondsAt, 8),
    "sizeof struct itimerspec": timerSpec.sizeBytes,
    ...field("itimerspec.it_value.tv_sec", timerSpec.secondsAt, 8),
    ...field("itimerspec.it_value.tv_nsec", timerSpec.nanosecondsAt, 8),
    // Two values of an Int32Array: lingerNothing.
    "sizeof struct linger": 8,
    ...field("linger.l_onoff", 0, 4),
    ...field("linger.l_linger", 4, 4),
  };
}

/** The offsets of the address bytes; each byte of the sample address differs. */
function addresses(): Record<string, number> {
  const four = socketAddress("17.18.19.20", 0x2122)!;
  const six = socketAddress("3132:3334:3536:3738:393a:3b3c:3d3e:3f40", 0x2122)!;
  assert.equal(six.length, addressBytes);
  return {
    "sizeof struct sockaddr_in": four.length,
    ...field("sockaddr_in.sin_family", four.indexOf(C.AF_INET), 2),
    ...field("sockaddr_in.sin_port", four.indexOf(0x21), 2),
    ...field("sockaddr_in.sin_addr", four.indexOf(17), 4),
    "sizeof struct sockaddr_in6": six.length,
    ...field("sockaddr_in6.sin6_family", six.indexOf(C.AF_INET6), 2),
    ...field("sockaddr_in6.sin6_port", six.indexOf(0x21), 2),
    ...field("sockaddr_in6.sin6_addr", six.indexOf(0x31), 16),
  };
}

function field(name: string, at: number, sizeBytes: number): Record<string, number> {
  return { [`offsetof struct ${name}`]: at, [`sizeof struct ${name}`]: sizeBytes };
}
