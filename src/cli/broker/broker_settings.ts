/**
 * Every setting of `mqtt-sim broker`: the one source of its flags and their help, of the entries of its config file and
 * their check, and of the JSON Schema. A new setting is an entry here, by the name of its flag; `broker_options.ts`
 * defines its effect on the broker, except for limits, which need no entry there.
 */
import { UsageError } from "../../base/failure.ts";
import { formatCount, formatDuration, formatSizeBytes } from "../../base/units.ts";
import { type BrokerLimits, defaultLimits, defaultOptions, limitRange } from "../../broker/options/options.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import { engineChoices, engineHelp } from "../../net/engine.ts";
import { clientAuths } from "../../net/tls/tls_identity.ts";
import {
  choice,
  durationMs,
  file,
  many,
  one,
  seconds,
  type Setting,
  sizeBytes,
  text,
  toggle,
  whole,
} from "../options/setting.ts";
import type { ValueOf } from "../options/setting.ts";
import { faults, observing } from "./observing_settings.ts";

/** The defaults of `mqtt-sim broker`. */
export const brokerDefaults = { host: "127.0.0.1", port: 1883 } as const;

const listening = {
  host: one(text("ADDRESS"), {
    help: "Address of this machine to listen on; 0.0.0.0 means all.",
    usual: brokerDefaults.host,
  }),
  port: one(whole(0, 65_535, "PORT"), {
    short: "-p",
    help: "Port to listen on; 0 means a free port.",
    usual: String(brokerDefaults.port),
  }),
  listen: many(
    text("URL", (value) => parseEndpoint(value), "a URL such as mqtts://127.0.0.1:8883 or ws://127.0.0.1:8080"),
    {
      help:
        "Where to listen, instead of --host and --port: mqtt://, mqtts://, ws:// or wss:// with host and port, or unix:///path. " +
        "WebSocket is served at the path after the port: /mqtt without one; /* is every path.",
    },
  ),
  "proxy-protocol": toggle({
    help: "Every connection comes from a proxy and begins with a header of the PROXY protocol, version 1 or 2: the " +
      "client's address is the one in it, and a connection without a valid header is closed.",
  }),
  "allow-origin": many(text("ORIGIN", readOrigin, "an origin such as https://app.example, or *"), {
    help: "A web page that may use WebSocket, metrics and status from a browser, such as https://app.example; * is " +
      "every page. Default: none.",
  }),
  engine: one(choice(engineChoices), { help: engineHelp, usual: "auto" }),
};

/** @throws UsageError when it is no origin */
function readOrigin(value: string): string {
  const origin = value.toLowerCase();
  if (value === "*" || (URL.canParse(value) && new URL(value).origin === origin)) return origin;
  throw new UsageError(`Cannot read --allow-origin ${JSON.stringify(value)}: expected scheme://host[:port], or *`);
}

const security = {
  "tls-cert": one(file, { help: "The server's certificate in PEM, with its chain." }),
  "tls-key": one(file, { help: "Its private key in PEM. SIGHUP reloads all these files." }),
  "tls-ca": one(file, { help: "CA certificates in PEM that sign client certificates." }),
  "tls-client-auth": one(choice(clientAuths), { help: "Whether clients must present a certificate.", usual: "none" }),
  "tls-username": one(choice(["cn"]), {
    help: "Uses the common name of a client's certificate as its user name; no password is needed.",
  }),
  users: one(file, {
    help: "Users and hashes of their passwords, as mqtt-sim broker passwd or mosquitto_passwd write them.",
  }),
  acl: one(file, {
    help: "Rules for publishing and subscribing, in the format of mosquitto's acl_file. Default deny.",
  }),
  "allow-anonymous": toggle({ help: "Accept clients without a user name, also with --users and from other machines." }),
};

