/**
 * Everything that a scenario file may say: the names of the fleet's flags, which of them a group may have for itself,
 * and what phases are made of. Each entry knows the part of the plan that it is.
 */
import { z } from "zod";
import { formatMix, parseChoice, parseDurationMs, parseMix, parsePerSecond, parseRate } from "../../base/units.ts";
import { defaultKillShares, killModes, type KillShare } from "../../fleet/plan/kill_mode.ts";
import type { FleetPlan, GroupOwn, KillRate } from "../../fleet/plan/plan.ts";
import { engineChoices, engineHelp } from "../../net/engine.ts";
import { parseSourceAddresses } from "../../net/source_addresses.ts";
import { profileNames } from "../../profiles/profiles.ts";
import { type BrokerChoice, parseBrokerChoice } from "./broker_choice.ts";
import { list, type MapRule, record } from "../options/nested_entry.ts";
import {
  choice,
  durationMs,
  type Entries,
  type Entry,
  type Kind,
  many,
  one,
  seconds,
  sizeBytes,
  text,
  toggle,
  whole,
} from "../options/setting.ts";

const week = 604_800_000;
const farthest = 0xffff_ffff;

/** One value with its help; sections are help's on the command line. */
function entry<T>(kind: Kind<T>, help: string): Entry<T> {
  return one(kind, { section: "Scenario", help });
}

/** Values that are lists themselves, as one list. */
function flat<T>(inner: Entry<readonly (readonly T[])[]>): Entry<readonly T[]> {
  const schema = (name: string) => {
    const lists = inner.schema(name);
    return lists.transform((each) => each.flat()).meta(lists.meta() ?? {});
  };
  return { ...inner, schema };
}

const rate = text<KillRate>("RATE", parseRate, "a fraction such as 5%, or kills a second such as 50/s");
const perSecond: Kind<number> = {
  ...text("RATE", parsePerSecond, "a number a second such as 500/s"),
  form: z.union([z.string(), z.number().min(0)]),
};
const mix = text<readonly KillShare[]>("MIX", readMix, "one mode, shares such as reset=45,leave=10, or all");
const comeBack = text<number | "never">(
  "TIME|never",
  (value, name) => value === "never" ? value : parseDurationMs(value, name),
  "a duration such as 250ms, 1.5s, 2m or 1h, or never",
);
const killed = text<KillRate | "once">(
  "RATE|once",
  (value, name) => value === "once" ? value : parseRate(value, name),
  "once, a fraction such as 5%, or kills a second such as 50/s",
);
const back = text<number>(
  "TIME|once",
  (value, name) => value === "once" ? 0 : parseDurationMs(value, name),
  "once, or a duration such as 2s over which they come back",
);
const qosWords = ["0", "1", "2", "mix"] as const;
const qos: Kind<FleetPlan["willQos"]> = {
  ...choice(qosWords),
  read: (value, name) => {
    const word = parseChoice(value, name, qosWords);
    return word === "mix" ? word : Number(word) as 0 | 1 | 2;
  },
} as Kind<FleetPlan["willQos"]>;

function readMix(value: string, name: string): readonly KillShare[] {
  return parseMix(value, name, killModes).map(({ name: mode, weight }) => ({ mode, weight }));
}

/** An entry, and the part of the plan that it is. */
interface PlanEntry {
  readonly field: keyof FleetPlan;
  readonly entry: Entry<unknown>;
}

const telemetryForm = record({
  inner: new Map<string, Entry<unknown>>([
    ["rate", entry(perSecond, "Messages a second of each client, such as 2/s.")],
    ["size", entry(sizeBytes(0, 1_048_576), "Bytes of each message. Default 64.")],
    ["qos", entry(choice(["0", "1", "2"]), "QoS of the messages. Default 0.")],
  ]),
  must: ["rate"],
  allowed: "a rate, and perhaps size and qos: { rate: 1/s, size: 64, qos: 0 }",
  help: "What clients publish while they live, on topics that nobody watches: wills are then measured under load.",
});

const mixText = formatMix(defaultKillShares.map(({ mode, weight }) => ({ name: mode, weight })));

