/**
 * Remarks of people for docs/bench.md, which a new run keeps: by the id of a workload, for the text below its table, or
 * of a row of the goals, for the reason why the goal is missed.
 */
const runtimeSockets =
  "On the deno engine a reset reaches the program as an exception, made in the runtime from a read that was under way as " +
  "a promise (`buildCustomError`, `ConnectionReset`, `__opRejectHandler`): what the epoll engine does without.";

export const remarks: ReadonlyMap<string, string> = new Map([
  [
    "storm-5000-1-q0-1",
    "By the clock there is little to be won: while mosquitto goes through the storm the generator is busy for all but 5 to " +
    "10 % of it, and for most of it with the resets alone (`resets took`), which it does for every broker. By CPU time: with " +
    "one watcher there is a `close` and a `read` in the kernel for every will that is written, for mosquitto as for us, and " +
    `what is ours alone is the rest, V8's collector on the same core included. ${runtimeSockets}`,
  ],
  ["storm-1000-50-q0-1", runtimeSockets],
  [
    "storm-1000-50-q1",
    "Until 2026-11-30 each client's copy of a QoS 1 message was an array and an object of its own until its " +
    "acknowledgement. Nine rounds before and nine after the change, each beside mosquitto: CPU time of a death with " +
    "50 watchers 98.5 µs, then 39.3, and 4.6 ×, then 9.2 × less than mosquitto's (337 to 409 µs); with 10 watchers " +
    "28.8 µs, then 18, and 2.4 ×, then 3.5 × less than mosquitto's.",
  ],
  [
    "connect-1",
    "Of mosquitto's CPU time some three quarters are the kernel's, for `accept`, `read`, `write` and the like, and we call " +
    "the kernel for the same: to be level, all that V8 does for a CONNECT would have to fit into the quarter that is left.",
  ],
  [
    "fleet-epoll-1",
    "The sockets of a life alone, dialled, spoken to, answered and reset, with nothing around the calls, take some 50 µs for " +
    "both ends in one warm thread (`deno task bench`, group `socket`). Tried by hand with the peer on the other core, the end " +
    "that dials pays 51 µs where 100 do so at once, 81 with three and 153 with one, for a wake-up and cold caches. So a life " +
    "costs the less, the more there are: by hand 396 µs with 805 a second, 192 with 2,261, 141 with 4,521, " +
    "where one more in a second costs some 85. Of 163 µs at that pace, by a profiler of the whole process (perf), 82 were the kernel's, more than the " +
    "goal: connect 31, send 17, close with RST 12. Compiled TypeScript had 40, no function of the fleet's more than 5, V8's " +
    "collector, compiler and built-in functions and the runtime's event loop the rest.",
  ],
  [
    "fleet-deno-1",
    "A link is a socket of `node:net` here, for no other of the runtime's can send RST or choose its own address. By the same " +
    "profiler half of a life's cost is the runtime's without any TypeScript under way, and most of the rest is `node:net`.",
  ],
  [
    "keep-alive",
    "Counted from a client's CONNACK to its will. The standard lets a broker take its time after 1.5 × keep alive, and " +
    "names no limit: there is no goal, only the figure.",
  ],
  [
    "connect",
    "No more than 96 CONNECTs are on the way at a time, for mosquitto listens with a backlog of 100: a SYN that finds it " +
    "full is sent again a second later, and the rate would be that of the kernel's timer.",
  ],
  [
    "memory",
    "Resident memory of the process five seconds after the last CONNECT, with nothing collected. On epoll a client is some " +
    "1,100 bytes of objects: connection, link, session, will, and their places in four tables. Most of the rest is paid once, " +
    "independent of the clients: compiled code, V8's threads, its young generation, and the part of the program that runs for the " +
    "first time. From 2,000 to 18,000 clients one more costs 1,400 bytes. The young generation is held to semi-spaces of " +
    "4 MiB by the task and the binary; as V8 would let it grow, with 10,000 clients it were 1,400 bytes more for each, and " +
    "no CPU less. `deno task bench:memory` lists the parts, and their change over kills and reconnects.",
  ],
  [
    "memory-1",
    "On the runtime's own sockets 3,600 bytes of objects live for each client, and what the broker holds of it is 900 of " +
    "them, as on epoll. About half are the runtime's: a connection with two addresses, each an object with a table of its " +
    "own, and the promises and closures of the read that waits on it. The link is some 900, where one of epoll is 216: it " +
    "holds a buffer for that read, and waits for it. Some 2,000 bytes lie outside the heap: the socket, its place in the " +
    "runtime's own event loop, the read under way, and the 256 bytes of its buffer.",
  ],
  [
    "steady",
    "aedes takes no part here, nor where 18,000 clients and more die: it would take minutes over each.",
  ],
  [
    "not measured",
    "The network: all goes over loopback, and a reset costs the generator as much of the kernel as the broker. TLS and " +
    "WebSocket. Brokers with more than one thread: each has one core here, which is all that ours uses. 50,000 clients on " +
    "one broker: a process has no more than 20,000 open files on this machine, so that they are shared among three. A " +
    "fleet of several processes is `deno task bench:scale`'s.",
  ],
]);
