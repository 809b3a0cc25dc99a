/*
 * Tells, one a line, the numbers of this architecture that src/net/epoll/linux_abi.ts and its neighbours rest on: name,
 * tab, number. tests/net/epoll/linux_abi.sh makes fixtures/epoll/linux_abi.tsv of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

#define TELL(name, value) printf("%s\t%lld\n", name, (long long)(value))
#define NUMBER(name) TELL(#name, name)
#define SIZE(type) TELL("sizeof " #type, sizeof(type))
#define FIELD(type, field)                                              \
  TELL("offsetof " #type "." #field, offsetof(type, field));            \
  TELL("sizeof " #type "." #field, sizeof(((type *)0)->field))

int main(void) {
  const unsigned one = 1;
  TELL("little-endian", *(const unsigned char *)&one);
  SIZE(int);
  SIZE(void *);
  SIZE(size_t);
  SIZE(ssize_t);
  SIZE(socklen_t);

  NUMBER(AF_UNIX);
  NUMBER(AF_INET);
  NUMBER(AF_INET6);
  NUMBER(SOCK_STREAM);
  NUMBER(SOCK_NONBLOCK);
  NUMBER(SOCK_CLOEXEC);
  NUMBER(EFD_NONBLOCK);
  NUMBER(EFD_CLOEXEC);
  NUMBER(EPOLL_CLOEXEC);
  NUMBER(CLOCK_REALTIME);
  NUMBER(CLOCK_MONOTONIC);
  NUMBER(TFD_NONBLOCK);
  NUMBER(TFD_CLOEXEC);
  NUMBER(PR_SET_TIMERSLACK);
  NUMBER(EPOLL_CTL_ADD);
  NUMBER(EPOLL_CTL_DEL);
  NUMBER(EPOLL_CTL_MOD);
  NUMBER(SOL_SOCKET);
  NUMBER(SO_REUSEADDR);
  NUMBER(SO_ERROR);
  NUMBER(SO_LINGER);
  NUMBER(SO_TIMESTAMPNS);
  NUMBER(SOL_TCP);
  NUMBER(TCP_NODELAY);
  NUMBER(SOL_IP);
  NUMBER(IP_BIND_ADDRESS_NO_PORT);
  NUMBER(MSG_NOSIGNAL);
  NUMBER(SHUT_WR);

  NUMBER(EPOLLIN);
  NUMBER(EPOLLOUT);
  NUMBER(EPOLLERR);
  NUMBER(EPOLLHUP);
  NUMBER(EPOLLRDHUP);

  NUMBER(EINTR);
  NUMBER(EAGAIN);
  NUMBER(EINPROGRESS);
  NUMBER(ECONNABORTED);
  NUMBER(EPIPE);
  NUMBER(ECONNRESET);
  NUMBER(EADDRNOTAVAIL);

  SIZE(struct epoll_event);
  FIELD(struct epoll_event, events);
  FIELD(struct epoll_event, data);
  SIZE(struct iovec);
  FIELD(struct iovec, iov_base);
  FIELD(struct iovec, iov_len);
  SIZE(struct msghdr);
  FIELD(struct msghdr, msg_iov);
  FIELD(struct msghdr, msg_iovlen);
  FIELD(struct msghdr, msg_control);
  FIELD(struct msghdr, msg_controllen);
  FIELD(struct cmsghdr, cmsg_type);
  SIZE(struct cmsghdr);
  FIELD(struct timespec, tv_sec);
  FIELD(struct timespec, tv_nsec);
  SIZE(struct itimerspec);
  FIELD(struct itimerspec, it_value.tv_sec);
  FIELD(struct itimerspec, it_value.tv_nsec);
  SIZE(struct linger);
  FIELD(struct linger, l_onoff);
  FIELD(struct linger, l_linger);
  SIZE(struct sockaddr_in);
  FIELD(struct sockaddr_in, sin_family);
  FIELD(struct sockaddr_in, sin_port);
  FIELD(struct sockaddr_in, sin_addr);
  SIZE(struct sockaddr_in6);
  FIELD(struct sockaddr_in6, sin6_family);
  FIELD(struct sockaddr_in6, sin6_port);
  FIELD(struct sockaddr_in6, sin6_addr);
  return 0;
}
