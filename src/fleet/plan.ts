/**
 * What a run is to do: plain data, checked once, frozen, and the same for every squad. Nothing here is measured.
 */
import { UsageError } from "../base/failure.ts";
import type { Endpoint } from "../net/endpoint.ts";
import type { ClientGroup } from "./groups.ts";
import { defaultKillShares, type KillShare, needsVersion5 } from "./kill_mode.ts";
import type { PhasePlan } from "./phases.ts";
import { checkWillTopic, defaultWillTopic, sharedByBucket } from "./will_topic.ts";

/** Which protocol versions the clients speak; `auto` is `mix` where the broker accepts both, else what it accepts. */
export type ProtocolChoice = "auto" | "3.1.1" | "5" | "mix";

/** Kills a second: a fraction of the clients alive, or a fixed number. */
export type KillRate =
  | { readonly kind: "fraction"; readonly perSecond: number }
  | { readonly kind: "count"; readonly perSecond: number };

/** One run, whole. Milliseconds unless the name says otherwise; seconds where the standard counts in seconds. */
export interface FleetPlan {
  /** Names the run in topics, payloads and client ids; 1 to 16 letters, digits or hyphens. */
  readonly run: string;
  /** Draws victims, modes, order, QoS and version; 0 to 4,294,967,295. */
  readonly seed: number;
  /** 1 to 1,000,000. */
  readonly clients: number;
  readonly protocol: ProtocolChoice;
  readonly killRate: KillRate;
  readonly killShares: readonly KillShare[];
  /** How long clients are killed. */
  readonly durationMs: number;
  /** From a life's end to its client's next CONNECT; `never` leaves it dead. */
  readonly reconnectAfterMs: number | "never";
  /** CONNECTs a second while the fleet is being connected. */
  readonly rampPerSecond: number;
  /** 1 to 65,535; 0 turns keep alive off, which excludes what relies on it. */
  readonly keepAliveS: number;
  readonly willQos: 0 | 1 | 2 | "mix";
  readonly willRetain: boolean;
  /** Will Delay Interval; above 0 for 5.0 clients only. */
  readonly willDelayS: number;
  /** Session Expiry Interval of 5.0 clients; above 0 makes 3.1.1 sessions persistent too. */
  readonly sessionExpiryS: number;
  /** Clean Start (5.0), Clean Session (3.1.1) of each CONNECT; `mix` draws. */
  readonly cleanStart: "yes" | "no" | "mix";
  /** Takes {run}, {bucket}, {client} and {incarnation}. */
  readonly willTopic: string;
  readonly willPayloadSizeBytes: number;
  /** Watchers that share the topic space, in all. */
  readonly watchers: number;
  /** How many watchers receive each will. */
  readonly fanOut: number;
  /** Threads that the clients are spread over. */
  readonly workers: number;
  readonly clientPrefix: string;
  readonly username?: string;
  readonly password?: string;
  /** A will later than this past its due instant is late. */
  readonly lateAfterMs: number;
  /** How long past the last due instant a will is waited for before it is missing. */
  readonly drainMs: number;
  /** Addresses of this machine to dial from, taken in turn; none: the operating system's choice. */
  readonly sourceAddresses: readonly string[];
  /** Source ports to be had for each source address towards one broker address. */
  readonly sourcePorts: number;
  /** The scenario's name, where the run follows one. */
  readonly scenario?: string;
  /** Groups of clients with wishes of their own; one group of all when absent. At most 255. */
  readonly groups?: readonly ClientGroup[];
  /** What is done one after the other; when absent, clients are killed at the rate for the duration. */
  readonly phases?: readonly PhasePlan[];
  /** What each client publishes beside its will; nothing when absent. */
  readonly telemetry?: Telemetry;
}

/** What a client publishes while it lives, on a topic that nobody watches. */
export interface Telemetry {
  /** Messages a second of each client; above 0. */
  readonly perSecond: number;
  readonly sizeBytes: number;
  readonly qos: 0 | 1 | 2;
}

/** Ports 32,768 to 60,999: what Linux gives to outgoing connections unless it is told otherwise. */
export const usualSourcePorts = 28_232;

/** What a plan says where nothing was asked for. */
export const planDefaults = {
  clients: 1_000,
  protocol: "auto",
  killRate: { kind: "fraction", perSecond: 0.05 },
  killShares: defaultKillShares,
  durationMs: 30_000,
  reconnectAfterMs: 1_000,
  rampPerSecond: 1_000,
  keepAliveS: 10,
  willQos: 1,
  willRetain: false,
  willDelayS: 0,
  sessionExpiryS: 0,
  willTopic: defaultWillTopic,
  willPayloadSizeBytes: 64,
  fanOut: 1,
  workers: 1,
  clientPrefix: "mqtt-sim",
  lateAfterMs: 1_000,
  drainMs: 10_000,
  sourceAddresses: [],
  sourcePorts: usualSourcePorts,
} as const satisfies Partial<FleetPlan>;

/** What must be said or drawn for each run; the rest has a default. */
export type PlanRequest = Partial<FleetPlan> & Pick<FleetPlan, "seed" | "run">;

/** Clients for each watcher unless told otherwise: keeps a storm of them below the usual queue limits of brokers. */
export const clientsPerWatcher = 500;

/**
 * Fills in what was not asked for, checks the whole, and freezes it.
 *
 * @throws UsageError for the first thing that does not go
 */
