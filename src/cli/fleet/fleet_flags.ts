/**
 * The flags of `mqtt-sim fleet`: their names, values and help. Defaults are the plan's; limits are checked by the plan.
 */
import { merge, object, or } from "@optique/core/constructs";
import { type InferValue, parseSync } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { InvariantError } from "../../base/failure.ts";
import { listed } from "../../base/units.ts";
import { killModes, killModeText } from "../../fleet/plan/kill_mode.ts";
import { planDefaults } from "../../fleet/plan/make_plan.ts";
import { engineChoices, engineHelp } from "../../net/engine.ts";
import { parseSourceAddresses } from "../../net/source_addresses.ts";
import { profileNames } from "../../profiles/profiles.ts";
import { parseThreshold } from "../../report/model/threshold.ts";
import { embedded, parseBrokerChoice } from "./broker_choice.ts";
import {
  lines,
  neededArgument,
  orNone,
  repeatedFlag,
  sentence,
  switchFlag,
  valueFlag,
  wordValue,
} from "../options/flag.ts";
import { reportFlags } from "../report/report_outputs.ts";
import { address, duration, file, usual, whole, word } from "./fleet_flag_values.ts";
import { tlsFlags } from "../options/tls_flags.ts";
import { parts } from "./fleet_part_flags.ts";
import { fleet, kills, watching, wills } from "./fleet_plan_flags.ts";
import { builtInScenarios } from "./scenarios.ts";

const scenario = object("Scenario", {
  scenario: valueFlag(
    "--scenario",
    { ...file, metavar: "NAME|FILE", words: builtInScenarios.map(({ name }) => name) },
    "What is done: one of those listed below, or a YAML file of settings, groups and phases. Flags overrule it, in " +
      "groups and phases too. Default steady.",
  ),
});

const target = object("Target", {
  url: repeatedFlag(
    "--url",
    { metavar: "[NAME=]URL", read: parseBrokerChoice, words: [embedded.name] },
    "The broker to test, mqtt://[user[:password]@]host[:port], port 1883 unless said. Without it, or as embedded, a " +
      "broker of our own is started in a thread. May be repeated: the same plan then runs on each, one after the other, " +
      "and all are compared; a name before the URL is what the tables call it.",
  ),
  username: valueFlag(
    "--username",
    word("NAME"),
    "User name of every client and watcher. Default: the one in --url, if any.",
  ),
  password: valueFlag(
    "--password",
    word("WORD"),
    "Password. Others on this machine can see it in the list of processes: --password-file keeps it from them.",
  ),
  passwordFile: valueFlag(
    "--password-file",
    file,
    "A file with the password; a line end after it does not count.",
  ),
  protocol: valueFlag(
    "--protocol",
    wordValue(["3.1.1", "5", "mix", "auto"]),
    `MQTT version that clients speak; mix draws one for each client, auto is mix where the broker accepts both. ` +
      `Default ${planDefaults.protocol}.`,
  ),
  sourceAddress: repeatedFlag(
    "--source-address",
    { metavar: "ADDRESSES", read: parseSourceAddresses },
    "Addresses of this machine to connect from, taken in turn: each has source ports of its own. One, a list with commas, " +
      "a range 127.0.0.2-127.0.0.6 or a network 127.0.0.0/29. May be repeated. Default: the system's choice.",
  ),
  sourcePorts: valueFlag(
    "--source-ports",
    whole,
    `Source ports to be had for each source address, 1 to 65,535. Default: as many as the system gives, or ` +
      `${usual.sourcePorts} where that cannot be read.`,
  ),
  engine: valueFlag("--engine", wordValue(engineChoices), `${engineHelp} Default ${planDefaults.engine}.`),
});

const judging = object("Judging", {
  profile: valueFlag(
    "--profile",
    { ...wordValue(profileNames), metavar: "NAME" },
    "A broker whose known deviations are told, with rule and source, and do not fail the run. mqtt-sim fleet profiles " +
      "lists them. Default strict: there are none.",
  ),
});

const restarts = object("Restart", {
  restartCommand: valueFlag(
    "--restart-command",
    word("COMMAND"),
    "What restarts the broker at --url, for the shell, where the scenario asks for it. It must end once the broker is on " +
      "its way up; one that fails makes the run void. The embedded broker is restarted without.",
  ),
  restartTimeout: valueFlag(
    "--restart-timeout",
    duration,
    `How long the broker may take from going down until it serves again, 100ms to 1h. Default ${usual.restartTimeout}.`,
  ),
});

