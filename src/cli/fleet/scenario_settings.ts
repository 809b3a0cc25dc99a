/**
 * Every setting of a scenario file: the names of the fleet's flags, those that a group may set for itself, and the
 * parts of phases. Each entry has its field of the plan.
 */
import { parseDurationMs, parseRate } from "../../base/units.ts";
import { phaseLimits } from "../../fleet/plan/check_phases.ts";
import { telemetryLimits } from "../../fleet/plan/check_plan.ts";
import type { FleetPlan, KillRate } from "../../fleet/plan/plan.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { parseThreshold, type Threshold } from "../../report/model/threshold.ts";
import { type BrokerChoice, parseBrokerChoice } from "./broker_choice.ts";
import { list, type MapRule, record } from "../options/nested_entry.ts";
import { groupEntry, kindOf, optionEntry } from "../options/plan_entry.ts";
import {
  choice,
  durationMs,
  type Entries,
  type Entry,
  type Kind,
  many,
  number,
  one,
  text,
  whole,
} from "../options/setting.ts";

const { longestMs, longestDownMs } = phaseLimits;

/** One value with its help. */
function entry<T>(kind: Kind<T>, help: string): Entry<T> {
  return one(kind, { help });
}

const killed = text<KillRate | "once">(
  "RATE|once",
  (value, name) => value === "once" ? value : parseRate(value, name),
  "once, a fraction such as 5%, or kills a second such as 50/s",
);
const back = text<number>(
  "TIME|once",
  (value, name) => value === "once" ? 0 : parseDurationMs(value, name),
  "once, or a duration such as 2s over which the clients reconnect",
);
const telemetryForm = record({
  inner: new Map<string, Entry<unknown>>([
    ["rate", entry(number(telemetryLimits.perSecond), "Messages a second of each client, such as 2/s.")],
    ["size", entry(number(telemetryLimits.sizeBytes), "Bytes of each message. Default 64.")],
    ["qos", entry(choice(["0", "1", "2"]), "QoS of the messages. Default 0.")],
  ]),
  must: ["rate"],
  allowed: "a rate, with optional size and qos: { rate: 1/s, size: 64, qos: 0 }",
  help:
    "Messages that clients publish while they are connected, on topics without subscribers, to measure wills under load.",
});

/** The options that a scenario file may set, by the names of their flags; with those that a group may set. */
const settable = optionList.filter(([, { inScenario = true }]) => inScenario);

const fleetEntries: Entries = new Map([
  ...settable.map(([, option]) => [option.flag, optionEntry(option)] as const),
  ["telemetry", telemetryForm],
]);

const groupEntries: Entries = new Map([
  ...settable.flatMap(([, option]) => option.ownToGroup ? [[option.flag, groupEntry(option)] as const] : []),
  ["telemetry", telemetryForm],
]);

const groupNames = many(text("NAME"), { help: "Names of the groups of the phase. Default all." });

/** Times that a plan checks again, with the bounds it has for each kind of phase. */
const phaseEntries: ReadonlyMap<string, Entry<unknown>> = new Map<string, Entry<unknown>>([
  ["kill", entry(killed, "Kills at this rate, or all at once.")],
  ["hold", entry(durationMs(0, longestMs), "Duration without kills.")],
  ["return", entry(back, "Clients killed with reconnect-after never reconnect, at once or spread over this time.")],
  ["restart", entry(durationMs(0, longestDownMs), "Restart the broker; the embedded broker stays down for this time.")],
  [
    "for",
    entry(
      durationMs(0, longestMs),
      "Duration of a kill phase, by default duration; or of the kills from the start of a node, by default 5s. Not " +
        "with kill: once.",
    ),
  ],
  [
    "node-loss",
    entry(durationMs(0, longestMs), "Stop nodes of the cluster, one after the other, each for this time; kills go on."),
  ],
  ["nodes", many(text("NAME"), { help: "Names of the nodes to stop, each or last. Default last." })],
  ["node-drain", entry(durationMs(0, longestMs), "The clients of a node leave it properly within this time first.")],
  ["groups", groupNames],
  ["kill-mode", entry(kindOf({ kind: "killShares" }), "How clients die in this phase.")],
  [
    "reconnect-after",
    entry(kindOf({ kind: "reconnect" }), "Time from a kill in this phase to the next CONNECT, or never."),
  ],
  ["jitter", entry(durationMs(0, longestMs), "Random extra time before each reconnect, up to this.")],
]);

const kinds = ["kill", "hold", "return", "restart", "node-loss"];
const onlyFor = (name: string, ...of: readonly string[]): MapRule => ({
  at: name,
  goes: (values) => values[name] === undefined || of.some((kind) => values[kind] !== undefined),
  sentence: `Cannot use ${name} in this phase: expected it with ${of.join(" or ")}`,
});

const phases = list({
  inner: phaseEntries,
  rules: [
    {
      goes: (values) => kinds.filter((kind) => values[kind] !== undefined).length === 1,
      sentence: "Missing kind of phase: expected one of kill, hold, return, restart and node-loss",
    },
    onlyFor("groups", "kill", "return"),
    onlyFor("kill-mode", "kill"),
    onlyFor("for", "kill", "node-loss"),
    ...["nodes", "node-drain"].map((name) => onlyFor(name, "node-loss")),
    ...["reconnect-after", "jitter"].map((name) => onlyFor(name, "kill", "restart", "node-loss")),
  ],
  allowed: "a list of phases such as - kill: 5%",
  help:
    "Phases of the run, in this order, once the fleet is connected. Without it, clients are being killed at kill-rate.",
});

const groups = list({
  inner: new Map<string, Entry<unknown>>([
    ["name", entry(text("NAME"), "1 to 32 letters, digits, hyphens or underscores; {group} stands for it.")],
    ["on-node", entry(text("NAME"), "The node of its clients, which another node replaces only while it is stopped.")],
    ["share", entry(whole(1, 1_000_000), "How many, relative to the other groups. Default 1.")],
    ...groupEntries,
  ]),
  must: ["name"],
  allowed: "a list of groups such as - name: sensors",
  help: "Groups of clients with their own settings, 1 to 255; all other settings apply to every group.",
});

const broker = text<BrokerChoice>("[NAME=]URL", parseBrokerChoice, "[NAME=]URL of a broker, or embedded");

const condition = text<Threshold>(
  "EXPRESSION",
  parseThreshold,
  "a condition such as wills.late<10 over a path that mqtt-sim fleet thresholds lists",
);

/** All entries of a scenario file. */
export const scenarioEntries: Entries = new Map<string, Entry<unknown>>([
  ["url", many(broker, { help: "The broker to test, or several to compare; a name before it." })],
  ...fleetEntries,
  [
    "threshold",
    many(condition, {
      help: "Conditions to pass, as --threshold has them; thresholds of the command line replace all of them.",
    }),
  ],
  ["groups", groups],
  ["phases", phases],
]);

/** The part of the plan that each entry is, of the fleet or of a group. */
export const planFields: ReadonlyMap<string, keyof FleetPlan> = new Map<string, keyof FleetPlan>([
  ...settable.map(([name, { flag }]) => [flag, name] as const),
  ["telemetry", "telemetry"],
]);
