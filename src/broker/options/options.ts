/** The options of a broker, its limits, and their defaults. */
import { type Clock, monotonicClock, wallTime } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import type { QoS } from "../../mqtt/packet.ts";
import type { Identity } from "../access/identity.ts";
import type { Action, Principal } from "../access/acl.ts";
import {
  type BrokerEventType,
  brokerEventTypes,
  type BrokerListener,
  type BrokerListeners,
  listenersOf,
} from "./events.ts";
import type { Trace } from "./trace.ts";
import type { WillFault } from "./will_fault.ts";

/** The client that logs in. */
export interface Login {
  /** The client identifier. */
  readonly clientId: string;
  /** The user name in CONNECT, if there is one. */
  readonly username: string | undefined;
  /** The password in CONNECT, if there is one. */
  readonly password: Uint8Array | undefined;
  /** The peer of the link, as `host:port`. */
  readonly peer: string;
  /** Whether the connection has ended in the meantime: if so, no decision is needed. */
  readonly isOver?: () => boolean;
  /** Common name of the certificate with which the client authenticated, if any. */
  readonly certificateName?: string | undefined;
}

/** The decision about a login. */
export type LoginAnswer = "accept" | "bad-credentials" | "not-authorized" | "busy";

/** Limits of a broker. Each comment says what happens at the limit; the metrics count it. */
export interface BrokerLimits {
  /**
   * Open links. One more is answered 0x97 (3.1.1: 3) to its CONNECT; links beyond twice as many, or beyond what the
   * limit of open files allows, are not read. The default of a {@link Broker} is at most what that limit allows.
   */
  readonly connections: number;
  /** Sessions, online and offline; one more is refused as above. */
  readonly sessions: number;
  /** Time in milliseconds from the accepted link to a complete CONNECT and a login; then the broker closes the link. */
  readonly timeToConnectMs: number;
  /** Largest packet that is read; announced in CONNACK; a larger one ends the connection with 0x95. */
  readonly maximumPacketSizeBytes: number;
  /** Unreleased QoS 2 messages of one 5.0 client; announced; one more ends the connection with 0x93. */
  readonly receiveMaximum: number;
  /** Topic aliases of one 5.0 client; announced; a higher one ends the connection with 0x94. */
  readonly topicAliasMaximum: number;
  /** Topic aliases to one 5.0 client, which may allow fewer; further topics are sent in full. */
  readonly outboundTopicAliases: number;
  /** Unacknowledged QoS 1 and 2 messages to one client; further ones are queued. The client may request fewer. */
  readonly inflight: number;
  /** Links from one address per second; one more is answered 0x9F (3.1.1: 3) to its CONNECT. 0: no limit. */
  readonly connectsPerSecond: number;
  /** Bytes of messages queued for, or in flight to, one client; further messages are dropped (`queue-full`). */
  readonly outboxBytes: number;
  /** Number of these messages. */
  readonly outboxMessages: number;
  /** Bytes queued for, or in flight to, all clients; further messages are dropped (`memory-full`). */
  readonly allOutboxesBytes: number;
  /** Bytes of answers that one client has not read; beyond it the connection ends with 0x97. */
  readonly unreadBytes: number;
  /** Subscriptions of one session; one more is refused with 0x97. */
  readonly subscriptionsPerSession: number;
  /** Levels of a topic name or filter; a deeper one is refused with 0x90 or 0x8F. */
  readonly topicLevels: number;
  /** Bytes of a topic name or filter; a longer one is refused with 0x90 or 0x8F. */
  readonly topicBytes: number;
  /**
   * Filter levels that one message may visit on the way to its subscribers; a filter with wildcards that would exceed
   * it is refused with 0x97.
   */
  readonly overlappingFilters: number;
  /** Bytes of a will's payload; a CONNECT with a larger one is refused with 0x95 (3.1.1: closed). */
  readonly willPayloadBytes: number;
  /** Length of a client identifier in UTF-16 units; a longer one is refused with 0x85. */
  readonly clientIdLength: number;
  /** Retained messages; a message for one more topic is delivered and not retained. */
  readonly retainedMessages: number;
  /**
   * Bytes of memory that clients make the broker use: links, sessions, subscriptions, wills, retained and queued
   * messages, unread answers, and garbage of these that the runtime has not collected yet. Kept items use up to 55 %.
   * At the limit the broker refuses the newest item (0x97), and serves connected clients from a reserve of 6 %. The
   * default of a {@link Broker} is a quarter of the machine's memory, and at most half of the runtime's heap.
   */
  readonly memoryBytes: number;
  /** Largest CONNECT that is read; a larger one is refused with 0x95. */
  readonly connectBytes: number;
  /** User properties of one packet, or of one will; one more ends the connection with 0x97. */
  readonly userProperties: number;
  /** Topic filters of one SUBSCRIBE or UNSUBSCRIBE; one more ends the connection with 0x97. */
  readonly filters: number;
  /** Levels of all topic filters of one SUBSCRIBE or UNSUBSCRIBE; one more ends the connection with 0x97. */
  readonly filterLevels: number;
  /**
   * Longest keep alive, in milliseconds; 0: no limit. A 5.0 client with a longer one, or none, receives this one in
   * CONNACK; a 3.1.1 client is refused with return code 2.
   */
  readonly keepAliveMs: number;
  /**
   * Longest time from the end of a connection to the end of its session, in milliseconds; 0: no limit. CONNACK
   * announces it to a 5.0 client that requested more; a persistent session of 3.1.1 ends after it too.
   */
  readonly sessionExpiryMs: number;
  /** Time in milliseconds that a stopping broker gives subscribers to receive the wills. */
  readonly stopGraceMs: number;
}

