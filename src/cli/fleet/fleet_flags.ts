/**
 * The flags of `mqtt-sim fleet`. Those of the plan come from its table of options; the others are here.
 */
import { merge, object, or } from "@optique/core/constructs";
import { type InferValue, parseSync } from "@optique/core/parser";
import { optional } from "@optique/core/modifiers";
import { argument, command, constant } from "@optique/core/primitives";
import { InvariantError, UsageError } from "../../base/failure.ts";
import { listed, parseDurationMs } from "../../base/units.ts";
import { parseStartAt } from "../../fleet/plan/start_at.ts";
import { parseThreshold } from "../../report/model/threshold.ts";
import { embedded, parseBrokerChoice } from "./broker_choice.ts";
import {
  colorFlag,
  fileValue as file,
  type FlagValue,
  neededArgument,
  orNone,
  plainArgument,
  repeatedFlag,
  sentence,
  switchFlag,
  valueFlag,
  wordValue,
} from "../options/flag.ts";
import { reportFlags } from "../report/report_outputs.ts";
import { planFlags, sectionFlags } from "../options/plan_flags.ts";
import { overFlags } from "../over/over_flags.ts";
import { type HttpAddress, parseHttpAddress } from "../process/http_address.ts";
import { parseOtlpUrl } from "./otlp_target.ts";
import { builtInScenarios } from "./scenarios.ts";
import { annotationsFlag, verboseFlag } from "../report/print_report.ts";

const longestLingerMs = 86_400_000;

function readLinger(text: string, name: string): number {
  const ms = parseDurationMs(text, name);
  if (ms > longestLingerMs) throw new UsageError(`Cannot use ${name} ${text}: expected 0s to 24h`);
  return ms;
}

/** Where a page is served. */
const address: FlagValue<HttpAddress> = { metavar: "[HOST:]PORT", read: parseHttpAddress };

const scenario = object("Scenario", {
  scenario: valueFlag(
    "--scenario",
    { ...file, isYaml: true, metavar: "NAME|FILE", words: builtInScenarios.map(({ name }) => name) },
    "The scenario: one of the list below, or a YAML file of settings, groups and phases; - is standard input. Flags override it, also in groups and phases. Default steady.",
  ),
});

/** How every command that runs a fleet reaches the broker, and as which client. */
export const connectionFlags = planFlags(
  "nodes",
  "credentials",
  "passwordCommand",
  "passwordLifetimeMs",
  "proxy",
  "wsHeaders",
  "awsSign",
  "authMethod",
  "authData",
  "authCommand",
  "reauthEveryMs",
  "followReferences",
  "waitMs",
  "protocol",
  "sourceAddresses",
  "sourcePorts",
  "engine",
);

