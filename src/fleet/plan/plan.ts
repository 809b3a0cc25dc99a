/**
 * The settings of a run: plain data, checked once, frozen, and equal for every squad. It contains no measurement.
 */
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineChoice, EngineName } from "../../net/engine.ts";
import type { CredentialRows } from "./credential_rows.ts";
import type { KillShare } from "./kill_mode.ts";

/** The protocol versions of the clients; `auto` is `mix` where the broker accepts both, else the version it accepts. */
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
  /** The part of the run that this process does; the whole when absent. */
  readonly shard?: Shard;
  /** Of the whole run; 1 to 10,000,000. */
  readonly clients: number;
  /** The nodes of the cluster under test; absent for a broker with one address. */
  readonly nodes?: readonly ClusterNode[];
  /** The node of a group's clients, by its name; absent where the clients are spread over the nodes. */
  readonly node?: string;
  /** The MQTT version of the clients. Default: `auto`. */
  readonly protocol: ProtocolChoice;
  /** Kills each second. Default: 5 % of the clients that are alive. */
  readonly killRate: KillRate;
  /** The kill modes with their shares. Default: reset 45, close 45, leave 10. */
  readonly killShares: readonly KillShare[];
  /** Duration of the kill phase. */
  readonly durationMs: number;
  /** From a life's end to its client's next CONNECT; `never` leaves the client offline. */
  readonly reconnectAfterMs: number | "never";
  /** CONNECTs a second while the fleet connects. */
  readonly rampPerSecond: number;
  /** The limit of unanswered CONNECTs at once while the fleet connects, in the whole run. */
  readonly connectsUnderWay: number;
  /** 1 to 65,535; 0 turns keep alive off, which excludes the settings that rely on it. */
  readonly keepAliveS: number;
  /** The quality of service of the wills. Default: 1. */
  readonly willQos: 0 | 1 | 2 | "mix";
  /** Whether the wills are retained. Default: no. */
  readonly willRetain: boolean;
  /** How long to retry while the broker does not answer a CONNECT. Default: one attempt. */
  readonly waitMs?: number;
  /** Whether the run leaves the broker's own counters under `$SYS` alone. Default: no. */
  readonly skipBrokerCounters?: boolean;
  /**
   * Each client publishes on the topic of its will, retained, that it is online, and before a proper DISCONNECT that it
   * left; a late subscriber must then find the true state. Wills are retained with it.
   */
  readonly presence?: boolean;
  /** The clients are edge nodes of Sparkplug B: births, deaths, devices, data and a host application. */
  readonly sparkplug?: boolean;
  /** The Sparkplug group of the edge nodes; takes {run}, {bucket} and {group}. */
  readonly sparkplugGroup?: string;
  /** Devices of each edge node. */
  readonly sparkplugDevices?: number;
  /** The identifier of the host application; takes {run}. */
  readonly sparkplugHost?: string;
  /** How often late subscribers look at the presence during the kills. Default: once. */
  readonly presenceLooks?: number;
  /** Will Delay Interval; above 0 for 5.0 clients only. */
  readonly willDelayS: number;
  /** Session Expiry Interval of 5.0 clients; above 0 makes 3.1.1 sessions persistent too. */
  readonly sessionExpiryS: number;
  /** Clean Start (5.0), Clean Session (3.1.1) of each CONNECT; `mix` draws. */
  readonly cleanStart: "yes" | "no" | "mix";
  /** Takes {run}, {bucket}, {client}, {client:05}, {id}, {incarnation} and {group}. */
  readonly willTopic: string;
  /** The size of the payload of each will, 64 to 65,535 bytes. Default: 64. */
  readonly willPayloadSizeBytes: number;
  /** The payload of each will, or `@` and the path of a file with it; takes {run}, {client}, {id} and {incarnation}. */
  readonly willPayload?: string;
  /** With presence: the payload of the retained message that a client publishes after CONNACK, as `willPayload`. */
  readonly birthPayload?: string;
  /** The contents of the payload files, by path, once the run has read them; no report has them. */
  readonly payloadTexts?: Readonly<Record<string, string>>;
  /** Watchers that share the topic space, in all. */
  readonly watchers: number;
  /** How many watchers receive each will. */
  readonly fanOut: number;
  /** In a cluster: whether each will has watchers on every node, or only on nodes without clients of their topics. */
  readonly watchNodes?: "every" | "other";
  /** The highest QoS at which watchers subscribe. Default: 2. */
  readonly watchQos: number;
  /** Threads that the clients of this process are spread over. */
  readonly workers: number;
  /** The beginning of each client identifier. Default: `mqtt-sim`. */
  readonly clientPrefix: string;
  /** The template of the clients' identifiers, with {client}; absent: prefix, run and number. */
  readonly clientId?: string;
  /** Every identifier of the run that has no template consists of at most 23 letters and digits. */
  readonly shortClientIds?: boolean;
  /** A file of client identifiers and credentials, a row for each client. */
  readonly credentials?: string;
  /** The rows of that file, once the run has read it; no report has them. */
  readonly credentialRows?: CredentialRows;
  /** User name of watchers and of other connections without a will; that of the clients when absent. */
  readonly watcherUsername?: string;
  /** A file with its password. */
  readonly watcherPasswordFile?: string;
  /** That password, once the run has read it; no report has it. */
  readonly watcherPassword?: string;
  /** User name of the canaries; that of the clients when absent. */
  readonly canaryUsername?: string;
  /** A file with its password. */
  readonly canaryPasswordFile?: string;
  /** That password, once the run has read it; no report has it. */
  readonly canaryPassword?: string;
  /** Takes the placeholders; watchers and readers log in as client and group `watcher`. */
  readonly username?: string;
  /** Takes the placeholders of the user name. */
  readonly password?: string;
  /** The command that writes the password of a client, for the shell. */
  readonly passwordCommand?: string;
  /** How long such a password is used before the run takes another. Default: for the whole run. */
  readonly passwordLifetimeMs?: number;
  /** The authentication method of each CONNECT, for enhanced authentication; MQTT 5.0 only. */
  readonly authMethod?: string;
  /** The authentication data of each CONNECT: a text, `@FILE` or `base64:DATA`; no report has it. */
  readonly authData?: string;
  /** Those data, once the run has read them; no report has them. */
  readonly authBytes?: string;
  /** The command that writes the authentication data of each step, for the shell. */
  readonly authCommand?: string;
  /** Clients follow the references of servers to other servers. */
  readonly followReferences?: boolean;
  /** How often each connection authenticates again; never when absent. */
  readonly reauthEveryMs?: number;
  /** A will later than this past its due instant is late. */
  readonly lateAfterMs: number;
  /** How long past the last due instant the run waits for a will before it is missing. */
  readonly drainMs: number;
  /** Addresses of this machine to dial from, in turn; none: the operating system's choice. */
  readonly sourceAddresses: readonly string[];
  /** A file of authorities that sign the broker's certificate; the well-known ones when absent. */
  readonly tlsCa?: string;
  /** Files of the clients' own certificate and its key. */
  readonly tlsCert?: string;
  /** The private key of `tlsCert`, in PEM. */
  readonly tlsKey?: string;
  /** A file with the passphrase of the keys. */
  readonly tlsKeyPassphraseFile?: string;
  /** The certificate of the tool's own connections: watchers, canaries, readers. */
  readonly watcherTlsCert?: string;
  /** Its private key. */
  readonly watcherTlsKey?: string;
  /** The name that the broker's certificate must have, where it is not the one in the URL. */
  readonly tlsServerName?: string;
  /** The fleet accepts any certificate of the broker. */
  readonly tlsInsecure?: boolean;
  /** The protocols that clients offer by ALPN, separated by commas. */
  readonly alpn?: string;
  /** The URL of the proxy through which clients, watchers and the tool's other connections go. */
  readonly proxy?: string;
  /** Headers of the WebSocket request, each `NAME=VALUE`; reports have the names only. */
  readonly wsHeaders?: readonly string[];
  /** The region of AWS for which each WebSocket request is signed. */
  readonly awsSign?: string;
  /** Source ports available for each source address towards one broker address; absent: the system's range. */
  readonly sourcePorts?: number;
  /** The engine that carries TCP; `auto` is epoll where that works, else the runtime's own sockets. */
  readonly engine: EngineChoice;
  /** The broker whose known deviations the run reports and does not fail; `strict`, or absent, is none. */
  readonly profile?: string;
  /** How long the broker may take to come back after a restart. */
  readonly restartTimeoutMs: number;
  /** The command that restarts the broker, for the shell; when absent, the starter of the broker restarts it. */
  readonly restartCommand?: string;
  /** The command that stops a node of the cluster, for the shell. */
  readonly nodeStop?: string;
  /** The command that starts it again, for the shell. */
  readonly nodeStart?: string;
  /** The command that has the broker end the connection of a client, for the shell. */
  readonly kickCommand?: string;
  /** The scenario's name, where the run follows one. */
  readonly scenario?: string;
  /** A person's overrides of the scenario, by the names of this plan: they apply in all groups and phases. */
  readonly overruled?: readonly string[];
  /** Groups of clients with their own settings; one group of all when absent. At most 255. */
  readonly groups?: readonly ClientGroup[];
  /** The phases in their order; when absent, the fleet kills clients at the rate for the duration. */
  readonly phases?: readonly PhasePlan[];
  /** The messages of each client beside its will; none when absent. */
  readonly telemetry?: Telemetry;
}