const service = {
  "max-qos": one(choice(["0", "1", "2"]), {
    help: "Highest QoS that is served; a will above it is refused with 0x9B.",
    usual: String(defaultOptions.maximumQoS),
  }),
  retain: one(choice(["yes", "no"]), {
    help: "Whether messages are retained; if not, a will with retain is refused with 0x9A.",
    usual: defaultOptions.retainAvailable ? "yes" : "no",
  }),
  "server-keep-alive": one(seconds(0, 65_535), {
    help: "Server Keep Alive: overrides the keep alive of every 5.0 client; 0 turns keep alive off.",
    usual: "the client's own",
  }),
  "response-information": one(text("TEXT"), {
    help: "Response Information for the 5.0 clients that request it; %c stands for the client identifier.",
  }),
};

const durability = {
  store: one(text("PATH"), {
    help: "A file that keeps sessions, messages and wills over a restart; created if it does not exist. " +
      "memory: they end with the broker.",
    usual: defaultOptions.store,
  }),
  "store-outlives": one(choice(["power", "process"]), {
    help: "What acknowledged data survives: a power failure, or only a crash of the broker, which is faster.",
    usual: defaultOptions.outlives,
  }),
  "on-shutdown": one(choice(["publish", "keep"]), {
    help: "Wills at a clean stop: published, or kept for the next start. A store keeps delayed wills in both cases; " +
      "without a store they are published too, and keep loses all wills.",
    usual: defaultOptions.onShutdown,
  }),
};

const output = {
  quiet: toggle({ short: "-q", help: "Write warnings only." }),
};

/** A limit as a person sets it. */
interface LimitSetting {
  readonly name: string;
  readonly help: string;
  /** True for bytes that are written such as 64k. */
  readonly isSize?: true;
  /** The default in words, where it is not the same on every machine. */
  readonly usual?: string;
}

/** One for each limit of the broker; the compiler reports a missing one. */
const limits: Readonly<Record<keyof BrokerLimits, LimitSetting>> = {
  connections: {
    name: "max-connections",
    help: "Open connections, counted from the accept; one more is refused with 0x97.",
    usual: `${formatCount(defaultLimits.connections)}, at most what the limit of open files leaves`,
  },
  sessions: { name: "max-sessions", help: "Sessions, online and offline; one more is refused with 0x97." },
  timeToConnectMs: {
    name: "time-to-connect",
    help:
      "Time from the accept, including TLS and WebSocket handshakes, to CONNECT and login; then the broker closes the connection.",
  },
  maximumPacketSizeBytes: {
    name: "max-packet-size",
    help: "Largest packet read; a larger one ends the connection with 0x95.",
    isSize: true,
  },
  receiveMaximum: {
    name: "receive-maximum",
    help:
      "QoS 2 messages of a 5.0 client received and not released (Receive Maximum); one more ends the connection with 0x93.",
  },
  topicAliasMaximum: {
    name: "topic-alias-maximum",
    help: "Topic aliases of a 5.0 client; a higher one ends the connection with 0x94.",
  },
  outboundTopicAliases: {
    name: "outbound-topic-aliases",
    help: "Topic aliases towards a 5.0 client, which may allow fewer; other topics are sent in full.",
  },
  inflight: {
    name: "max-inflight",
    help: "QoS 1 and 2 messages sent to a client and not acknowledged; further messages wait.",
  },
  connectsPerSecond: {
    name: "max-connect-rate",
    help: "Connections accepted from one address per second; one more is refused with 0x9F; 0 means no limit.",
  },
  outboxMessages: {
    name: "max-queue-messages",
    help: "Messages queued for a client; further messages are dropped and counted.",
  },
  allOutboxesBytes: {
    name: "max-queues-size",
    help: "Bytes of messages queued for all clients together; further messages are dropped and counted.",
    isSize: true,
  },
  topicBytes: {
    name: "max-topic-length",
    help: "Bytes of a topic name or filter; a longer one is refused with 0x90 or 0x8F.",
  },
  willPayloadBytes: {
    name: "max-will-payload",
    help: "Bytes of a will's payload; a larger one is refused with 0x95.",
  },
  outboxBytes: {
    name: "max-queue-size",
    help: "Bytes of messages queued for a client; further messages are dropped and counted.",
    isSize: true,
  },
  unreadBytes: {
    name: "max-unread",
    help: "Bytes of responses that a client has not read; more ends the connection with 0x97.",
    isSize: true,
  },
  subscriptionsPerSession: {
    name: "max-subscriptions",
    help: "Subscriptions of a session; one more is refused with 0x97.",
  },
  topicLevels: {
    name: "max-topic-levels",
    help: "Levels of a topic name or filter; a deeper one is refused with 0x90 or 0x8F.",
  },
  overlappingFilters: {
    name: "max-overlapping-filters",
    help: "Levels of filters that one message may visit; a filter with + that exceeds it is refused with 0x97.",
  },
  clientIdLength: {
    name: "max-client-id",
    help: "Characters of a client identifier; a longer one is refused with 0x85.",
  },
  retainedMessages: {
    name: "max-retained",
    help: "Retained messages; one for another topic is delivered and not retained.",
  },
  memoryBytes: {
    name: "max-memory",
    help:
      "Memory that clients make the broker take, all together: 55 % for what it keeps, the rest for what the runtime " +
      "has not collected yet; at the bound the newest item is refused with 0x97.",
    isSize: true,
    usual: "a quarter of this machine's memory (1024m where it is not known), at most half of the runtime's heap",
  },
  connectBytes: {
    name: "max-connect-size",
    help: "Largest CONNECT read; a larger one is refused with 0x95.",
    isSize: true,
  },
  userProperties: {
    name: "max-user-properties",
    help: "User properties of a packet, or of a will; one more ends the connection with 0x97.",
  },
  filters: {
    name: "max-filters",
    help: "Topic filters of a SUBSCRIBE or UNSUBSCRIBE; one more ends the connection with 0x97.",
  },
  filterLevels: {
    name: "max-filter-levels",
    help: "Levels of all topic filters of a SUBSCRIBE or UNSUBSCRIBE; one more ends the connection with 0x97.",
  },
  keepAliveMs: {
    name: "max-keep-alive",
    help:
      "Longest keep alive: a 5.0 client gets it in CONNACK; a 3.1.1 client with a longer one, or none, is refused; " +
      "0 means no limit.",
  },
  sessionExpiryMs: {
    name: "max-session-expiry",
    help:
      "Longest session expiry: announced to 5.0 clients that request more; 3.1.1 sessions end after it; 0 means no limit.",
  },
  stopGraceMs: {
    name: "stop-grace",
    help: "Time that a stopping broker gives subscribers to receive the wills.",
  },
};