/** The default limits. */
export const defaultLimits: BrokerLimits = {
  connections: 1_000_000,
  sessions: 1_000_000,
  timeToConnectMs: 10_000,
  maximumPacketSizeBytes: 2 * 1024 * 1024,
  receiveMaximum: 1_024,
  topicAliasMaximum: 64,
  outboundTopicAliases: 64,
  inflight: 1_024,
  connectsPerSecond: 0,
  outboxBytes: 64 * 1024 * 1024,
  outboxMessages: 1_000_000,
  allOutboxesBytes: 1024 * 1024 * 1024,
  unreadBytes: 16 * 1024 * 1024,
  subscriptionsPerSession: 100_000,
  topicLevels: 200,
  topicBytes: 65_535,
  overlappingFilters: 8_192,
  willPayloadBytes: 65_535,
  clientIdLength: 1_024,
  retainedMessages: 1_000_000,
  memoryBytes: 1024 * 1024 * 1024,
  connectBytes: 100 * 1024,
  userProperties: 2_000,
  filters: 2_000,
  filterLevels: 10_000,
  keepAliveMs: 0,
  sessionExpiryMs: 14 * 86_400_000,
  stopGraceMs: 2_000,
};

/** Decides who may do what; without it, everything is allowed. A will is a publication. */
export type Authorize = (who: Principal, action: Action, topic: string) => boolean;

/** The severity of a log line. */
export type BrokerLogLevel = "info" | "warn" | "error";

