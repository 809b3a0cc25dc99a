/** The functions of glibc that `libc.ts` calls. */

/**
 * The functions, with their C signatures.
 *
 * Those with `nonblocking` run on a thread of the runtime and return a promise; all others return at once, because
 * every socket is non-blocking and `epoll_wait` has a timeout.
 */
export const symbols = {
  // int *__errno_location(void): the address of this thread's errno. Cannot fail.
  __errno_location: { parameters: [], result: "pointer" },
  // const char *gnu_get_libc_version(void): exists only in glibc. Never called; its existence is checked.
  gnu_get_libc_version: { parameters: [], result: "pointer" },
  // void *calloc(size_t count, size_t size): memory of libc; null if there is none.
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
  // ssize_t sendmsg(int, const struct msghdr *, int flags): number of bytes, perhaps not all; EAGAIN, EPIPE,
  // ECONNRESET.
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // ssize_t recvmsg(int, struct msghdr *, int flags): as readv, with the time stamp of the last byte.
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int clock_gettime(clockid_t, struct timespec *): fails only for an unknown clock.
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  // int shutdown(int, int how): ENOTCONN if the peer is already gone.
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  // int close(int): the descriptor is closed for every result.
  close: { parameters: ["i32"], result: "i32" },
  // int eventfd(unsigned count, int flags)
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  // int timerfd_create(int clock, int flags)
  timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
  // int timerfd_settime(int, int flags, const struct itimerspec *, struct itimerspec *): fails only for wrong values.
  timerfd_settime: { parameters: ["i32", "i32", "buffer", "pointer"], result: "i32" },
  // int getdtablesize(void): the soft limit of open files.
  getdtablesize: { parameters: [], result: "i32" },
  // long get_phys_pages(void): pages of the machine's memory, of getpagesize() bytes each; -1 if unknown.
  get_phys_pages: { parameters: [], result: "i64" },
  getpagesize: { parameters: [], result: "i32" },
  // int nanosleep(const struct timespec *, struct timespec *left)
  nanosleep: { parameters: ["buffer", "buffer"], result: "i32" },
  // int prctl(int option, unsigned long value, ...)
  prctl: { parameters: ["i32", "u64"], result: "i32" },
  // int epoll_create1(int flags)
  epoll_create1: { parameters: ["i32"], result: "i32" },
  // int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *): ENOSPC at the user's limit of
  // watches.
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // int epoll_wait(int, struct epoll_event *, int count, int timeoutMs): EINTR.
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // The same, on another thread, into memory of libc.
  epoll_wait_later: {
    name: "epoll_wait",
    parameters: ["i32", "pointer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;