export function makePlan(request: PlanRequest): FleetPlan {
  const clients = request.clients ?? planDefaults.clients;
  const sessionExpiryS = request.sessionExpiryS ?? planDefaults.sessionExpiryS;
  const workers = request.workers ?? planDefaults.workers;
  const willTopic = request.willTopic ?? planDefaults.willTopic;
  const plan: FleetPlan = {
    ...planDefaults,
    // A session that outlives its connection is there to be resumed.
    cleanStart: sessionExpiryS > 0 ? "no" : "yes",
    watchers: sharedByBucket(willTopic) ? Math.max(workers, Math.ceil(clients / clientsPerWatcher)) : workers,
    ...request,
  };
  checkPlan(plan);
  return Object.freeze(plan);
}

interface Bound {
  readonly name: keyof FleetPlan & string;
  readonly flag: string;
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

const bounds: readonly Bound[] = [
  { name: "seed", flag: "--seed", min: 0, max: 0xffff_ffff },
  { name: "clients", flag: "--clients", min: 1, max: 1_000_000 },
  { name: "durationMs", flag: "--duration", min: 100, max: 604_800_000, unit: " ms" },
  { name: "rampPerSecond", flag: "--ramp-rate", min: 1, max: 1_000_000, unit: "/s" },
  { name: "keepAliveS", flag: "--keepalive", min: 0, max: 65_535, unit: " s" },
  { name: "willDelayS", flag: "--will-delay", min: 0, max: 0xffff_ffff, unit: " s" },
  { name: "sessionExpiryS", flag: "--session-expiry", min: 0, max: 0xffff_ffff, unit: " s" },
  { name: "willPayloadSizeBytes", flag: "--will-payload-size", min: 64, max: 65_535, unit: " bytes" },
  { name: "watchers", flag: "--watchers", min: 1, max: 10_000 },
  { name: "fanOut", flag: "--fan-out", min: 1, max: 1_000 },
  { name: "workers", flag: "--workers", min: 1, max: 64 },
  { name: "lateAfterMs", flag: "--late-after", min: 1, max: 3_600_000, unit: " ms" },
  { name: "drainMs", flag: "--drain", min: 0, max: 86_400_000, unit: " ms" },
  { name: "sourcePorts", flag: "--source-ports", min: 1, max: 65_535 },
];

function checkPlan(plan: FleetPlan): void {
  for (const { name, flag, min, max, unit = "" } of bounds) {
    const value = plan[name] as number;
    if (!Number.isFinite(value) || value < min || value > max) {
      throw new UsageError(`Cannot use ${flag} ${value}${unit}: expected ${counted(min)} to ${counted(max)}${unit}`);
    }
  }
  if (plan.workers > plan.clients) {
    refuse(`--workers ${plan.workers}`, `at most one for each of ${plan.clients} clients`);
  }
  if (plan.watchers < plan.workers) {
    refuse(`--watchers ${plan.watchers}`, `at least one for each of ${plan.workers} workers`);
  }
  checkKills(plan);
  checkVersions(plan);
  checkNames(plan);
}

function checkKills({ killRate, killShares, keepAliveS }: FleetPlan): void {
  if (!(killRate.perSecond >= 0)) refuse("--kill-rate", "0 or more kills a second");
  if (killRate.kind === "fraction" && killRate.perSecond > 1) {
    refuse("--kill-rate", "at most 100% of the clients each second");
  }
  const drawn = killShares.filter((share) => share.weight > 0);
  if (drawn.length === 0) refuse("--kill-mode", "at least one mode with a share above 0");
  if (keepAliveS === 0 && drawn.some(({ mode }) => mode === "freeze" || mode === "half-packet")) {
    refuse("--keepalive 0", "1 s or more with the kill modes freeze and half-packet, which rely on it");
  }
}

function checkVersions({ protocol, killShares, willDelayS }: FleetPlan): void {
  const drawn = killShares.filter((share) => share.weight > 0);
  if (protocol !== "5" && protocol !== "auto" && drawn.every(({ mode }) => needsVersion5(mode))) {
    refuse(`--protocol ${protocol}`, `5, which kill mode ${drawn[0]!.mode} needs`);
  }
  if (protocol === "3.1.1" && willDelayS > 0) {
    refuse(`--will-delay ${willDelayS} s`, "0 with --protocol 3.1.1, which has no will delay");
  }
}

function checkNames(plan: FleetPlan): void {
  if (!/^[0-9A-Za-z-]{1,16}$/.test(plan.run)) refuse(`run id "${plan.run}"`, "1 to 16 letters, digits or hyphens");
  if (plan.clientPrefix === "" || plan.clientPrefix.length > 64 || /[\0/+#]/.test(plan.clientPrefix)) {
    refuse(`--client-prefix ${JSON.stringify(plan.clientPrefix)}`, "1 to 64 characters without / + # and NUL");
  }
  checkWillTopic(plan);
}

function refuse(what: string, allowed: string): never {
  throw new UsageError(`Cannot use ${what}: expected ${allowed}`);
}

function counted(value: number): string {
  return value.toLocaleString("en-US");
}

/** The plan and where it is carried out. */
export interface FleetRun {
  readonly plan: FleetPlan;
  readonly target: Endpoint;
  /** The broker is in this process: each connection takes two of its open files. */
  readonly brokerInProcess: boolean;
}