/** The options of the broker's core. */
export interface CoreOptions {
  /** Limits that replace those of {@link defaultLimits}. Default: none. */
  readonly limits?: Partial<BrokerLimits>;
  /** Links for which there are descriptors: one more is closed at once. Default: no limit. */
  readonly linkRoom?: number;
  /** Maximum QoS: a will above it is refused with 0x9B. Default: 2. */
  readonly maximumQoS?: QoS;
  /** Whether messages are retained: if not, a will with retain is refused with 0x9A. Default: yes. */
  readonly retainAvailable?: boolean;
  /**
   * Response Information for the 5.0 clients that request it: the prefix of their response topics. The broker replaces
   * `%c` by the client identifier. Default: none.
   */
  readonly responseInformation?: string;
  /** Replaces the keep alive of every 5.0 client, in seconds. Default: the keep alive of the client. */
  readonly serverKeepAliveS?: number;
  /** Decides on a login. A rejected promise refuses the login with 0x88. Default: every login is accepted. */
  readonly authenticate?: (login: Login) => LoginAnswer | Promise<LoginAnswer>;
  /** The identity of an accepted login. Default: the client's user name, proved by its password. */
  readonly identityOf?: (login: Login) => Identity;
  /**
   * Whether a user who logged in earlier may still log in; called when the rules change, when a store is read, and
   * before a retained message of that user is delivered. Default: every user may.
   */
  readonly knows?: (identity: Identity) => boolean;
  /**
   * Decides on each PUBLISH, subscription and will, on a will at CONNECT and again when it is due; it must be quick.
   * Default: everything is allowed.
   */
  readonly authorize?: Authorize;
  /** The place of sessions, messages and wills: in memory, or in a file that outlives the broker. Default: memory. */
  readonly store?: StoreOption;
  /**
   * Wills at a clean stop. `publish`, the default, treats the stop like any end of a connection: wills without a delay
   * are published before the watchers are disconnected. A delayed will keeps its due time if there is a store; in
   * memory the session ends with the broker, and a will is due when its session ends. `keep` leaves all wills to the
   * next start; in memory they cannot be kept and are lost.
   */
  readonly onShutdown?: "publish" | "keep";
  /** Injects faults into wills, to test a monitor of wills. Default: none. */
  readonly willFault?: WillFault;
  /** Receives each event of wills and connections as it happens; it must be quick. Default: none. */
  readonly onEvent?: BrokerListener;
  /** The events that {@link onEvent} receives; other events are not constructed. Default: all. */
  readonly eventTypes?: readonly BrokerEventType[];
  /** Receives the packets of the clients that it selects. Default: none. */
  readonly trace?: Trace;
  /** Interval between publications of the `$SYS` topics, in milliseconds; 0 publishes none. Default: 0. */
  readonly sysIntervalMs?: number;
  /** Receives log lines. Default: none are written. */
  readonly log?: (level: BrokerLogLevel, message: string) => void;
  /**
   * The treatment of an internal error of a handler. `contain`, the default of a {@link Broker}: the error ends one
   * connection, and is logged with its stack and counted. `throw`, the default of a core: the error is rethrown, for
   * tests.
   */
  readonly onInternalError?: "contain" | "throw";
  /** The clock of the broker. Default: the clock of the system. */
  readonly clock?: Clock;
  /**
   * The time of day in milliseconds since 1970: a store uses it, because no other clock continues without a broker.
   * Default: the clock of the system.
   */
  readonly wallNowMs?: () => number;
  /**
   * Runs a task at the end of this turn of the event loop: the store's commit for all input of the turn.
   * Default: a task of the event loop.
   */
  readonly endOfTurn?: (task: () => void) => void;
  /**
   * Draws an identifier for a client that brought none; asked again when it is in use.
   * Default: drawn by the random generator of the system.
   */
  readonly newClientId?: () => string;
}

/** Core options with all defaults filled in. */
export interface CoreSettings extends
  Required<
    Omit<
      CoreOptions,
      | "limits"
      | "willFault"
      | "onEvent"
      | "eventTypes"
      | "trace"
      | "serverKeepAliveS"
      | "responseInformation"
      | "identityOf"
    >
  > {
  readonly limits: BrokerLimits;
  readonly willFault: WillFault | undefined;
  readonly listeners: BrokerListeners;
  readonly trace: Trace | undefined;
  /** Whether the broker judges logins, so that user names have a meaning. */
  readonly hasLogins: boolean;
  /** Whether {@link CoreOptions.authorize} was given. */
  readonly hasRules: boolean;
  /** Undefined: the client's user name, proved by its password. */
  readonly identityOf: CoreOptions["identityOf"];
  readonly serverKeepAliveS: number | undefined;
  readonly responseInformation: string | undefined;
}

/** The defaults of options that are plain values; {@link defaultLimits} has those of limits. */
export const defaultOptions = {
  maximumQoS: 2,
  retainAvailable: true,
  onShutdown: "publish",
  store: "memory",
  outlives: "power",
} as const;