/** What a group may have of its own, by the names of the flags. */
const groupEntries: Readonly<Record<string, PlanEntry & { readonly field: keyof GroupOwn | "telemetry" }>> = {
  "protocol": { field: "protocol", entry: entry(choice(["3.1.1", "5", "mix"]), "MQTT version that clients speak.") },
  "username": {
    field: "username",
    entry: entry(text("NAME"), "User name; takes {client} and {group}, which are watcher for those who watch."),
  },
  "password": { field: "password", entry: entry(text("WORD"), "Password; takes what the user name takes.") },
  "keepalive": { field: "keepAliveS", entry: entry(seconds(0, 65_535), "Keep alive; 0 turns it off.") },
  "session-expiry": {
    field: "sessionExpiryS",
    entry: entry(seconds(0, farthest), "Session Expiry Interval; above 0 makes 3.1.1 sessions persistent too."),
  },
  "clean-start": { field: "cleanStart", entry: entry(choice(["yes", "no", "mix"]), "Clean Start of each CONNECT.") },
  "kill-mode": { field: "killShares", entry: entry(mix, `How clients die. Default ${mixText}.`) },
  "reconnect-after": {
    field: "reconnectAfterMs",
    entry: entry(comeBack, "From a death to the next CONNECT, or never."),
  },
  "will-qos": { field: "willQos", entry: entry(qos, "QoS of the wills; mix draws.") },
  "will-retain": { field: "willRetain", entry: toggle({ section: "Scenario", help: "Whether wills are retained." }) },
  "presence": {
    field: "presence",
    entry: toggle({
      section: "Scenario",
      help:
        "Whether clients say, retained on their wills' topics, that they are online, or left; wills are retained too.",
    }),
  },
  "will-delay": { field: "willDelayS", entry: entry(seconds(0, farthest), "Will Delay Interval; 5.0 clients only.") },
  "will-topic": {
    field: "willTopic",
    entry: entry(text("TOPIC"), "Topic of each will; takes {run}, {bucket}, {client}, {incarnation} and {group}."),
  },
  "will-payload-size": {
    field: "willPayloadSizeBytes",
    entry: entry(sizeBytes(64, 65_535), "Bytes of each will's payload."),
  },
  "telemetry": { field: "telemetry", entry: telemetryForm },
};

const fleetEntries: Readonly<Record<string, PlanEntry>> = {
  ...groupEntries,
  "protocol": {
    field: "protocol",
    entry: entry(
      choice(["3.1.1", "5", "mix", "auto"]),
      "MQTT version that clients speak; auto is what the broker takes.",
    ),
  },
  "source-address": {
    field: "sourceAddresses",
    entry: flat(
      many(text<readonly string[]>("ADDRESSES", parseSourceAddresses, "addresses such as 127.0.0.2-127.0.0.6"), {
        section: "Scenario",
        help: "Addresses of this machine to connect from: one, a list, a range or a network.",
      }),
    ),
  },
  "source-ports": { field: "sourcePorts", entry: entry(whole(1, 65_535), "Source ports for each source address.") },
  "tls-ca": { field: "tlsCa", entry: entry(text("FILE"), "Authorities that sign the broker's certificate, in PEM.") },
  "tls-cert": { field: "tlsCert", entry: entry(text("FILE"), "The certificate of all clients, in PEM.") },
  "tls-key": { field: "tlsKey", entry: entry(text("FILE"), "Its private key, in PEM.") },
  "tls-server-name": {
    field: "tlsServerName",
    entry: entry(text("NAME"), "The name that the broker's certificate must have."),
  },
  "tls-insecure": {
    field: "tlsInsecure",
    entry: toggle({ section: "Scenario", help: "Whether any certificate of the broker's is taken." }),
  },
  "engine": { field: "engine", entry: entry(choice(engineChoices), engineHelp) },
  "clients": { field: "clients", entry: entry(whole(1, 1_000_000), "Clients.") },
  "ramp-rate": { field: "rampPerSecond", entry: entry(perSecond, "CONNECTs a second while the fleet is connected.") },
  "connects-under-way": {
    field: "connectsUnderWay",
    entry: entry(whole(1, 100_000), "CONNECTs that may be unanswered at once while the fleet is connected."),
  },
  "client-prefix": { field: "clientPrefix", entry: entry(text("TEXT"), "How client ids begin.") },
  "workers": { field: "workers", entry: entry(whole(1, 64), "Threads that the clients are spread over.") },
  "kill-rate": { field: "killRate", entry: entry(rate, "Kills a second, of the clients alive or so many.") },
  "duration": { field: "durationMs", entry: entry(durationMs(100, week), "How long clients are killed.") },
  "seed": { field: "seed", entry: entry(whole(0, farthest), "Draws victims, modes and their order.") },
  "watchers": { field: "watchers", entry: entry(whole(1, 10_000), "Clients that subscribe to the wills.") },
  "fan-out": { field: "fanOut", entry: entry(whole(1, 1_000), "How many watchers receive each will.") },
  "restart-timeout": {
    field: "restartTimeoutMs",
    entry: entry(durationMs(100, 3_600_000), "How long the broker may take to serve again after a restart."),
  },
  "late-after": { field: "lateAfterMs", entry: entry(durationMs(1, 3_600_000), "A will later than this is late.") },
  "profile": { field: "profile", entry: entry(choice(profileNames), "Which broker's known deviations do not fail.") },
  "drain": { field: "drainMs", entry: entry(durationMs(0, 86_400_000), "How long a will is waited for.") },
};

