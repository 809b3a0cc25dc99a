/*
 * A neutral load generator in C, to measure the fleet as an instrument: one thread, epoll, no allocation after the
 * start. Clients with wills connect to an MQTT 3.1.1 broker on loopback. The generator resets their connections
 * (SO_LINGER 0) at a fixed rate, at evenly spaced instants, and each client reconnects after a delay. One watcher
 * receives the wills. The last line of output is one JSON object; latencies are in microseconds.
 *
 *   generator PORT CLIENTS KILLS_PER_SECOND SECONDS QOS RECONNECT_MS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTING_AT_MOST = 64, INPUT_BYTES = 1 << 16, DRAIN_MS = 3000, CONNECT_LIMIT_MS = 60000 };
enum phase { OFF, DIALLING, WAITING_FOR_CONNACK, ONLINE };

struct client {
  int socket;
  enum phase phase;
  uint32_t life;          /* number of the current life, from 1 */
  uint32_t killed_life;   /* number of the life that the last kill ended */
  int64_t scheduled_ns;   /* of the last kill; 0 once its will has come */
  int64_t killed_ns;      /* when close() of the last kill had returned */
  int64_t reconnect_ns;   /* when to dial again */
};

static int port, client_count, qos, epoll_fd;
static double kills_per_second, seconds;
static int64_t reconnect_delay_ns;
static struct client *clients;
static int *online, online_count, *position;   /* the clients that a kill can choose */
static int under_way, waiting_first, waiting_count, *waiting_list;
static int watcher = -1, watcher_ready;
static uint8_t watcher_input[INPUT_BYTES];
static int watcher_bytes;
static double *scheduled_us, *killed_us, *slip_us, *kill_us;
static long wills, kills, duplicates, unknown;
static uint64_t chance = 88172645463325252ull;

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint32_t draw(uint32_t below) {
  chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
  return (uint32_t)(chance >> 32) % below;
}

static int dial(uint64_t token) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&peer, sizeof peer) < 0 && errno != EINPROGRESS) fail("connect");
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u64 = token};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
  return fd;
}

static void read_only(int fd, uint64_t token) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0) fail("epoll_ctl");
}

static uint8_t *text(uint8_t *at, const char *value) {
  size_t length = strlen(value);
  *at++ = length >> 8, *at++ = length;
  memcpy(at, value, length);
  return at + length;
}

/* A CONNECT with Clean Session, and a will whose payload is `number:life`; without a will for number -1. */
static void send_connect(int fd, int number, uint32_t life) {
  uint8_t packet[256], *at = packet + 2;
  char id[32], topic[32], payload[32];
  at = text(at, "MQTT");
  *at++ = 4;
  *at++ = number < 0 ? 0x02 : 0x06 | qos << 3;
  *at++ = 0, *at++ = 120;
  snprintf(id, sizeof id, number < 0 ? "watcher" : "c%d", number);
  at = text(at, id);
  if (number >= 0) {
    snprintf(topic, sizeof topic, "will/%d", number);
    snprintf(payload, sizeof payload, "%d:%u", number, life);
    at = text(text(at, topic), payload);
  }
  packet[0] = 0x10, packet[1] = at - packet - 2;
  if (write(fd, packet, at - packet) != at - packet) fail("write");
}

static void subscribe(int fd) {
  uint8_t packet[64] = {0x82, 0, 0, 1}, *at = text(packet + 4, "will/+");
  *at++ = qos;
  packet[1] = at - packet - 2;
  if (write(fd, packet, at - packet) != at - packet) fail("write");
}

static void answer(uint8_t type, const uint8_t *id) {
  uint8_t packet[4] = {type, 2, id[0], id[1]};
  if (write(watcher, packet, sizeof packet) != sizeof packet) fail("write");
}

static void will_came(const char *payload, int length, int64_t at_ns) {
  char copy[32];
  int number;
  uint32_t life;
  if (length >= (int)sizeof copy) length = sizeof copy - 1;
  memcpy(copy, payload, length), copy[length] = 0;
  if (sscanf(copy, "%d:%u", &number, &life) != 2 || number < 0 || number >= client_count) { unknown++; return; }
  struct client *client = clients + number;
  if (client->scheduled_ns == 0 || life != client->killed_life) { duplicates++; return; }
  scheduled_us[wills] = (at_ns - client->scheduled_ns) / 1e3;
  killed_us[wills++] = (at_ns - client->killed_ns) / 1e3;
  client->scheduled_ns = 0;
}

