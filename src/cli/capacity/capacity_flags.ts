/**
 * The flags of `mqtt-sim capacity`: those of a fleet that a search does not vary, and those of the search.
 */
import { merge, object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { UsageError } from "../../base/failure.ts";
import { formatCount, formatDuration, formatPercent, parseDurationMs, parseWhole } from "../../base/units.ts";
import { capacityDefaults, fewestKills, type LoadKind, loadKinds } from "../../fleet/capacity/capacity_plan.ts";
import { parseThreshold } from "../../report/model/threshold.ts";
import { parseBrokerChoice } from "../fleet/broker_choice.ts";
import { connectionFlags } from "../fleet/fleet_flags.ts";
import {
  colorFlag,
  fileValue as file,
  type FlagValue,
  repeatedFlag,
  sentence,
  switchFlag,
  valueFlag,
  wordValue,
} from "../options/flag.ts";
import { planFlag, planFlags, sectionFlags } from "../options/plan_flags.ts";
import { overFlags, runNameValue } from "../over/over_flags.ts";
import { jsonFlag } from "../report/report_outputs.ts";

/** The condition without `--threshold`, for each kind of load. */
export const usualThresholds: Readonly<Record<LoadKind, readonly string[]>> = {
  rate: ["latencyMs.all.p99<200ms"],
  clients: [],
};

/** A number within bounds. */
function between(least: number, most: number, read: (text: string, name: string) => number, text = formatCount) {
  return (given: string, name: string): number => {
    const value = read(given, name);
    if (value >= least && value <= most) return value;
    throw new UsageError(`Cannot use ${name} ${JSON.stringify(given)}: expected ${text(least)} to ${text(most)}`);
  };
}

/** `800`, or `800/s` as rates are written. */
const load: FlagValue<number> = {
  metavar: "LOAD",
  read: between(1, 1_000_000, (text, name) => parseWhole(text.replace(/\/s$/, ""), name)),
};

function readFactor(text: string, name: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: expected a factor such as 2`);
}

function readPercent(text: string, name: string): number {
  if (/^\d+(\.\d+)?%$/.test(text)) return Number(text.slice(0, -1)) / 100;
  throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: expected a percentage such as 10%`);
}

const hourMs = 3_600_000;
const { from, growth, precision, stepDurationMs, recoveryMs, rampPerSecond } = capacityDefaults;

const search = object("Search", {
  of: valueFlag(
    "--of",
    wordValue(loadKinds),
    "What to search for: the highest rate of kills a second, or the most clients that can all die at once. Default rate.",
  ),
  from: valueFlag(
    "--from",
    load,
    `The first load, 1 to 1,000,000 kills a second or clients. Where it does not hold, the search goes down to a tenth. ` +
      `Default ${from.rate}, or ${from.clients} clients.`,
  ),
  to: valueFlag("--to", load, "The highest load to try. Default: no limit but that of the fleet."),
  growth: valueFlag(
    "--growth",
    { metavar: "FACTOR", read: between(1.2, 10, readFactor) },
    `The factor from one rising step to the next, 1.2 to 10. Default ${growth}.`,
  ),
  precision: valueFlag(
    "--precision",
    { metavar: "PERCENT", read: between(0.01, 1, readPercent, formatPercent) },
    `The search ends when the interval is no wider than this, 1% to 100%. Default ${formatPercent(precision)}.`,
  ),
  stepDuration: valueFlag(
    "--step-duration",
    { metavar: "DURATION", read: between(500, hourMs, parseDurationMs, formatDuration) },
    `How long each step kills clients, 500ms to 1h; longer where its rate needs that for ${fewestKills} kills. ` +
      `Default ${formatDuration(stepDurationMs)}.`,
  ),
  recovery: valueFlag(
    "--recovery",
    { metavar: "DURATION", read: between(0, hourMs, parseDurationMs, formatDuration) },
    `The pause between two steps, in which the broker recovers, 0s to 1h. Default ${formatDuration(recoveryMs)}.`,
  ),
  threshold: repeatedFlag(
    "--threshold",
    { metavar: "EXPRESSION", read: parseThreshold },
    "A condition that a load must meet to hold, as for mqtt-sim fleet. A load never holds with a fault that no " +
      "threshold allows. May be repeated. Default 'latencyMs.all.p99<200ms'; with --of clients no fault alone.",
  ),
});

const target = object("Target", {
  url: repeatedFlag(
    "--url",
    { metavar: "[NAME=]URL", read: parseBrokerChoice, words: ["embedded"] },
    "The broker, as for mqtt-sim fleet; without it, or as embedded, the embedded broker in a thread. May be repeated: " +
      "the search then runs on each broker in turn, and the report has one chart of all.",
    "-L",
  ),
  ...planFlags("username", "password"),
  passwordFile: valueFlag(
    "--password-file",
    file,
    "A file with the password, - for standard input; a line end after it does not count.",
  ),
  ...connectionFlags,
});

const fleet = object("Fleet", {
  ...sectionFlags("Fleet"),
  clients: planFlag(
    "clients",
    "Clients of each step, {range}. Default: 200, or as many as its rate needs; --of clients searches for it.",
  ),
  rampPerSecond: planFlag(
    "rampPerSecond",
    `CONNECTs a second while a fleet connects, {range}. Default ${rampPerSecond}/s.`,
  ),
});

const kills = object("Kills", {
  killShares: planFlag(
    "killShares",
    "How clients die: one mode, shares such as reset=45,leave=10, or all, each as often. Default reset=1,close=1: each " +
      "death has a will.",
  ),
  ...planFlags("reconnectAfterMs", "seed", "kickCommand"),
});

const parts = object("Parts", {
  ...overFlags,
  runId: valueFlag(
    "--run-id",
    runNameValue,
    "Names a search with --over, for mqtt-sim part --run: 1 to 16 letters, digits or hyphens. Each step has a run id of " +
      "its own in topics and client ids. Default: drawn.",
  ),
});

const reports = object("Reports", {
  report: jsonFlag,
  html: valueFlag("--html", file, "Write one self-contained HTML page: result, curve, steps. It loads no other file."),
});

const output = object("Output", {
  color: colorFlag,
  quiet: switchFlag("--quiet", "Print warnings only.", "-q"),
});

/** `mqtt-sim capacity`. */
export const capacityCommand = command(
  "capacity",
  merge(
    object({ command: constant("capacity") }),
    search,
    target,
    object("TLS", sectionFlags("TLS")),
    fleet,
    kills,
    parts,
    object("Wills", sectionFlags("Wills")),
    object("Sparkplug", sectionFlags("Sparkplug")),
    object("Watching", sectionFlags("Watching")),
    object("Judging", sectionFlags("Judging")),
    output,
    reports,
  ),
  {
    brief: sentence("Find the highest load of wills that a broker handles."),
    description: sentence(
      "Searches for the highest kill rate, or the largest fleet that dies at once, at which the broker delivers every will once and in time. Each step is a run of mqtt-sim fleet with its own clients. The result is one number with its interval; where this machine or the fleet was the limit, there is none. Times are written 250ms, 1.5s, 1m30s or 1h; a plain number is in seconds.",
    ),
    usageLine: [{ type: "literal", value: "[FLAGS]" }],
  },
);

/** The parsed command line of `mqtt-sim capacity`. */
export type CapacityAsked = InferValue<typeof capacityCommand>;
