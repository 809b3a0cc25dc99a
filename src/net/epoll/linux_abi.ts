/**
 * Constants of glibc's headers on Linux for x86-64 and arm64, by their name in C, and the offsets of structure fields.
 * Source: `fixtures/epoll/linux_abi.tsv`, which a C compiler for each of the two generated.
 */

/** The same on both architectures. */
export const C = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  EFD_NONBLOCK: 0o4000,
  EFD_CLOEXEC: 0o2000000,
  EPOLL_CLOEXEC: 0o2000000,
  CLOCK_REALTIME: 0,
  CLOCK_MONOTONIC: 1,
  TFD_NONBLOCK: 0o4000,
  TFD_CLOEXEC: 0o2000000,
  PR_SET_TIMERSLACK: 29,
  EPOLL_CTL_ADD: 1,
  EPOLL_CTL_DEL: 2,
  EPOLL_CTL_MOD: 3,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_ERROR: 4,
  SO_LINGER: 13,
  SO_TIMESTAMPNS: 35,
  SOL_TCP: 6,
  TCP_NODELAY: 1,
  SOL_IP: 0,
  IP_BIND_ADDRESS_NO_PORT: 24,
  MSG_NOSIGNAL: 0x4000,
  SHUT_WR: 1,
} as const;

/** `struct epoll_event`, in bytes: on x86-64 it is packed. */
interface EventLayout {
  readonly sizeBytes: number;
  /** Offset of its 8 bytes of data: here the descriptor, then the token. The event bits are at 0. */
  readonly dataAt: number;
}

/** By the runtime's name of the architecture. */
export const eventLayouts: Readonly<Record<string, EventLayout>> = {
  x86_64: { sizeBytes: 12, dataAt: 4 },
  aarch64: { sizeBytes: 16, dataAt: 8 },
};

/** `struct msghdr`, in bytes; other fields stay 0. The count has 8 bytes, and so have the control fields. */
export const messageHeader = {
  sizeBytes: 56,
  vectorsAt: 16,
  vectorCountAt: 24,
  controlAt: 32,
  controlSizeAt: 40,
} as const;

/** `struct cmsghdr` and the `struct timespec` behind it, in bytes; the fields of the latter have 8. */
export const stampMessage = { sizeBytes: 32, typeAt: 12, secondsAt: 16, nanosecondsAt: 24 } as const;

/** `struct iovec`, in bytes; both fields have 8. */
export const vector = { sizeBytes: 16, baseAt: 0, lengthAt: 8 } as const;

/** `struct itimerspec`, in bytes; both fields of its value have 8. */
export const timerSpec = { sizeBytes: 32, secondsAt: 16, nanosecondsAt: 24 } as const;
