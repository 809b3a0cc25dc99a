/**
 * What a run is to do: plain data, checked once, frozen, and the same for every squad. Nothing here is measured.
 */
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineChoice, EngineName } from "../../net/engine.ts";
import type { KillShare } from "./kill_mode.ts";

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
  /** The MQTT version of the clients. Default: `auto`. */
  readonly protocol: ProtocolChoice;
  /** Kills each second. Default: 5 % of the clients that are alive. */
  readonly killRate: KillRate;
  /** The kill modes with their shares. Default: reset 45, close 45, leave 10. */
  readonly killShares: readonly KillShare[];
  /** Duration of the kill phase. */
  readonly durationMs: number;
  /** From a life's end to its client's next CONNECT; `never` leaves it dead. */
  readonly reconnectAfterMs: number | "never";
  /** CONNECTs a second while the fleet is being connected. */
  readonly rampPerSecond: number;
  /** CONNECTs that may be unanswered at once while the fleet is connected, in the whole run. */
  readonly connectsUnderWay: number;
  /** 1 to 65,535; 0 turns keep alive off, which excludes what relies on it. */
  readonly keepAliveS: number;
  /** The quality of service of the wills. Default: 1. */
  readonly willQos: 0 | 1 | 2 | "mix";
  /** Whether the wills are retained. Default: no. */
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
  /** The size of the payload of each will, 64 to 65,535 bytes. Default: 64. */
  readonly willPayloadSizeBytes: number;
  /** Watchers that share the topic space, in all. */
  readonly watchers: number;
  /** How many watchers receive each will. */
  readonly fanOut: number;
  /** Threads that the clients of this process are spread over. */
  readonly workers: number;
  /** The beginning of each client identifier. Default: `mqtt-sim`. */
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
  /** The private key of `tlsCert`, in PEM. */
  readonly tlsKey?: string;
  /** The name that the broker's certificate must have, where it is not the one in the URL. */
  readonly tlsServerName?: string;
  /** Any certificate of the broker's is taken. */
  readonly tlsInsecure?: boolean;
  /** Source ports available for each source address towards one broker address; when absent, what the system gives. */
  readonly sourcePorts?: number;
  /** What carries TCP; `auto` is epoll where that works, else the runtime's own sockets. */
  readonly engine: EngineChoice;
  /** The broker whose known deviations are reported and do not fail; `strict`, or absent, is none. */
  readonly profile?: string;
  /** How long the broker may take to come back after a restart. */
  readonly restartTimeoutMs: number;
  /** The command that restarts the broker, for the shell; when absent, the starter of the broker restarts it. */
  readonly restartCommand?: string;
  /** The scenario's name, where the run follows one. */
  readonly scenario?: string;
  /** What a person said over the scenario, by the names of this plan: it holds in all groups and phases. */
  readonly overruled?: readonly string[];
  /** Groups of clients with wishes of their own; one group of all when absent. At most 255. */
  readonly groups?: readonly ClientGroup[];
  /** What is done one after the other; when absent, clients are being killed at the rate for the duration. */
  readonly phases?: readonly PhasePlan[];
  /** What each client publishes beside its will; nothing when absent. */
  readonly telemetry?: Telemetry;
}

/** What a client publishes while it lives, on a topic that nobody watches. */
export interface Telemetry {
  /** Messages a second of each client; above 0. */
  readonly perSecond: number;
  /** The size of each payload, in bytes. */
  readonly sizeBytes: number;
  /** The quality of service. */
  readonly qos: 0 | 1 | 2;
}

/**
 * A plan before its defaults are filled in: only `run` and `seed` are required. {@link planDefaults} has the default of
 * each option, {@link planOptions} its bounds and help.
 *
 * @example A fleet of 20 clients, of which 40 are killed each second
 * ```ts ignore
 * import { makePlan, planDefaults, planOptions, type PlanRequest } from "mqtt-sim";
 *
 * const killRate = { kind: "count", perSecond: 40 } as const;
 * const request: PlanRequest = { run: "demo", seed: 1, clients: 20, killRate, durationMs: 500 };
 * const plan = makePlan(request);
 * console.log(plan.willQos === planDefaults.willQos, planOptions.clients.help);
 * ```
 */