static void packet_came(const uint8_t *packet, int head, int size, int64_t at_ns) {
  const uint8_t *body = packet + head;
  switch (packet[0] >> 4) {
    case 2: subscribe(watcher); break;
    case 9: watcher_ready = 1; break;
    case 3: {
      int topic = body[0] << 8 | body[1], level = packet[0] >> 1 & 3, start = 2 + topic + (level > 0 ? 2 : 0);
      will_came((const char *)body + start, size - head - start, at_ns);
      if (level > 0) answer(level == 1 ? 0x40 : 0x50, body + 2 + topic);
      break;
    }
    case 6: answer(0x70, body); break;
  }
}

static void read_watcher(void) {
  for (;;) {
    ssize_t count = read(watcher, watcher_input + watcher_bytes, INPUT_BYTES - watcher_bytes);
    int64_t at_ns = now_ns();
    if (count == 0) { errno = 0, fail("the broker closed the watcher"); }
    if (count < 0) { if (errno == EAGAIN) return; fail("read"); }
    watcher_bytes += count;
    int from = 0;
    for (;;) {
      int size = 0, shift = 0, at = from + 1, complete = 0;
      for (; at < watcher_bytes; at++, shift += 7) {
        size |= (watcher_input[at] & 127) << shift;
        if (watcher_input[at] < 128) { complete = 1, at++; break; }
      }
      if (!complete || at + size > watcher_bytes) break;
      packet_came(watcher_input + from, at - from, at - from + size, at_ns);
      from = at + size;
    }
    watcher_bytes -= from;
    memmove(watcher_input, watcher_input + from, watcher_bytes);
  }
}

static void wait_to_dial(int number, int64_t from_ns) {
  clients[number].phase = OFF;
  clients[number].reconnect_ns = from_ns;
  waiting_list[(waiting_first + waiting_count++) % client_count] = number;
}

static void dial_waiting(int64_t at_ns) {
  while (waiting_count > 0 && under_way < CONNECTING_AT_MOST) {
    int number = waiting_list[waiting_first];
    struct client *client = clients + number;
    if (client->reconnect_ns > at_ns) return;
    waiting_first = (waiting_first + 1) % client_count, waiting_count--;
    under_way++;
    client->phase = DIALLING;
    client->socket = dial(number);
  }
}

static void client_event(int number) {
  struct client *client = clients + number;
  uint8_t input[64];
  if (client->phase == DIALLING) {
    read_only(client->socket, number);
    client->life++;
    client->phase = WAITING_FOR_CONNACK;
    send_connect(client->socket, number, client->life);
    return;
  }
  ssize_t count = read(client->socket, input, sizeof input);
  if (count < 0 && errno == EAGAIN) return;
  if (count >= 4 && client->phase == WAITING_FOR_CONNACK && input[0] == 0x20 && input[3] == 0) {
    under_way--;
    client->phase = ONLINE;
    position[number] = online_count;
    online[online_count++] = number;
    return;
  }
  fail("a client was refused, or the broker closed its connection");
}

static void kill_one(int64_t scheduled_ns) {
  /* A client whose last will is still missing stays out: its next will could be taken for that one. */
  for (int tries = 0; online_count > 0 && tries < 100; tries++) {
    int at = draw(online_count), number = online[at];
    struct client *client = clients + number;
    if (client->scheduled_ns != 0) continue;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    client->scheduled_ns = scheduled_ns;
    client->killed_life = client->life;
    int64_t started_ns = now_ns();
    setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client->socket);
    client->killed_ns = now_ns();
    kill_us[kills] = (client->killed_ns - started_ns) / 1e3;
    slip_us[kills++] = (started_ns - scheduled_ns) / 1e3;
    online[at] = online[--online_count];
    position[online[at]] = at;
    wait_to_dial(number, client->killed_ns + reconnect_delay_ns);
    return;
  }
}

