/**
 * The options of a fleet's plan, each once. This table is the only place with an option's flag, bounds, default and
 * help: `mqtt-sim fleet` has its flags from it, scenario files their settings and JSON Schema, saved plans their check,
 * the plan its defaults and bounds, the report its repeat command, and `docs/options.md` its tables. The type of each
 * value is in `plan.ts`.
 *
 * The options stand in the order in which a report has them; help and the repeat command sort them by section. Long
 * runs of rows with one subject are in `table/`.
 */
import { formatCount } from "../../base/units.ts";
import { profileNames } from "../../profiles/profiles.ts";
import type { FleetPlan, GroupOwn, HiddenName, KillRate } from "./plan.ts";
import { optionSections, type PlanOption } from "./plan_option.ts";
import { authOptions } from "./table/auth_options.ts";
import { connectionOptions } from "./table/connection_options.ts";
import { identityOptions } from "./table/identity_options.ts";
import { option } from "./table/option.ts";

/** The parts of a plan that are options: all except those that only a scenario file can set. */
export type OptionName = Exclude<
  keyof FleetPlan,
  "scenario" | "overruled" | "groups" | "node" | "phases" | "telemetry" | HiddenName
>;

/** The compiler checks the table against the types: every option, with a default of its type, and the right marks. */
type OptionTable = {
  readonly [Name in OptionName]:
    & PlanOption<Required<FleetPlan>[Name]>
    & (Record<never, never> extends Pick<FleetPlan, Name> ? { readonly default?: never; readonly derived?: never }
      : { readonly default: FleetPlan[Name] } | { readonly default?: never; readonly derived: true })
    & (Name extends keyof GroupOwn ? { readonly ownToGroup: true } : { readonly ownToGroup?: never });
};

/** Clients for each watcher by default: keeps a burst of wills below the usual queue limits of brokers. */
export const clientsPerWatcher = 500;

/** Unanswered CONNECTs at one time: of the whole run at least, and of each of many shards. */
export const leastUnderWay = 64;
export const underWayPerShard = 16;

/** Ports 32,768 to 60,999: the default range of Linux for outgoing connections. */
export const usualSourcePorts = 28_232;

const weekMs = 604_800_000;
const hourMs = 3_600_000;
const most32Bits = 0xffff_ffff;

const killRate: KillRate = { kind: "fraction", perSecond: 0.05 };

