/**
 * What must hold before a run is worth starting: room for the sockets, a broker that answers, a version that it speaks,
 * and wills that it takes.
 */
import { UsageError } from "../base/failure.ts";
import type { ConnackPacket, ProtocolVersion } from "../mqtt/packet.ts";
import { isLoopback } from "../net/endpoint.ts";
import { killsByReset } from "./reset_proof.ts";
import { type KillShare, needsVersion5 } from "./kill_mode.ts";
import { greet, type Greeting } from "./greet.ts";
import type { FleetPlan, FleetRun } from "./plan.ts";
import type { Notice } from "./result.ts";

/** What the pre-flight settled, or why nothing can be run. */
export type Preflight =
  | { readonly kind: "ready"; readonly plan: FleetPlan; readonly protocol: "3.1.1" | "5" | "mix" }
  | { readonly kind: "void"; readonly reason: string };

/**
 * Looks before the run leaps.
 *
 * @throws UsageError when the plan asks for what this machine or this broker cannot do, with the way out
 */
export async function preflight(run: FleetRun, notify: (notice: Notice) => void): Promise<Preflight> {
  checkDescriptors(run);
  checkSourcePorts(run);
  const plan = await settleReset(run.plan, notify);
  return await settleProtocol({ ...run, plan }, notify);
}

/** Connections that are open at once besides the clients': watchers, controls, probes. */
function extraConnections({ watchers, fanOut }: FleetPlan): number {
  return watchers * fanOut + watchers + 64;
}

/** Descriptors that the runtime itself needs. */
const ownDescriptors = 64;

/** Deno raises the soft limit to the hard one when it starts; what is to be had is found out by asking for it. */
function checkDescriptors({ plan, brokerInProcess }: FleetRun): void {
  if (Deno.build.os === "windows") return;
  const perClient = brokerInProcess ? 2 : 1;
  const needed = (plan.clients + extraConnections(plan)) * perClient + ownDescriptors;
  const had = countDescriptors(needed);
  if (had >= needed) return;
  const both = brokerInProcess ? ", two for each since the broker is in this process" : "";
  throw new UsageError(
    `Cannot hold ${counted(plan.clients)} clients: ${
      counted(needed)
    } open files are needed${both}, and the limit leaves ` +
      `${counted(had)}; raise it (ulimit -n ${needed}) or ask for fewer clients`,
  );
}

function countDescriptors(upTo: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < upTo) files.push(Deno.openSync("/dev/null"));
  } catch {
    // The limit is what was wanted.
  }
  for (const file of files) file.close();
  return files.length;
}

/** How long the side that closes first keeps its port, in seconds: on loopback Linux gives it again after one. */
const timeWaitS = 60;
const loopbackTimeWaitS = 1;

/** One source address has so many ports towards one broker address, and each connection takes one. */
function checkSourcePorts({ plan, target }: FleetRun): void {
  const addresses = Math.max(1, plan.sourceAddresses.length);
  const had = plan.sourcePorts * addresses;
  const killsPerS = plan.killRate.kind === "count" ? plan.killRate.perSecond : plan.killRate.perSecond * plan.clients;
  const waitS = Math.min(isLoopback(target.host) ? loopbackTimeWaitS : timeWaitS, plan.durationMs / 1_000);
  const needed = plan.clients + extraConnections(plan) + Math.ceil(killsPerS * waitS * closingShare(plan.killShares));
  if (needed <= had) return;
  const from = addresses === 1 ? "one source address" : `${addresses} source addresses`;
  throw new UsageError(
    `Cannot open ${counted(needed)} connections from ${from} to ${target.host}:${target.port}: ${
      counted(plan.sourcePorts)
    } ` +
      `source ports are to be had for each (the usual range of Linux, or --source-ports); name ` +
      `${
        Math.ceil(needed / plan.sourcePorts)
      } addresses of this machine with --source-address, ask for fewer clients, or ` +
      `widen the range (net.ipv4.ip_local_port_range) and say --source-ports 64511`,
  );
}

/** A reset leaves no port behind; every other end does for a while. */
function closingShare(shares: readonly KillShare[]): number {
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return shares.reduce((sum, { mode, weight }) => mode === "reset" ? sum : sum + weight, 0) / total;
}