const output = object("Output", {
  threshold: repeatedFlag(
    "--threshold",
    { metavar: "EXPRESSION", read: parseThreshold },
    "What the run must hold to pass, over any number of the JSON report by its path: 'latencyMs.byMode.reset.p99<200', " +
      "'byGroup.sensors.missing==0'. One on a count of faults, such as 'wills.late<10', takes the place of there being " +
      "none; one for which the run measured nothing is not met. May be repeated.",
  ),
  runId: valueFlag(
    "--run-id",
    word("ID"),
    "Names the run in topics, payloads and client ids: 1 to 16 letters, digits or hyphens. Default: drawn, or with " +
      "--shard made of what all parts are asked.",
  ),
  record: valueFlag(
    "--record",
    file,
    "Write every event to this file as it happens, one JSON object a line; mqtt-sim report FILE judges them again. The " +
      "file is found writable before anything starts. With several --url, {broker} in its name makes one for each.",
  ),
  live: valueFlag(
    "--live",
    address,
    "Serve the HTML page while the run goes on; it follows the run, and shows the report when it is over. On this " +
      "machine's own address unless a host is named: 8080, or 0.0.0.0:8080; port 0 takes a free one. Whoever reaches it " +
      "can look.",
  ),
  metrics: valueFlag(
    "--metrics",
    address,
    "Serve metrics for Prometheus under /metrics while the run goes on; address as for --live.",
  ),
  quiet: switchFlag("--quiet", "Say nothing while it runs but warnings."),
});

const nameWidth = Math.max(...builtInScenarios.map(({ name }) => name.length));
const modeWidth = Math.max(...killModes.map((mode) => mode.length));
const footer = lines(
  "Scenarios:",
  ...builtInScenarios.map(({ name, about }) => ` ${name.padEnd(nameWidth)} ${about}`),
  "",
  "Kill modes:",
  ...killModes.map((mode) => ` ${mode.padEnd(modeWidth)} ${killModeText[mode]}`),
  "",
  "Exit codes:",
  " 0   pass: every will that was due came once, on time and unaltered",
  " 1   fail: a will went wrong",
  " 2   the command line cannot be used",
  " 3   void: the run proves nothing, or the broker cannot be reached",
  " 70  a fault of mqtt-sim itself",
  " 130 interrupted; the report is written all the same",
);

const run = merge(
  object({ command: constant("fleet") }),
  scenario,
  target,
  tlsFlags,
  fleet,
  parts,
  kills,
  wills,
  watching,
  judging,
  restarts,
  output,
  reportFlags,
);

/** The flags of one run. */
export type FleetFlags = InferValue<typeof run>;

const schema = command("scenario-schema", object({ command: constant("fleet scenario-schema") }), {
  brief: sentence("Write the JSON Schema of scenario files."),
  description: sentence("Writes the JSON Schema of the files that --scenario takes: for editors, and for checks."),
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
    description: sentence("Writes the file of a built-in scenario: to read, or to change and give to --scenario."),
    usageLine: [{ type: "literal", value: "NAME" }],
  },
);

const known = command("profiles", object({ command: constant("fleet profiles") }), {
  brief: sentence("List the profiles and their deviations."),
  description: sentence("Lists what is known of brokers that part from the standard, as --profile takes it."),
  usageLine: [],
});

/** What follows `mqtt-sim fleet` when nothing does. */
function noFlags(): FleetFlags {
  const parsed = parseSync(run, []);
  if (!parsed.success) throw new InvariantError("no flag of fleet has to be given");
  return parsed.value;
}

/** `mqtt-sim fleet` and what can follow it. */
export const fleetCommand = command(
  "fleet",
  // Nothing at all is a choice too, which `or` alone would not take.
  orNone(or(schema, show, known, run), noFlags),
  {
    brief: sentence("Connect a fleet of clients with wills, kill them, and account for every will."),
    description: sentence(
      "Connects a fleet of MQTT clients with Last Wills, kills and brings them back, and checks that each will that was " +
        "due came once, on time and unaltered, and no other. Times are written 250ms, 1.5s, 2m or 1h; SECONDS may be plain.",
    ),
    footer,
    usageLine: [{ type: "literal", value: "[FLAGS]" }],
  },
);

/** What `mqtt-sim fleet` was asked for. */
export type FleetAsked = InferValue<typeof fleetCommand>;
