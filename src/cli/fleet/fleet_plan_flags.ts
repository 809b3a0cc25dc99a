/**
 * The flags of `mqtt-sim fleet` that say what its clients are, how they die, and who watches their wills.
 */
import { object } from "@optique/core/constructs";
import * as units from "../../base/units.ts";
import { killModes } from "../../fleet/plan/kill_mode.ts";
import { clientsPerWatcher, planDefaults } from "../../fleet/plan/make_plan.ts";
import { switchFlag, valueFlag, wordValue } from "../options/flag.ts";
import { duration, seconds, usual, whole, word } from "./fleet_flag_values.ts";

/** Who there is. */
export const fleet = object("Fleet", {
  clients: valueFlag("--clients", whole, `Clients, 1 to 1,000,000. Default ${usual.clients}.`),
  rampRate: valueFlag(
    "--ramp-rate",
    { metavar: "RATE", read: units.parsePerSecond },
    `CONNECTs a second while the fleet is being connected, 1/s to 1,000,000/s. Default ${usual.rampRate}/s.`,
  ),
  connectsUnderWay: valueFlag(
    "--connects-under-way",
    whole,
    "CONNECTs that may be unanswered at once while the fleet is connected, over all workers and shards, 1 to 100,000: " +
      "what is more than the broker's accept queue holds is lost, and tried again a second later. " +
      `Default ${planDefaults.connectsUnderWay}.`,
  ),
  keepAlive: valueFlag(
    "--keepalive",
    seconds,
    `Keep alive, 1s to 65,535s; 0 turns it off, which excludes the kill modes that rely on it. ` +
      `Default ${planDefaults.keepAliveS}s.`,
  ),
  sessionExpiry: valueFlag(
    "--session-expiry",
    seconds,
    "Session Expiry Interval of 5.0 clients, 0 to 4,294,967,295s; above 0 makes 3.1.1 sessions persistent too. " +
      `Default ${planDefaults.sessionExpiryS}.`,
  ),
  cleanStart: valueFlag(
    "--clean-start",
    wordValue(["yes", "no", "mix"]),
    "Clean Start (3.1.1: Clean Session) of each CONNECT; mix draws. Default yes, or no with --session-expiry above 0.",
  ),
  clientPrefix: valueFlag(
    "--client-prefix",
    word("TEXT"),
    `How client ids begin: 1 to 64 characters without / + #. Default ${planDefaults.clientPrefix}.`,
  ),
  workers: valueFlag(
    "--workers",
    whole,
    `Threads that the clients are spread over, 1 to 64. Default ${planDefaults.workers}.`,
  ),
});

/** How they die, and come back. */
export const kills = object("Kills", {
  killRate: valueFlag(
    "--kill-rate",
    { metavar: "RATE", read: units.parseRate, name: "kill rate" },
    `Kills a second, evenly spread: a share of the clients alive, 0% to 100%, or a number such as 50/s. ` +
      `Default ${usual.killRate}.`,
  ),
  killMode: valueFlag(
    "--kill-mode",
    {
      metavar: "MIX",
      read: (value, name) => units.parseMix(value, name, killModes),
      name: "kill mode",
      words: ["all", ...killModes],
    },
    `How clients die: one mode, shares such as reset=45,leave=10, or all, each as often. Default ${usual.killShares}. ` +
      `The modes are listed below.`,
  ),
  duration: valueFlag("--duration", duration, `How long clients are killed, 100ms to 168h. Default ${usual.duration}.`),
  reconnectAfter: valueFlag(
    "--reconnect-after",
    { metavar: "TIME|never", read: (value, name) => value === "never" ? value : units.parseDurationMs(value, name) },
    `From a client's death to its next CONNECT, or never. Default ${usual.reconnectAfter}.`,
  ),
  seed: valueFlag(
    "--seed",
    whole,
    "Draws victims, modes and their order: the same seed, the same deaths. 0 to 4,294,967,295. Default: drawn, and told at the end.",
  ),
});

/** What they leave. */
export const wills = object("Wills", {
  willQos: valueFlag(
    "--will-qos",
    wordValue(["0", "1", "2", "mix"]),
    `QoS of the wills; mix draws. Default ${planDefaults.willQos}.`,
  ),
  willRetain: switchFlag("--will-retain", "Ask for retained wills, and look afterwards whether they were retained."),
  presence: switchFlag(
    "--presence",
    "Each client says on its will's topic, retained, that it is online, and before it leaves properly that it left; its " +
      "will is retained too. What a late subscriber finds there, while clients are killed and at the end, must be the " +
      "truth.",
  ),
  willDelay: valueFlag(
    "--will-delay",
    seconds,
    `Will Delay Interval, 0 to 4,294,967,295s; 5.0 clients only. Default ${planDefaults.willDelayS}.`,
  ),
  willTopic: valueFlag(
    "--will-topic",
    word("TOPIC"),
    `Topic of each will; takes {run}, {bucket}, {client}, {incarnation} and {group}. Default ${planDefaults.willTopic}.`,
  ),
  willPayloadSize: valueFlag(
    "--will-payload-size",
    { metavar: "BYTES", read: units.parseSizeBytes },
    `Bytes of each will's payload, 64 to 65,535. Default ${planDefaults.willPayloadSizeBytes}.`,
  ),
});

/** Who looks, and for how long. */
export const watching = object("Watching", {
  watchers: valueFlag(
    "--watchers",
    whole,
    `Clients that subscribe to the wills and share the topics, 1 to 10,000. Default one for every ` +
      `${units.formatCount(clientsPerWatcher)} clients, and at least one for each worker.`,
  ),
  fanOut: valueFlag(
    "--fan-out",
    whole,
    `How many watchers receive each will, 1 to 1,000. Default ${planDefaults.fanOut}.`,
  ),
  lateAfter: valueFlag(
    "--late-after",
    duration,
    `A will later than this past its due instant is late, 1ms to 1h. Default ${usual.lateAfter}.`,
  ),
  drain: valueFlag(
    "--drain",
    duration,
    "How long past the last due instant a will is waited for before it is missing, and a connection that the broker has " +
      `to close before the fleet ends it, 0s to 24h. Default ${usual.drain}.`,
  ),
});