function limitSetting(limit: keyof BrokerLimits): Setting<number> {
  const { help, isSize, usual: usualText } = limits[limit];
  const [least, most] = limitRange(limit);
  const usual = defaultLimits[limit];
  if (limit.endsWith("Ms")) return one(durationMs(least, most), { help, usual: formatDuration(usual) });
  if (isSize) return one(sizeBytes(least, most), { help, usual: usualText ?? formatSizeBytes(usual) });
  return one(whole(least, most), { help, usual: usualText ?? formatCount(usual) });
}

/** The name of the setting of a limit. */
export function limitFlag(limit: string): string {
  return limits[limit as keyof BrokerLimits].name;
}

/** The limit behind each setting of one. */
export const limitNames: ReadonlyMap<string, keyof BrokerLimits> = new Map(
  Object.entries(limits).map(([limit, { name }]) => [name, limit as keyof BrokerLimits]),
);

const named = { ...listening, ...security, ...service, ...durability, ...observing, ...faults, ...output };

/** The settings of each section of help, in its order. */
export const brokerSections: Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>> = {
  Listening: listening,
  Security: security,
  Service: service,
  Durability: durability,
  Limits: Object.fromEntries([...limitNames].map(([name, limit]) => [name, limitSetting(limit)])),
  Observing: observing,
  Faults: faults,
  Output: output,
};

/** Every setting by its flag's name, in the order of help. */
export const brokerSettings: ReadonlyMap<string, Setting<unknown>> = new Map(
  Object.values(brokerSections).flatMap((settings) => Object.entries(settings)),
);

/** A user's settings, by flags or by file; absent where the user gave none. */
export type BrokerSettings =
  & { readonly [Name in keyof typeof named]?: ValueOf<(typeof named)[Name]> }
  & { readonly [limit: string]: unknown };