/** Every option of a plan: flag, section of the help, bounds, default and help. */
export const planOptions = {
  run: option("run-id", "Output", { kind: "text", metavar: "ID" }, {
    help: "Names the run in topics, payloads and client ids: 1 to 16 letters, digits or hyphens.",
    derived: true,
    defaultText: "random, or with --shard a hash of the plan",
    inScenario: false,
  }),
  clients: option("clients", "Fleet", { kind: "whole", min: 1, max: 10_000_000 }, {
    short: "c",
    help: "Clients, {range}.",
    default: 1_000,
  }),
  nodes: option("node", "Target", { kind: "nodes" }, {
    help:
      "A node of the cluster to test, in place of --url; give one for each node. Clients are spread over the nodes " +
      "by turn, or by SHARE; each reconnect and takeover goes to the next node. A watcher on every node receives each " +
      "will (see --watch-nodes), and the report has a matrix of the node on which a client died and the node that saw the will.",
    defaultText: "one address, --url",
  }),
  waitMs: option("wait", "Target", { kind: "duration", min: 0, max: hourMs }, {
    help: "How long to retry while the broker does not answer a CONNECT, because it is still starting, {range}.",
    defaultText: "one attempt",
    ownToShard: true,
    inScenario: false,
  }),
  protocol: option("protocol", "Target", { kind: "choice", words: ["3.1.1", "5", "mix", "auto"], notInGroup: "auto" }, {
    help: "MQTT version that clients speak; mix draws one for each client, auto is mix where the broker accepts both.",
    default: "auto",
    ownToGroup: true,
  }),
  killRate: option("kill-rate", "Kills", { kind: "killRate" }, {
    called: "kill rate",
    help: "Kills a second, evenly spread: a fraction of the clients alive, 0% to 100%, or a number such as 50/s.",
    default: killRate,
  }),
  killShares: option("kill-mode", "Kills", { kind: "killShares" }, {
    called: "kill mode",
    help: "How clients die: one mode, shares such as reset=45,leave=10, or all, each as often.",
    // Mostly failures of networks, and clients that leave, after which no will is due.
    default: [{ mode: "reset", weight: 45 }, { mode: "close", weight: 45 }, { mode: "leave", weight: 10 }],
    defaultText: "reset=45,close=45,leave=10; over a Unix socket, which has no reset, close=90,leave=10",
    ownToGroup: true,
  }),
  durationMs: option("duration", "Kills", { kind: "duration", min: 100, max: weekMs }, {
    short: "d",
    help: "Duration of the kill phase, {range}.",
    default: 30_000,
  }),
  reconnectAfterMs: option("reconnect-after", "Kills", { kind: "reconnect" }, {
    help: "Time from a kill to the next CONNECT of the client, or never.",
    default: 1_000,
    ownToGroup: true,
  }),
  seed: option("seed", "Kills", { kind: "whole", min: 0, max: most32Bits }, {
    help: "Seed of the victims, the kill modes and their order: the same seed gives the same kills. {range}.",
    derived: true,
    defaultText: "random; the report has it",
  }),
  rampPerSecond: option("ramp-rate", "Fleet", { kind: "perSecond", min: 1, max: 1_000_000 }, {
    help: "CONNECTs a second while the fleet connects, {range}.",
    default: 1_000,
  }),
  connectsUnderWay: option("connects-under-way", "Fleet", { kind: "whole", min: 1, max: 100_000 }, {
    help: "Unanswered CONNECTs at one time while the fleet connects, over all workers and shards, {range}: " +
      "more than the broker's accept queue holds are lost and retried a second later.",
    derived: true,
    defaultText: `${leastUnderWay}, or ${underWayPerShard} for each shard if that is more`,
    added: true,
  }),
  keepAliveS: option("keepalive", "Fleet", { kind: "seconds", min: 0, max: 65_535 }, {
    short: "k",
    help: "Keep alive, {range}; 0 turns it off, which excludes the kill modes that rely on it.",
    default: 10,
    ownToGroup: true,
  }),
  willQos: option("will-qos", "Wills", { kind: "qos" }, {
    help: "QoS of the wills; mix draws one for each will.",
    default: 1,
    ownToGroup: true,
  }),
  willRetain: option("will-retain", "Wills", { kind: "switch" }, {
    help: "Use retained wills, and check afterwards whether the broker retained them.",
    default: false,
    ownToGroup: true,
  }),
  presence: option("presence", "Wills", { kind: "switch" }, {
    help:
      "Each client publishes retained online and offline messages on its will's topic; its will is retained too. The check: late subscribers find the right state of each client, during the kills and at the end.",
    ownToGroup: true,
  }),
  sparkplug: option("sparkplug", "Sparkplug", { kind: "switch" }, {
    help:
      "Each client is a Sparkplug B edge node: its will is NDEATH, and it publishes NBIRTH, births, data and deaths of its devices; a host application publishes STATE. The node's name is the client identifier.",
    defaultText: "no",
  }),
  sparkplugGroup: option("sparkplug-group", "Sparkplug", { kind: "text", metavar: "NAME" }, {
    help:
      "Sparkplug group of the edge nodes; takes {run}, {bucket} and {group}. Without {bucket}, each worker has one " +
      "watcher. Implies --sparkplug.",
    defaultText: "mqtt-sim-{run}-{bucket}",
  }),
  sparkplugDevices: option("sparkplug-devices", "Sparkplug", { kind: "whole", min: 0, max: 100 }, {
    help: "Devices of each edge node, {range}. Implies --sparkplug.",
    defaultText: "2",
  }),
  sparkplugHost: option("sparkplug-host", "Sparkplug", { kind: "text", metavar: "NAME" }, {
    help: "Identifier of the host application, which publishes its STATE; takes {run}. Implies --sparkplug.",
    defaultText: "mqtt-sim-{run}",
  }),
  presenceLooks: option("presence-looks", "Wills", { kind: "whole", min: 1, max: 1_000 }, {
    help: "With --presence: how many late subscribers look at all states during the kills, one after the other and " +
      "evenly spread, {range}. Each state found is compared with the one that is due at that instant.",
    defaultText: "1, in the middle",
  }),
  willDelayS: option("will-delay", "Wills", { kind: "seconds", min: 0, max: most32Bits }, {
    help: "Will Delay Interval, {range}; 5.0 clients only.",
    default: 0,
    ownToGroup: true,
  }),
  sessionExpiryS: option("session-expiry", "Fleet", { kind: "seconds", min: 0, max: most32Bits }, {
    help: "Session Expiry Interval of 5.0 clients, {range}; above 0 makes 3.1.1 sessions persistent too.",
    default: 0,
    ownToGroup: true,
  }),
  cleanStart: option("clean-start", "Fleet", { kind: "choice", words: ["yes", "no", "mix"] }, {
    help: "Clean Start (3.1.1: Clean Session) of each CONNECT; mix draws.",
    derived: true,
    defaultText: "yes, or no with --session-expiry above 0",
    ownToGroup: true,
  }),
  willTopic: option("will-topic", "Wills", { kind: "text", metavar: "TOPIC" }, {
    help:
      "Topic of each will; takes {run}, {bucket}, {client}, {client:05}, {id}, {incarnation} and {group}. {id} is " +
      "the client identifier.",
    default: "mqtt-sim/{run}/{bucket}/{client}/will",
    ownToGroup: true,
  }),
  willPayloadSizeBytes: option("will-payload-size", "Wills", { kind: "bytes", min: 64, max: 65_535 }, {
    help: "Bytes of each will's payload, {range}.",
    default: 64,
    ownToGroup: true,
  }),
  willPayload: option("will-payload", "Wills", { kind: "text", metavar: "TEXT|@FILE" }, {
    help: "Payload of each will: a text, or the bytes of a file; takes {run}, {client}, {client:05}, {id} and " +
      "{incarnation}. Without {incarnation}, the run identifies a will of a 3.1.1 client by topic, client and time.",
    defaultText: "run, client, life and a nonce as text",
    ownToGroup: true,
  }),
  birthPayload: option("birth-payload", "Wills", { kind: "text", metavar: "TEXT|@FILE" }, {
    help: "With --presence and --will-payload: payload of the retained message that each client publishes once it is " +
      "connected, such as online. A client that leaves publishes the payload of its will.",
    defaultText: "run, client, life and a nonce as text",
    ownToGroup: true,
  }),
  watchers: option("watchers", "Watching", { kind: "whole", min: 1, max: 20_000 }, {
    help: "Clients that subscribe to the wills and share the topics, {range}.",
    derived: true,
    defaultText: `one for every ${formatCount(clientsPerWatcher)} clients, and at least one for each worker`,
  }),
  fanOut: option("fan-out", "Watching", { kind: "whole", min: 1, max: 1_000 }, {
    help: "How many watchers receive each will, {range}.",
    default: 1,
    defaultText: "1; with --node, one on each node",
  }),
  watchNodes: option("watch-nodes", "Watching", { kind: "choice", words: ["every", "other"] }, {
    help: "With --node: every has watchers of each will on every node; other has them on nodes that its client never " +
      "connects to, so that each will crosses the cluster, once for each of --fan-out watchers.",
    defaultText: "every",
  }),
  watchQos: option("watch-qos", "Watching", { kind: "whole", min: 0, max: 2 }, {
    help:
      "QoS at which watchers subscribe, {range}; in 5.0 no more than the broker's Maximum QoS. Some brokers, such " +
      "as AWS IoT Core, do not answer a SUBSCRIBE with QoS 2.",
    default: 2,
    added: true,
  }),
  skipBrokerCounters: option("skip-broker-counters", "Watching", { kind: "switch" }, {
    help:
      "Do not subscribe to the broker's own counters under $SYS. Otherwise a run with missing wills waits up to 12 s at its end for the broker's count of dropped messages.",
    defaultText: "no",
  }),
  workers: option("workers", "Fleet", { kind: "whole", min: 1, max: 64 }, {
    help: "Threads that share the clients, {range}.",
    default: 1,
    ownToShard: true,
  }),
  shard: option("shard", "Parts", { kind: "shard" }, {
    help:
      "Run one part of a run that several processes share, on this machine or others: 2/5 is the second fifth of the clients, with their kills of the whole run. Give all parts the same flags and the same --seed; mqtt-sim report merge joins their reports.",
    defaultText: "the whole run",
    ownToShard: true,
    inScenario: false,
  }),
  ...identityOptions,
  ...authOptions,
  lateAfterMs: option("late-after", "Watching", { kind: "duration", min: 1, max: hourMs }, {
    help: "A will that comes later than this after its due time is late, {range}.",
    default: 1_000,
  }),
  drainMs: option("drain", "Watching", { kind: "duration", min: 0, max: 24 * hourMs }, {
    help:
      "How long to wait after the last due time before a will is missing, and before the fleet ends a connection that the broker must close, {range}.",
    default: 10_000,
  }),
  profile: option("profile", "Judging", { kind: "choice", words: profileNames, metavar: "NAME" }, {
    help:
      "A broker whose known deviations are reported, with rule and source, and do not fail the run. The profile of a " +
      "service in a cloud also sets defaults within the limits of the service, and refuses settings outside of them. " +
      "mqtt-sim fleet profiles lists all.",
    defaultText: "strict: no known deviations",
  }),
  restartCommand: option("restart-command", "Restart", { kind: "text", metavar: "COMMAND" }, {
    help:
      "Shell command that restarts the broker at --url, for scenarios with a restart. It must end once the broker starts; if it fails, the run is void. The embedded broker needs no command.",
    // A scenario file is data: it must not name a command to run.
    inScenario: false,
  }),
  nodeStop: option("node-stop", "Restart", { kind: "text", metavar: "COMMAND" }, {
    help: "Shell command that stops a node of the cluster, for scenarios that lose nodes; {node} is the name of the " +
      "node. It may end before the node has stopped. If it fails, the run is void.",
    // A scenario file is data: it must not name a command to run.
    inScenario: false,
  }),
  nodeStart: option("node-start", "Restart", { kind: "text", metavar: "COMMAND" }, {
    help: "Shell command that starts that node again. It must end once the node starts; the run then waits until the " +
      "node accepts a CONNECT. The run starts a stopped node also where it ends early. If it fails, the run is void.",
    inScenario: false,
  }),
  kickCommand: option("kick-command", "Kills", { kind: "text", metavar: "COMMAND" }, {
    help: "Shell command that has the broker end the connection of a client, for kill mode kicked; {client_id} and " +
      "{client} are its identifier and number. If it fails, the run is void.",
    defaultText: "none; the embedded broker needs no command",
    // A scenario file is data: it must not name a command to run.
    inScenario: false,
  }),
  restartTimeoutMs: option("restart-timeout", "Restart", { kind: "duration", min: 100, max: hourMs }, {
    help: "Time limit from the shutdown of the broker until it accepts connections again, {range}.",
    default: 30_000,
    added: true,
  }),
  sourceAddresses: option("source-address", "Target", { kind: "addresses" }, {
    help: "Addresses of this machine to connect from, in turn: each has its own source ports. One address, a list " +
      "with commas, a range 127.0.0.2-127.0.0.6 or a network 127.0.0.0/29.",
    default: [],
    defaultText: "the system's choice",
    ownToShard: true,
    added: true,
  }),
  sourcePorts: option("source-ports", "Target", { kind: "whole", min: 1, max: 65_535 }, {
    help: "Source ports available for each source address, {range}.",
    defaultText: `the range of the system, or ${formatCount(usualSourcePorts)} if it cannot be read`,
    ownToShard: true,
  }),
  ...connectionOptions,
} satisfies OptionTable;

/** The names of the options that have the same default in every plan. */
export type DefaultName = {
  [Name in OptionName]: typeof planOptions[Name] extends { default: unknown } ? Name : never;
}[OptionName];

/** The options with their names, in the order of the table. */
export const optionList = Object.entries(planOptions) as unknown as readonly (readonly [OptionName, PlanOption])[];

/** The same by section, in the order of help. */
export const optionsBySection: typeof optionList = optionSections.flatMap((section) =>
  optionList.filter(([, option]) => option.section === section)
);
