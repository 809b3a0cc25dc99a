/**
 * The room of one process, compared with the needs of a plan at its busiest: open files, source ports, and places in
 * the queue of connections that the broker has not accepted yet. The limits are measured or read; no check here
 * contacts a broker.
 */
import { UsageError } from "../../base/failure.ts";
import { portRange, readProc, readProcNumber } from "../../base/proc_file.ts";
import { formatCount } from "../../base/units.ts";
import { isLoopback } from "../../net/endpoint.ts";
import { usualSourcePorts } from "../plan/plan_options.ts";
import type { FleetPlan, FleetRun } from "../plan/plan.ts";
import { portsWaiting, takeoversAtOnce } from "./port_budget.ts";
import type { Notice } from "../result/result.ts";
import { bucketsHere, clientsHere, mostShards, shardsOf } from "../plan/shard.ts";

/** The values read from the operating system; undefined where it provides none. */
export interface SystemLimits {
  /** The first and last port that it gives to connections. */
  readonly ports: readonly [first: number, last: number] | undefined;
  /** The limit of the accept queue of a listener. */
  readonly somaxconn: number | undefined;
  /** `net.ipv4.tcp_tw_reuse`: 0 never, 1 everywhere, 2 on loopback. */
  readonly timeWaitReuse?: number | undefined;
}

/** Reads the limits. */
export function systemLimits(): SystemLimits {
  const text = readProc("/proc/sys/net/ipv4/ip_local_port_range");
  return {
    ports: text === undefined ? undefined : portRange(text),
    somaxconn: readProcNumber("/proc/sys/net/core/somaxconn"),
    timeWaitReuse: readProcNumber("/proc/sys/net/ipv4/tcp_tw_reuse"),
  };
}

/** Watchers, canaries, probes, the sweep of sessions: connections that are open at once besides the clients'. */
function extraConnections(plan: FleetPlan): number {
  const watchers = bucketsHere(plan).count;
  return watchers * plan.fanOut + watchers + 64;
}

/** Connections that this process has open at its busiest. */
function connectionsOf(plan: FleetPlan): number {
  return clientsHere(plan).count + takeoversAtOnce(plan) + extraConnections(plan);
}

/**
 * Descriptors that the runtime itself needs, and each thread of clients: its own event loops, epoll's and its waker.
 */
const ownDescriptors = 64;
const threadDescriptors = 12;

/** Open files that a plan needs in this process. */
export function descriptorNeed({ plan, brokerInProcess }: Pick<FleetRun, "plan" | "brokerInProcess">): number {
  // Each socket has its other end here where the broker is.
  return connectionsOf(plan) * (brokerInProcess ? 2 : 1) + plan.workers * threadDescriptors + ownDescriptors;
}

/** @throws UsageError when a source address is not one of this machine */
export function checkSourceAddresses(
  { sourceAddresses }: Pick<FleetPlan, "sourceAddresses">,
  isOwn: (address: string) => boolean = isOwnAddress,
): void {
  const foreign = sourceAddresses.find((address) => !isOwn(address));
  if (foreign === undefined) return;
  throw new UsageError(
    `Cannot use --source-address ${foreign}: it is not an address of this machine; expected one of its addresses`,
  );
}

/** Whether this machine has the address: it can listen on it. True where the runtime does not permit the trial. */
function isOwnAddress(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.AddrNotAvailable);
  }
}

/** @throws UsageError when a plan needs more open files than the limit, with a remedy */
export function checkDescriptors(run: Pick<FleetRun, "plan" | "brokerInProcess">, had: number): void {
  const needed = descriptorNeed(run);
  if (had >= needed) return;
  const { plan, brokerInProcess } = run;
  const both = brokerInProcess ? ", two for each connection since the broker is in this process" : "";
  throw new UsageError(
    `Cannot hold ${formatCount(clientsHere(plan).count)} clients in this process: ${
      formatCount(needed)
    } open files are ` +
      `needed${both}, and its limit leaves ${formatCount(had)}; ${shardsAdvice(run, had)}raise the limit ` +
      `(ulimit -n ${needed + ownDescriptors}), or ask for fewer clients`,
  );
}