/* Handles events until an instant. */
static void turn(int64_t until_ns) {
  struct epoll_event events[256];
  int64_t left_ns = until_ns - now_ns();
  if (left_ns < 0) left_ns = 0;
  struct timespec patience = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
  int count = epoll_pwait2(epoll_fd, events, 256, &patience, NULL);
  if (count < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int at = 0; at < count; at++) {
    if (events[at].data.u64 != UINT64_MAX) { client_event((int)events[at].data.u64); continue; }
    if (events[at].events & EPOLLOUT) { read_only(watcher, UINT64_MAX); send_connect(watcher, -1, 0); }
    else read_watcher();
  }
}

static int by_size(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static double at_share(const double *sorted, long count, double share) {
  return count == 0 ? 0 : sorted[(long)((count - 1) * share)];
}

static void print_row(const char *name, double *values, long count) {
  qsort(values, count, sizeof *values, by_size);
  printf("\"%s\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f},", name, at_share(values, count, 0.5),
         at_share(values, count, 0.99), at_share(values, count, 1));
}

static double cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

int main(int argc, char **argv) {
  if (argc != 7) { fprintf(stderr, "usage: generator PORT CLIENTS KILLS_PER_SECOND SECONDS QOS RECONNECT_MS\n"); return 2; }
  port = atoi(argv[1]), client_count = atoi(argv[2]), kills_per_second = atof(argv[3]), seconds = atof(argv[4]);
  qos = atoi(argv[5]), reconnect_delay_ns = atof(argv[6]) * 1e6;
  long planned = (long)(kills_per_second * seconds);
  clients = calloc(client_count, sizeof *clients);
  online = calloc(client_count, sizeof *online), position = calloc(client_count, sizeof *position);
  waiting_list = calloc(client_count, sizeof *waiting_list);
  scheduled_us = calloc(planned + 1, sizeof(double)), killed_us = calloc(planned + 1, sizeof(double));
  slip_us = calloc(planned + 1, sizeof(double)), kill_us = calloc(planned + 1, sizeof(double));
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) fail("epoll_create1");

  watcher = dial(UINT64_MAX);
  int64_t limit_ns = now_ns() + CONNECT_LIMIT_MS * 1000000ll;
  while (!watcher_ready && now_ns() < limit_ns) turn(now_ns() + 100000000);
  for (int number = 0; number < client_count; number++) wait_to_dial(number, 0);
  while (online_count < client_count && now_ns() < limit_ns) {
    dial_waiting(now_ns());
    turn(now_ns() + 100000000);
  }
  if (online_count < client_count) { errno = ETIMEDOUT, fail("connecting the clients"); }

  double cpu_before_us = cpu_us();
  int64_t start_ns = now_ns() + 200000000;
  for (long next = 0; next < planned;) {
    int64_t due_ns = start_ns + (int64_t)(next * 1e9 / kills_per_second), at_ns = now_ns();
    if (due_ns <= at_ns) { kill_one(due_ns), next++; continue; }
    dial_waiting(at_ns);
    int64_t until_ns = due_ns;
    if (waiting_count > 0 && under_way < CONNECTING_AT_MOST) {
      int64_t dial_ns = clients[waiting_list[waiting_first]].reconnect_ns;
      if (dial_ns < until_ns) until_ns = dial_ns;
    }
    turn(until_ns);
  }
  int64_t end_ns = now_ns() + DRAIN_MS * 1000000ll;
  while (wills < kills && now_ns() < end_ns) {
    dial_waiting(now_ns());
    turn(now_ns() + 5000000);
  }
  double cpu = cpu_us() - cpu_before_us;
  printf("{\"kills\":%ld,\"wills\":%ld,\"duplicates\":%ld,\"unknown\":%ld,", kills, wills, duplicates, unknown);
  print_row("fromScheduledUs", scheduled_us, wills);
  print_row("fromKillUs", killed_us, wills);
  print_row("slipUs", slip_us, kills);
  print_row("killUs", kill_us, kills);
  printf("\"cpuUs\":%.0f}\n", cpu);
  return 0;
}