/** Where this runtime cannot send RST, what would be a reset is a close, and is called so. */
async function settleReset(plan: FleetPlan, notify: (notice: Notice) => void): Promise<FleetPlan> {
  const share = plan.killShares.find(({ mode, weight }) => mode === "reset" && weight > 0);
  if (share === undefined || await killsByReset()) return plan;
  notify({
    level: "warning",
    text:
      "this runtime cannot send a TCP reset (it takes Deno 2.8 or later): kills of mode reset are done, and counted, as close",
  });
  const others = plan.killShares.filter(({ mode }) => mode !== "reset" && mode !== "close");
  const closing = plan.killShares.reduce(
    (sum, { mode, weight }) => mode === "reset" || mode === "close" ? sum + weight : sum,
    0,
  );
  return Object.freeze({ ...plan, killShares: [{ mode: "close" as const, weight: closing }, ...others] });
}

async function settleProtocol(run: FleetRun, notify: (notice: Notice) => void): Promise<Preflight> {
  const { plan, target } = run;
  const versions: ProtocolVersion[] = plan.protocol === "3.1.1" ? [4] : plan.protocol === "5" ? [5] : [5, 4];
  const greetings: Greeting[] = [];
  for (const version of versions) {
    // One after the other: the first answer may settle it.
    const greeting = await greet(run, version);
    if (greeting.kind === "unreachable") {
      return { kind: "void", reason: `cannot reach ${target.url}: ${greeting.sentence}` };
    }
    if (greeting.kind === "refused" && !greeting.byVersion) {
      return { kind: "void", reason: `${target.url}: ${greeting.sentence}` };
    }
    if (greeting.kind === "accepted") checkWill(plan, target.url, greeting.connack);
    greetings.push(greeting);
  }
  const spoken = versions.filter((_, place) => greetings[place]!.kind === "accepted");
  if (plan.protocol !== "auto" && spoken.length < versions.length) return refusedVersion(plan, target.url, spoken);
  return settleAuto(plan, target.url, spoken, notify);
}

function refusedVersion(plan: FleetPlan, url: string, spoken: readonly ProtocolVersion[]): Preflight {
  const wanted = plan.protocol === "mix"
    ? "both MQTT 3.1.1 and 5.0"
    : `MQTT ${plan.protocol === "5" ? "5.0" : "3.1.1"}`;
  const other = spoken[0] ?? (plan.protocol === "5" ? 4 : 5);
  return { kind: "void", reason: `${url} does not speak ${wanted}; try --protocol ${other === 5 ? "5" : "3.1.1"}` };
}

function settleAuto(
  plan: FleetPlan,
  url: string,
  spoken: readonly ProtocolVersion[],
  notify: (notice: Notice) => void,
): Preflight {
  if (spoken.length === 0) return { kind: "void", reason: `${url} speaks neither MQTT 3.1.1 nor 5.0` };
  if (plan.protocol !== "auto") return { kind: "ready", plan, protocol: plan.protocol };
  const only5 = plan.killShares.every(({ mode, weight }) => weight === 0 || needsVersion5(mode));
  if (!spoken.includes(5)) {
    if (only5 || plan.willDelayS > 0) {
      const what = plan.willDelayS > 0 ? "--will-delay" : `kill mode ${plan.killShares[0]!.mode}`;
      throw new UsageError(`Cannot use ${what}: it needs MQTT 5.0, and ${url} speaks 3.1.1 only`);
    }
    notify({ level: "info", text: `${url} speaks MQTT 3.1.1 only: so does the fleet` });
    return { kind: "ready", plan, protocol: "3.1.1" };
  }
  return { kind: "ready", plan, protocol: only5 || !spoken.includes(4) ? "5" : "mix" };
}

/** A server that says what it does not do refuses such wills. [MQTT5 3.2.2-12] [MQTT5 3.2.2-13] */
function checkWill({ willQos, willRetain }: FleetPlan, url: string, { properties }: ConnackPacket): void {
  const maximumQoS = properties?.maximumQoS ?? 2;
  const qos = willQos === "mix" ? 2 : willQos;
  if (qos > maximumQoS) {
    throw new UsageError(
      `Cannot use --will-qos ${willQos}: ${url} takes QoS ${maximumQoS} at most; use --will-qos ${maximumQoS}`,
    );
  }
  if (willRetain && properties?.retainAvailable === false) {
    throw new UsageError(`Cannot use --will-retain: ${url} does not retain messages`);
  }
}

function counted(value: number): string {
  return value.toLocaleString("en-US");
}