/** Fills in the defaults. @throws UsageError for a limit that is not a whole number in its range */
export function coreSettings(options: CoreOptions, newClientId: () => string): CoreSettings {
  const limits = { ...defaultLimits, ...options.limits };
  checkLimits(limits);
  const log = options.log ?? (() => {});
  return {
    maximumQoS: options.maximumQoS ?? defaultOptions.maximumQoS,
    retainAvailable: options.retainAvailable ?? defaultOptions.retainAvailable,
    serverKeepAliveS: options.serverKeepAliveS,
    responseInformation: options.responseInformation,
    authenticate: options.authenticate ?? (() => "accept"),
    hasLogins: options.authenticate !== undefined,
    identityOf: options.identityOf,
    knows: options.knows ?? (() => true),
    hasRules: options.authorize !== undefined,
    authorize: options.authorize ?? (() => true),
    onShutdown: options.onShutdown ?? defaultOptions.onShutdown,
    willFault: options.willFault,
    listeners: listenersOf(options.onEvent, options.eventTypes ?? brokerEventTypes, (text) => log("warn", text)),
    trace: options.trace,
    sysIntervalMs: options.sysIntervalMs ?? 0,
    log,
    onInternalError: options.onInternalError ?? "throw",
    clock: options.clock ?? monotonicClock,
    wallNowMs: options.wallNowMs ?? (() => wallTime().getTime()),
    endOfTurn: options.endOfTurn ?? ((task) => void setImmediate(task)),
    store: options.store ?? defaultOptions.store,
    newClientId: options.newClientId ?? newClientId,
    linkRoom: options.linkRoom ?? Infinity,
    limits,
  };
}

const mayBeZero: ReadonlySet<keyof BrokerLimits> = new Set(
  [
    "topicAliasMaximum",
    "outboundTopicAliases",
    "stopGraceMs",
    "retainedMessages",
    "connectsPerSecond",
    "willPayloadBytes",
    "keepAliveMs",
    "sessionExpiryMs",
  ],
);

/** Limits that are sent in a packet: the standard bounds them. */
const highest: Partial<Record<keyof BrokerLimits, number>> = {
  // Below the standard's 268,435,460: a 3.1.1 message is larger for a 5.0 receiver, by its subscription identifiers.
  maximumPacketSizeBytes: 262_144_000,
  subscriptionsPerSession: 1_000_000,
  // The broker visits topics level by level.
  topicLevels: 2_000,
  keepAliveMs: 65_535_000,
  sessionExpiryMs: 4_294_967_294_000,
  receiveMaximum: 65_535,
  topicAliasMaximum: 65_535,
  inflight: 65_535,
  topicBytes: 65_535,
  willPayloadBytes: 65_535,
};

/** The minimum and the maximum of a limit. */
export function limitRange(name: keyof BrokerLimits): readonly [least: number, most: number] {
  const least = mayBeZero.has(name) ? 0 : 1;
  return [least, highest[name] ?? Number.MAX_SAFE_INTEGER];
}

function checkLimits(limits: BrokerLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    const [least, most] = limitRange(name as keyof BrokerLimits);
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new UsageError(`Cannot use limit ${name} = ${value}: expected a whole number from ${least} to ${most}`);
  }
}

/** The place of sessions, messages and wills. */
export type StoreOption = "memory" | SqliteOption;

/** A store in a file. */
export interface SqliteOption {
  /** A file, created if missing; its directory must exist. `-wal` and `-journal` files are next to it. */
  readonly path: string;
  /**
   * What an acknowledgement survives. `power`, the default: also a power failure, because the file is synced before
   * each one. `process`: a kill of the process, not of the machine; a power failure may lose the last seconds, never
   * the file.
   */
  readonly outlives?: "power" | "process";
  /**
   * Maximum size of the file, in pages of 4,096 bytes; by default the size of the disk. Beyond it nothing is accepted.
   */
  readonly pagesLimit?: number;
}