function shardsAdvice(run: Pick<FleetRun, "plan" | "brokerInProcess">, had: number): string {
  const shards = shardsThatFit(run.plan, had);
  if (shards === undefined) return "";
  // A broker that is in one process cannot serve the clients of several.
  const apart = run.brokerInProcess
    ? "start the broker in its own process (mqtt-sim broker), pass its --url, and "
    : "";
  if (shards === shardsOf(run.plan)) return apart === "" ? "" : `${apart}keep the rest, `;
  return `${apart}run ${formatCount(shards)} shards (--shard 1/${shards} to ${shards}/${shards}), `;
}

/** The fewest processes, apart from the broker's, whose largest has room; undefined where no number of them does. */
export function shardsThatFit(plan: FleetPlan, had: number): number | undefined {
  const most = Math.min(mostShards, Math.floor(plan.clients / plan.workers));
  for (let of = shardsOf(plan); of <= most; of++) {
    // Of parts as even as can be, the last is among the largest; watchers are one at least for each thread.
    const part = { ...plan, shard: { number: of, of }, watchers: Math.max(plan.watchers, plan.workers * of) };
    if (descriptorNeed({ plan: part, brokerInProcess: false }) <= had) return of;
  }
  return undefined;
}

/** How long the side that closes first keeps its port, in seconds; and where Linux may reuse it. */
const timeWaitS = 60;
const reusedTimeWaitS = 1;

/** How long a closed connection to the host keeps its port, in milliseconds. Reuse on loopback is Linux's default. */
function timeWaitMs(host: string, { timeWaitReuse = 2 }: SystemLimits): number {
  const reused = timeWaitReuse === 1 || (timeWaitReuse === 2 && isLoopback(host));
  return (reused ? reusedTimeWaitS : timeWaitS) * 1_000;
}

/**
 * One source address has so many ports towards one broker address, and each connection takes one.
 *
 * @throws UsageError when they do not suffice: with the remedy
 */
export function checkSourcePorts(
  { plan, target }: Pick<FleetRun, "plan" | "target">,
  limits: SystemLimits,
  notify: (notice: Notice) => void,
): void {
  const addresses = Math.max(1, plan.sourceAddresses.length);
  const { each, whence } = portsEach(plan, limits);
  const needed = connectionsOf(plan) + portsWaiting(plan, timeWaitMs(target.host, limits));
  const assumed = plan.sourcePorts === undefined && limits.ports === undefined;
  if (assumed && needed > each * addresses / 2) notify({ level: "info", text: `Source ports: ${whence}.` });
  if (needed <= each * addresses) return;
  const wanted = Math.ceil(needed / each);
  const from = addresses === 1 ? "one source address" : `${formatCount(addresses)} source addresses`;
  throw new UsageError(
    `Cannot open ${formatCount(needed)} connections from ${from} to ${target.host}:${target.port}: ${
      formatCount(each)
    } ` +
      `source ports are available for each (${whence}); name ${
        formatCount(wanted - addresses)
      } more addresses of this ` +
      `machine, ${formatCount(wanted)} in total (--source-address, for example a range), run ` +
      `${
        formatCount(Math.ceil(shardsOf(plan) * wanted / addresses))
      } shards with addresses of their own, or ask for fewer ` +
      `clients`,
  );
}

function portsEach({ sourcePorts }: FleetPlan, { ports }: SystemLimits): { each: number; whence: string } {
  if (sourcePorts !== undefined) return { each: sourcePorts, whence: `--source-ports ${sourcePorts}` };
  if (ports !== undefined) return { each: ports[1] - ports[0] + 1, whence: `ip_local_port_range ${ports.join("-")}` };
  const whence =
    `${
      formatCount(usualSourcePorts)
    } for each address are assumed, the default range of Linux: the actual range cannot ` +
    `be read without all permissions; set another number with --source-ports`;
  return { each: usualSourcePorts, whence };
}

/** Warns where more open CONNECTs are possible than a listener of this machine can queue. */
export function checkAcceptQueue(
  { plan, target }: Pick<FleetRun, "plan" | "target">,
  { somaxconn }: SystemLimits,
  notify: (notice: Notice) => void,
): void {
  if (somaxconn === undefined || !isLoopback(target.host) || plan.connectsUnderWay <= somaxconn) return;
  const text =
    `--connects-under-way ${formatCount(plan.connectsUnderWay)} is more than an accept queue of this machine ` +
    `holds (net.core.somaxconn ${formatCount(somaxconn)}): what does not fit is lost, and tried again a second later`;
  notify({ level: "warning", text });
}