/** The parts of a plan that a run reads from files: no flag sets them, and no report has them. */
export type HiddenName = "credentialRows" | "payloadTexts" | "watcherPassword" | "canaryPassword" | "authBytes";

/** One node of a cluster. */
export interface ClusterNode {
  /** Its name in the report: 1 to 32 letters, digits, dots, hyphens or underscores. */
  readonly name: string;
  /** Its address, without user and password. */
  readonly url: string;
  /** Its share of the clients, relative to the other nodes: 1 to 100. */
  readonly share: number;
}

/** The messages of a client while it is online, on a topic without a watcher. */
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

/** The plan and its broker. */
export interface FleetRun {
  /** The settings of the run. */
  readonly plan: FleetPlan;
  /** The broker. */
  readonly target: Endpoint;
  /** The addresses of the plan's nodes, in their order; the first is `target`. Absent without nodes. */
  readonly nodes?: readonly Endpoint[];
  /** The broker is in this process: each connection takes two of its open files. */
  readonly brokerInProcess: boolean;
  /** The engine that the plan's choice led to; `deno` until that is decided. */
  readonly engine?: EngineName;
  /** When the fleet has to be connected; at once when absent. Shards with one common instant are in step. */
  readonly startAt?: Date;
}

/** The settings that a group may have; it takes the rest from the plan. */
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
    | "willPayload"
    | "birthPayload"
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
  /** The node of its clients, by its name; absent where they are spread over the nodes. */
  readonly node?: string;
  /** Relative to the other groups' shares. */
  readonly share: number;
  /** The messages of its clients while they are online; none when absent. */
  readonly telemetry?: Telemetry;
}