export type PlanRequest = Partial<FleetPlan> & Pick<FleetPlan, "seed" | "run">;

/** The plan and where it is carried out. */
export interface FleetRun {
  /** What the fleet does. */
  readonly plan: FleetPlan;
  /** The broker. */
  readonly target: Endpoint;
  /** The broker is in this process: each connection takes two of its open files. */
  readonly brokerInProcess: boolean;
  /** What the plan's engine came to; `deno` until that is decided. */
  readonly engine?: EngineName;
  /** When the fleet is to be connected; at once when absent. Shards that are given one instant go in step. */
  readonly startAt?: Date;
}

/** What a group may have of its own; the rest is the plan's. */
export type GroupOwn = Partial<
  Pick<
    FleetPlan,
    | "protocol"
    | "keepAliveS"
    | "killShares"
    | "reconnectAfterMs"
    | "willQos"
    | "willRetain"
    | "presence"
    | "willDelayS"
    | "willTopic"
    | "willPayloadSizeBytes"
    | "sessionExpiryS"
    | "cleanStart"
    | "username"
    | "password"
  >
>;

/** A group of clients. */
export interface ClientGroup extends GroupOwn {
  /** The name of the group: letters, digits, hyphens and underscores. */
  readonly name: string;
  /** Relative to the other groups' shares. */
  readonly share: number;
  /** What its clients publish while they live; nothing when absent. */
  readonly telemetry?: Telemetry;
}

/** Clients are killed. */
export interface KillPhase {
  /** Clients are killed. */
  readonly kind: "kill";
  /** Names of the groups it is about; all when absent. */
  readonly groups?: readonly string[];
  /** `once` kills all of them at the phase's first instant; a rate spreads kills evenly. The plan's when absent. */
  readonly rate?: KillRate | "once";
  /** How long the phase lasts; when absent, the plan's duration, and no time where all are killed at once. */
  readonly durationMs?: number;
  /** The plan's, or the group's, when absent. */
  readonly killShares?: readonly KillShare[];
  /** The plan's, or the group's, when absent. */
  readonly reconnectAfterMs?: number | "never";
  /** Clients come back up to so much later than they would, each as drawn. */
  readonly jitterMs?: number;
}

/** Nobody is killed for a while. */
export interface HoldPhase {
  /** No client is killed. */
  readonly kind: "hold";
  /** How long the phase takes. */
  readonly durationMs: number;
}

/** Clients that were to stay away come back. */
export interface ReturnPhase {
  /** Clients that were to stay away connect again. */
  readonly kind: "return";
  /** The groups that connect again. Default: all. */
  readonly groups?: readonly string[];
  /** They come back evenly spread over this time; 0 brings all back at once. The phase lasts as long. */
  readonly durationMs: number;
}

/** The broker is restarted. Takes no schedule time: the schedule is paused until the broker is back. */
export interface RestartPhase {
  /** The broker is restarted. */
  readonly kind: "restart";
  /** How long a broker of our own stays down; a user's command takes what it takes. */
  readonly downMs: number;
  /** From the broker's return to the next CONNECT of those who lived; the plan's, or the group's, when absent. */
  readonly reconnectAfterMs?: number | "never";
  /** Clients come back up to so much later than they would, each as drawn. */
  readonly jitterMs?: number;
}

/** One phase of a run. */
export type PhasePlan = KillPhase | HoldPhase | ReturnPhase | RestartPhase;

/** One of several processes that carry out one plan. */
export interface Shard {
  /** From 1. */
  readonly number: number;
  /** The number of shards. */
  readonly of: number;
}