const target = object("Target", {
  url: repeatedFlag(
    "--url",
    { metavar: "[NAME=]URL", read: parseBrokerChoice, words: [embedded.name] },
    "The broker to test, mqtt://[user[:password]@]host[:port], default port 1883, or mqtts://, ws://, wss:// or unix:///path. Without it, or as embedded, the fleet starts the embedded broker in a thread. May be repeated: the same plan then runs on each broker in turn, and the report compares them; NAME is the title in the tables.",
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

const parts = object("Parts", {
  ...planFlags("shard"),
  startAt: valueFlag(
    "--start-at",
    { metavar: "INSTANT", read: parseStartAt },
    "When to connect the fleet: 2026-05-01T12:00:00Z, or +10s from now. Shards with the same start time connect and kill in step. Default: at once.",
  ),
  ...overFlags,
});

const output = object("Output", {
  threshold: repeatedFlag(
    "--threshold",
    { metavar: "EXPRESSION", read: parseThreshold },
    "A condition to pass, over any number of the JSON report by its path: 'latencyMs.byMode.reset.p95<200ms', " +
      "'byGroup.sensors.missing==0', 'wills.missing<1%'; mqtt-sim fleet thresholds lists them. A condition on a count of faults, such as 'wills.late<10', replaces the default of 0; a condition without a measured value is not met. May be repeated.",
  ),
  ...planFlags("run"),
  record: valueFlag(
    "--record",
    file,
    "Write every event to this file as it happens, one JSON object a line; mqtt-sim report FILE judges them again. The file must be writable before the start. With several --url, {broker} in its name makes one for each.",
  ),
  live: valueFlag(
    "--live",
    address,
    "Serve the HTML page during the run, with the report at its end. On 127.0.0.1 by default: 8080, or 0.0.0.0:8080; port 0 means a free port. Everyone with access to it can see the page.",
  ),
  metrics: valueFlag(
    "--metrics",
    address,
    "Serve metrics for Prometheus under /metrics during the run; address as for --live.",
  ),
  metricsLinger: valueFlag(
    "--metrics-linger",
    { metavar: "DURATION", read: readLinger },
    "Serve the final metrics, verdict included, for this time after the report, 0s to 24h; Ctrl-C ends it. Several " +
      "scrape intervals are a good choice. With several --url, after each run. Default 0s.",
  ),
  otlp: valueFlag(
    "--otlp",
    { metavar: "URL", read: parseOtlpUrl },
    "Export metrics every 10 s, and each life with a fault as a trace, to the OpenTelemetry collector at this URL, by " +
      "OTLP/HTTP in JSON: http://127.0.0.1:4318. A collector that fails is a warning and changes no verdict.",
  ),
  otlpHeaders: valueFlag(
    "--otlp-headers",
    file,
    "A file with headers of the requests to --otlp, such as Authorization: Bearer TOKEN, one a line.",
  ),
  color: colorFlag,
  abortOnFail: switchFlag(
    "--abort-on-fail",
    "End the run at the first fault that no threshold allows, or when a threshold on a count cannot be met any more. The report is written; the exit code is that of the verdict.",
  ),
  annotations: annotationsFlag,
  verbose: verboseFlag,
  quiet: switchFlag("--quiet", "Print warnings only.", "-q"),
});

const run = merge(
  object({ command: constant("fleet") }),
  scenario,
  target,
  object("TLS", sectionFlags("TLS")),
  object("Fleet", sectionFlags("Fleet")),
  parts,
  object("Kills", sectionFlags("Kills")),
  object("Wills", sectionFlags("Wills")),
  object("Sparkplug", sectionFlags("Sparkplug")),
  object("Watching", sectionFlags("Watching")),
  object("Judging", sectionFlags("Judging")),
  object("Restart", sectionFlags("Restart")),
  output,
  reportFlags,
);

/** The flags of one run. */
export type FleetFlags = InferValue<typeof run>;

const schema = command("scenario-schema", object({ command: constant("fleet scenario-schema") }), {
  brief: sentence("Write the JSON Schema of scenario files."),
  description: sentence("Writes the JSON Schema of the files that --scenario reads, for editors and validators."),
  usageLine: [],
});

const scenarioNames = builtInScenarios.map(({ name }) => name);

const show = command(
  "scenario",
  object({
    command: constant("fleet scenario"),
    name: neededArgument(
      { ...wordValue(scenarioNames), metavar: "NAME", name: "scenario" },
      `Cannot write a scenario without its name: expected ${listed(scenarioNames)}`,
    ),
  }),
  {
    brief: sentence("Write the file of a built-in scenario."),
    description: sentence(
      "Writes the file of a built-in scenario, to read it, or to change it and pass it to --scenario.",
    ),
    usageLine: [{ type: "literal", value: "NAME" }],
  },
);

const known = command("profiles", object({ command: constant("fleet profiles") }), {
  brief: sentence("List the profiles, their deviations and limits."),
  description: sentence(
    "Lists the known deviations of brokers from the standard, and the limits of services in clouds, by profile name for --profile.",
  ),
  usageLine: [],
});

const limits = command(
  "thresholds",
  object({
    command: constant("fleet thresholds"),
    word: optional(argument(plainArgument({ metavar: "TEXT", read: (text) => text }), {
      description: sentence("Lists only the paths with this text in them, such as latency."),
    })),
  }),
  {
    brief: sentence("List the numbers that --threshold can name."),
    description: sentence(
      "Lists every number of a report by its path for --threshold, with its unit and, where it is a share, the number that is 100 %.",
    ),
    usageLine: [{ type: "literal", value: "[TEXT]" }],
  },
);

/** The flags of `mqtt-sim fleet` without arguments. */
function noFlags(): FleetFlags {
  const parsed = parseSync(run, []);
  if (!parsed.success) throw new InvariantError("fleet needs no flags");
  return parsed.value;
}

/** `mqtt-sim fleet` and its subcommands. */
export const fleetCommand = command(
  "fleet",
  // An empty command line is allowed too, which `or` alone would not accept.
  orNone(or(schema, show, known, limits, run), noFlags),
  {
    brief: sentence("Connect a fleet of clients with wills, kill them, and check every will."),
    description: sentence(
      "Connects a fleet of MQTT clients with Last Wills, kills them and reconnects them, and checks that each due will came once, on time and unaltered, and no other will came. Times are written 250ms, 1.5s, 1m30s or 1h; a plain number is in seconds.",
    ),
    usageLine: [{ type: "literal", value: "[FLAGS]" }],
  },
);

/** The parsed command line of `mqtt-sim fleet`. */
export type FleetAsked = InferValue<typeof fleetCommand>;
