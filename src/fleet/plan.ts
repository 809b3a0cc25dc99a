/**
 * What a run is to do: plain data, checked once, frozen, and the same for every squad. Nothing here is measured.
 */
import type { Endpoint } from "../net/endpoint.ts";
import type { EngineChoice, EngineName } from "../net/engine.ts";
import { checkPlan } from "./check_plan.ts";
import type { ClientGroup } from "./groups.ts";
import { defaultKillShares, type KillShare } from "./kill_mode.ts";
import type { PhasePlan } from "./phases.ts";
import { type Shard, shardsOf } from "./shard.ts";
import { defaultWillTopic, sharedByBucket } from "./will_topic.ts";

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
  /** Which part of the run this process is; it is the whole when absent. */
  readonly shard?: Shard;
  /** Of the whole run; 1 to 1,000,000. */
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
  /** CONNECTs that may be unanswered at once while the fleet is connected, in the whole run. */
  readonly connectsUnderWay: number;
  /** 1 to 65,535; 0 turns keep alive off, which excludes what relies on it. */
  readonly keepAliveS: number;
  readonly willQos: 0 | 1 | 2 | "mix";
  readonly willRetain: boolean;
  /**
   * Each client says on the topic of its will, retained, that it is online, and before a proper DISCONNECT that it
   * left; what a late subscriber then finds must be the truth. Wills are retained with it.
   */
  readonly presence?: boolean;
  /** Will Delay Interval; above 0 for 5.0 clients only. */
  readonly willDelayS: number;
  /** Session Expiry Interval of 5.0 clients; above 0 makes 3.1.1 sessions persistent too. */
  readonly sessionExpiryS: number;
  /** Clean Start (5.0), Clean Session (3.1.1) of each CONNECT; `mix` draws. */
  readonly cleanStart: "yes" | "no" | "mix";
  /** Takes {run}, {bucket}, {client}, {incarnation} and {group}. */
  readonly willTopic: string;
  readonly willPayloadSizeBytes: number;
  /** Watchers that share the topic space, in all. */
  readonly watchers: number;
  /** How many watchers receive each will. */
  readonly fanOut: number;
  /** Threads that the clients of this process are spread over. */
  readonly workers: number;
  readonly clientPrefix: string;
  /** Takes {client} and {group}; those who only watch log in as client and group `watcher`. */
  readonly username?: string;
  /** Takes what the user name takes. */
  readonly password?: string;
  /** A will later than this past its due instant is late. */
  readonly lateAfterMs: number;
  /** How long past the last due instant a will is waited for before it is missing. */
  readonly drainMs: number;
  /** Addresses of this machine to dial from, taken in turn; none: the operating system's choice. */
  readonly sourceAddresses: readonly string[];
  /** A file of authorities that sign the broker's certificate; the well-known ones when absent. */
  readonly tlsCa?: string;
  /** Files of the clients' own certificate and its key. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** The name that the broker's certificate must have, where it is not the one in the URL. */
  readonly tlsServerName?: string;
  /** Any certificate of the broker's is taken. */
  readonly tlsInsecure?: boolean;
  /** Source ports to be had for each source address towards one broker address; when absent, what the system gives. */
  readonly sourcePorts?: number;
  /** What carries TCP; `auto` is epoll where that works, else the runtime's own sockets. */
  readonly engine: EngineChoice;
  /** Which broker's known deviations are told, not failed; `strict`, or absent, is none. */
  readonly profile?: string;
  /** How long the broker may take to come back after a restart. */
  readonly restartTimeoutMs: number;
  /** The command that restarts the broker, for the shell; when absent, whoever started the broker restarts it. */
  readonly restartCommand?: string;
  /** The scenario's name, where the run follows one. */
  readonly scenario?: string;
  /** What a person said over the scenario, by the names of this plan: it holds in all groups and phases. */
  readonly overruled?: readonly string[];
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
  connectsUnderWay: 64,
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
  restartTimeoutMs: 30_000,
  sourceAddresses: [],
  engine: "auto",
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
  const plan = fillPlan(request);
  checkPlan(plan);
  return Object.freeze(plan);
}

/** A request with the defaults of what it does not say; nothing is checked. */
export function fillPlan(request: PlanRequest): FleetPlan {
  const clients = request.clients ?? planDefaults.clients;
  const sessionExpiryS = request.sessionExpiryS ?? planDefaults.sessionExpiryS;
  const workers = request.workers ?? planDefaults.workers;
  const squads = workers * shardsOf(request);
  const topics = topicsOf(request);
  return {
    ...planDefaults,
    // What stands on a client's topic is the truth only if its will can take the place of its word.
    ...request.presence && { willRetain: true },
    cleanStart: usualCleanStart(sessionExpiryS),
    watchers: topics.every(sharedByBucket) ? Math.max(squads, Math.ceil(clients / clientsPerWatcher)) : squads,
    ...request,
    ...request.groups !== undefined && { groups: groupsOf(request, request.groups) },
  };
}

function topicsOf({ willTopic = planDefaults.willTopic, groups }: PlanRequest): string[] {
  return groups === undefined ? [willTopic] : groups.map((group) => group.willTopic ?? willTopic);
}

/** A session that outlives its connection is there to be resumed. */
function usualCleanStart(sessionExpiryS: number): "yes" | "no" {
  return sessionExpiryS > 0 ? "no" : "yes";
}

/** A group with sessions of its own resumes them, unless anyone has said what its clients are to do. */
function groupsOf({ cleanStart }: PlanRequest, groups: readonly ClientGroup[]): readonly ClientGroup[] {
  return groups.map((group) => ({
    ...cleanStart === undefined && group.sessionExpiryS !== undefined &&
      { cleanStart: usualCleanStart(group.sessionExpiryS) },
    ...group.presence && { willRetain: true },
    ...group,
  }));
}

/** The plan and where it is carried out. */
export interface FleetRun {
  readonly plan: FleetPlan;
  readonly target: Endpoint;
  /** The broker is in this process: each connection takes two of its open files. */
  readonly brokerInProcess: boolean;
  /** What the plan's engine came to; `deno` until that is decided. */
  readonly engine?: EngineName;
  /** When the fleet is to be connected; at once when absent. Shards that are given one instant go in step. */
  readonly startAt?: Date;
}