/** The fleet kills clients. */
export interface KillPhase {
  /** The fleet kills clients. */
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
  /** Clients reconnect up to so much later, by a draw for each. */
  readonly jitterMs?: number;
}

/** A pause without kills. */
export interface HoldPhase {
  /** The fleet kills no client. */
  readonly kind: "hold";
  /** How long the phase takes. */
  readonly durationMs: number;
}

/** Offline clients reconnect. */
export interface ReturnPhase {
  /** Clients that were to stay away connect again. */
  readonly kind: "return";
  /** The groups that connect again. Default: all. */
  readonly groups?: readonly string[];
  /** They reconnect evenly over this time, which is the length of the phase; 0 reconnects all at once. */
  readonly durationMs: number;
}

/** The fleet restarts the broker. Takes no schedule time: the schedule pauses until the broker is back. */
export interface RestartPhase {
  /** The fleet restarts the broker. */
  readonly kind: "restart";
  /** The downtime of a broker that the program runs; a user's command defines its own. */
  readonly downMs: number;
  /** From the broker's return to the next CONNECT of the online clients; the plan's, or the group's, when absent. */
  readonly reconnectAfterMs?: number | "never";
  /** Clients reconnect up to so much later, by a draw for each. */
  readonly jitterMs?: number;
}

/**
 * The fleet stops nodes of the cluster, one after the other, and starts each again. Kills continue at the rate of the
 * plan. A node stops once the one before it is back.
 */
export interface NodeLossPhase {
  /** The fleet stops nodes of the cluster. */
  readonly kind: "node-loss";
  /** The names of the nodes, in this order; `each` is all of them, `last` the last one of the plan. */
  readonly nodes: "each" | "last" | readonly string[];
  /** From the stop of a node to its start. */
  readonly downMs: number;
  /** From the start of a node to the end of its part of the phase; a start that takes longer extends it. */
  readonly durationMs: number;
  /** Before the stop, the clients of the node leave properly, evenly over this time, and connect to other nodes. */
  readonly drainMs?: number;
  /** From the end of a connection with its node to the next CONNECT; the plan's, or the group's, when absent. */
  readonly reconnectAfterMs?: number | "never";
  /** Clients reconnect up to so much later, by a draw for each. */
  readonly jitterMs?: number;
}

/** One phase of a run. */
export type PhasePlan = KillPhase | HoldPhase | ReturnPhase | RestartPhase | NodeLossPhase;

/** One of several processes that carry out one plan. */
export interface Shard {
  /** From 1. */
  readonly number: number;
  /** The number of shards. */
  readonly of: number;
}