const groupNames = many(text("NAME"), {
  section: "Scenario",
  help: "Names of the groups that the phase is about. Default all.",
});

/** Times that a plan checks again, with the bounds it has for each kind of phase. */
const phaseEntries: ReadonlyMap<string, Entry<unknown>> = new Map<string, Entry<unknown>>([
  ["kill", entry(killed, "Kills at this rate, or all at once.")],
  ["hold", entry(durationMs(0, week), "Nobody is killed for so long.")],
  ["return", entry(back, "Those who were to stay away come back, at once or spread over this time.")],
  ["restart", entry(durationMs(0, 3_600_000), "The broker is restarted; the embedded one stays down for so long.")],
  ["for", entry(durationMs(0, week), "How long a kill phase lasts. Default duration; none where all die at once.")],
  ["groups", groupNames],
  ["kill-mode", entry(mix, "How clients die in this phase.")],
  ["reconnect-after", entry(comeBack, "From a death in this phase to the next CONNECT, or never.")],
  ["jitter", entry(durationMs(0, week), "Clients come back up to so much later, each as drawn.")],
]);

const kinds = ["kill", "hold", "return", "restart"];
const onlyFor = (name: string, ...of: readonly string[]): MapRule => ({
  at: name,
  goes: (values) => values[name] === undefined || of.some((kind) => values[kind] !== undefined),
  sentence: `Cannot use ${name} in this phase: expected it beside ${of.join(" or ")}`,
});

const phases = list({
  inner: phaseEntries,
  rules: [
    {
      goes: (values) => kinds.filter((kind) => values[kind] !== undefined).length === 1,
      sentence: "Cannot tell what this phase is: expected one of kill, hold, return and restart",
    },
    onlyFor("groups", "kill", "return"),
    ...["for", "kill-mode"].map((name) => onlyFor(name, "kill")),
    ...["reconnect-after", "jitter"].map((name) => onlyFor(name, "kill", "restart")),
  ],
  allowed: "a list of phases such as - kill: 5%",
  help: "What is done once the fleet is connected, one after the other. Without it, clients are killed at kill-rate.",
});

const groups = list({
  inner: new Map<string, Entry<unknown>>([
    ["name", entry(text("NAME"), "1 to 32 letters, digits, hyphens or underscores; {group} stands for it.")],
    ["share", entry(whole(1, 1_000_000), "How many, relative to the other groups. Default 1.")],
    ...Object.entries(groupEntries).map(([name, { entry }]) => [name, entry] as const),
  ]),
  must: ["name"],
  allowed: "a list of groups such as - name: sensors",
  help: "Groups of clients with wishes of their own, 1 to 255; the rest is as it is for all.",
});

const broker = text<BrokerChoice>("[NAME=]URL", parseBrokerChoice, "[NAME=]URL of a broker, or embedded");

/** All entries of a scenario file. */
export const scenarioEntries: Entries = new Map<string, Entry<unknown>>([
  ["url", many(broker, { section: "Scenario", help: "The broker to test, or several to compare; a name before it." })],
  ...Object.entries(fleetEntries).map(([name, { entry }]) => [name, entry] as const),
  ["groups", groups],
  ["phases", phases],
]);

/** The part of the plan that each entry is, of the fleet or of a group. */
export const planFields: ReadonlyMap<string, keyof FleetPlan> = new Map(
  Object.entries(fleetEntries).map(([name, { field }]) => [name, field]),
);
