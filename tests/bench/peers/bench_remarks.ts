/**
 * What people add to docs/bench.md, so that it outlives a new run: by the id of a workload, which puts it under that
 * workload's table, or of a row of the goals, which puts it where the page says why that goal is missed.
 */
export const remarks: ReadonlyMap<string, string> = new Map([
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
    "Resident memory of the process, with what V8 and the kernel's copy of the program keep in reserve; what the heap " +
    "alone holds, and how it behaves over kills and reconnects, `deno task bench:memory` tells.",
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
