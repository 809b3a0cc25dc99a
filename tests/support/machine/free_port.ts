/** Ports of programs that cannot choose one themselves. */
import { portRange, readProc } from "../../../src/base/proc_file.ts";

/** The lowest port from which {@link freePort} draws: programs of the machine prefer lower ones. */
const leastPort = 12_000;

/**
 * A free port, for programs that cannot choose one themselves. The system may give a port of its range for outgoing
 * connections to a client before a slow program listens there, so the port is drawn from below that range.
 */
export function freePort(): number {
  const belowRange = (outgoingPorts()?.[0] ?? 0) - leastPort;
  while (belowRange > 0) {
    const port = leastPort + Math.floor(Math.random() * belowRange);
    try {
      using listener = Deno.listen({ hostname: "127.0.0.1", port });
      return listener.addr.port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The system's range for outgoing connections; undefined where it is unknown. */
export function outgoingPorts(): readonly [first: number, last: number] | undefined {
  return portRange(readProc("/proc/sys/net/ipv4/ip_local_port_range") ?? "");
}
