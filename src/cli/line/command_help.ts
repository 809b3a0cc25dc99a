/**
 * The content of each command's help besides its flags: examples, the flags of the first screen, lists of values, and
 * exit codes.
 */
import { faultKinds, faultText } from "../../broker/fault/fault_mix.ts";
import { areas } from "../../conformance/case/case.ts";
import { killModes, killModeText } from "../../fleet/plan/kill_mode.ts";
import { builtInScenarios } from "../fleet/scenarios.ts";

/** A list below the flags: its rows are a term and its meaning. */
export interface HelpList {
  readonly title: string;
  /** Sections of flags that the list belongs to, by their topics. */
  readonly topics?: readonly string[];
  readonly rows: readonly (readonly [term: string, meaning: string])[];
}

/** The help of one command. */
export interface CommandHelp {
  /** Command lines without the program's name. */
  readonly examples: readonly string[];
  /** The flags of the first screen with one line each, to which their default is added; absent where all are shown. */
  readonly common?: Readonly<Record<string, string>>;
  readonly lists: readonly HelpList[];
}

type ExitCode = readonly [code: string, meaning: string];

const usage: ExitCode = ["2", "the command line cannot be used"];
const ownFault: ExitCode = ["70", "an internal error of mqtt-sim"];
const interrupted: ExitCode = ["130", "interrupted; the report is written"];

function exits(...codes: readonly ExitCode[]): HelpList {
  return { title: "Exit codes", rows: codes };
}

const prints = [exits(["0", "the text is written"], usage, ownFault)];

const runExits = exits(
  ["0", "pass: every will that was due came once, on time and unaltered"],
  ["1", "fail: a will was wrong, or a threshold is not met"],
  usage,
  ["3", "void: the run proves nothing, or the broker cannot be reached"],
  ownFault,
  interrupted,
);

const savedExits = exits(
  ["0", "pass: the saved run passed"],
  ["1", "fail: a will was wrong, or a threshold is not met"],
  usage,
  ["3", "void: the saved run proves nothing"],
  ownFault,
  ["130", "the saved run was interrupted"],
);

const operatorExits = exits(
  ["0", "the broker did the action"],
  ["1", "the broker has no such client, session or message"],
  ["2", "the command line cannot be used, or the broker refuses the token"],
  ["3", "no answer of the broker"],
  ownFault,
);

const table: Readonly<Record<string, CommandHelp>> = {
  "fleet": {
    examples: [
      "fleet --clients 100 --duration 5s",
      "fleet --url mqtt://127.0.0.1:1883 --scenario storm",
      "fleet --url mqtts://host --username u --password-file secret.txt",
      "fleet --kill-mode freeze --keepalive 5s --html run.html",
      "fleet --url a=mqtt://host-a --url b=mqtt://host-b --html both.html",
    ],
    common: {
      "--url": "The broker to test; without it, the embedded broker.",
      "--scenario": "A built-in scenario, or a YAML file of settings.",
      "--clients": "Number of clients.",
      "--kill-rate": "Kills a second, as 5% of the clients or 50/s.",
      "--kill-mode": "How clients die: reset, close, freeze, leave, all…",
      "--duration": "Duration of the kills: 250ms, 30, 1m30s.",
      "--username": "User name of every client.",
      "--password-file": "A file with the password; - is standard input.",
      "--report": "Write the report as JSON; - is standard output.",
      "--html": "Write the report as one HTML page.",
    },
    lists: [
      {
        title: "Scenarios",
        topics: ["scenario"],
        rows: builtInScenarios.map(({ name, about }) => [name, about] as const),
      },
      {
        title: "Thresholds",
        rows: [
          ["wills.late<10", "fewer than 10 late wills; replaces the default of 0"],
          ["latencyMs.all.p99<=200", "99 % of the wills came within 200 ms"],
          ["latencyMs.byMode.reset.max<1000", "each will after a reset came within 1,000 ms"],
          ["byGroup.sensors.missing==0", "no will of one group of a scenario was missing"],
        ],
      },
      {
        title: "Kill modes",
        topics: ["kills"],
        rows: killModes.map((mode) => [mode, killModeText[mode]] as const),
      },
      runExits,
    ],
  },
  "fleet scenario": { examples: ["fleet scenario storm > my-storm.yaml"], lists: prints },
  "fleet scenario-schema": { examples: ["fleet scenario-schema > scenario.schema.json"], lists: prints },
  "fleet profiles": { examples: ["fleet profiles"], lists: prints },
  "fleet thresholds": { examples: ["fleet thresholds", "fleet thresholds latencyMs"], lists: prints },
  "capacity": {
    examples: [
      "capacity",
      "capacity --url mqtt://127.0.0.1:1883 --html capacity.html",
      "capacity --of clients --from 1000",
      "capacity --threshold 'latencyMs.all.p99<50ms' --fan-out 10",
      "capacity --url a=mqtt://host-a --url b=mqtt://host-b --html both.html",
    ],
    common: {
      "--url": "The broker; without it, the embedded broker.",
      "--of": "Search for a kill rate, or for a number of clients.",
      "--from": "The first load.",
      "--to": "The highest load to try.",
      "--precision": "How narrow the interval has to be.",
      "--threshold": "What a load must meet to hold.",
      "--step-duration": "How long each step kills clients.",
      "--recovery": "The pause between two steps.",
      "--report": "Write the report as JSON; - is standard output.",
      "--html": "Write the report as one HTML page.",
    },
    lists: [
      {
        title: "Kill modes",
        topics: ["kills"],
        rows: killModes.map((mode) => [mode, killModeText[mode]] as const),
      },
      exits(
        ["0", "a capacity was found, or each load up to --to held"],
        ["1", "even the lowest load did not hold"],
        usage,
        ["3", "void: the generator was the limit, or the broker cannot be reached"],
        ownFault,
        interrupted,
      ),
    ],
  },
  "part": {
    examples: [
      "part --over nats://127.0.0.1 --run night",
      "part --over tls://host --over-creds part.creds --run night",
      "part --over nats://127.0.0.1 --run night --password-file secret.txt",
      "part --over nats://127.0.0.1 --run night --source-address 10.0.0.1",
      "part --over nats://127.0.0.1 --run night --report part.json",
    ],
    common: {
      "--over": "NATS with JetStream, where the coordinator is.",
      "--run": "The run: the --run-id of mqtt-sim fleet --over.",
      "--over-creds": "A credentials file of NATS.",
      "--password-file": "A file with the password; - is standard input.",
      "--source-address": "Addresses of this machine to dial from.",
      "--report": "Write the report of the part as JSON.",
    },
    lists: [
      exits(
        ["0", "the part did its work, or the run did not need it"],
        ["2", "the command line cannot be used, or the part does not fit this machine"],
        ["3", "no such run, the coordinator was silent, or the run ended early"],
        ownFault,
        ["130", "interrupted"],
      ),
    ],
  },
  "check": {
    examples: [
      "check --url mqtt://127.0.0.1:1883",
      "check --url mqtt://127.0.0.1:1883 --only will --quick",
      "check --url mqtts://host --username u --password-file secret.txt",
      "check --url 127.0.0.1:1883 --profile mosquitto --junit check.xml",
      "check --rule 3.1.2-22 --list",
    ],
    common: {
      "--url": "The broker to check; without it, the embedded broker.",
      "--username": "User name of every client.",
      "--password-file": "A file with the password; - is standard input.",
      "--only": "An area, or the beginning of a case's name.",
      "--rule": "Cases of one rule of the standard.",
      "--protocol": "MQTT version of the cases.",
      "--quick": "Skip the slow cases.",
      "--profile": "A broker whose known deviations do not fail the check.",
      "--report": "Write the report as JSON; - is standard output.",
      "--html": "Write the report as one HTML page.",
    },
    lists: [
      { title: "Areas", topics: ["cases"], rows: Object.entries(areas) },
      exits(
        ["0", "pass: every failed case is a deviation that the profile documents"],
        ["1", "fail: a case failed"],
        usage,
        ["3", "void: the check proves nothing: the broker cannot be reached, or the control arm failed"],
        ownFault,
        interrupted,
      ),
    ],
  },
  "broker": {
    examples: [
      "broker --port 1883",
      "broker --listen mqtts://127.0.0.1 --tls-cert c.pem --tls-key k.pem",
      "broker --metrics 9090 --store broker.db",
      "broker --fault lose=1%,delay=5%:2s",
      "broker --config broker.yaml",
    ],
    common: {
      "--port": "Port to listen on; 0 means a free port.",
      "--host": "Address to listen on; 0.0.0.0 means all.",
      "--listen": "mqtt(s)://, ws(s):// with host and port, or unix:///path.",
      "--users": "Users and hashes of their passwords.",
      "--tls-cert": "The server's certificate, in PEM.",
      "--tls-key": "The private key of the certificate, in PEM.",
      "--store": "A file that keeps sessions and wills over a restart.",
      "--metrics": "Serve metrics and status over HTTP.",
      "--fault": "Inject faults into wills, such as lose=1%.",
      "--config": "A YAML file of settings.",
    },
    lists: [
      {
        title: "Kinds of faults",
        topics: ["faults"],
        rows: faultKinds.map((kind) => [kind, faultText[kind]] as const),
      },
      exits(["0", "stopped by SIGINT or SIGTERM; the wills of connected clients are published"], usage, ownFault),
    ],
  },
  "broker status": {
    examples: ["broker status", "broker status --url 127.0.0.1:9090 --filter delayed --json"],
    lists: [exits(["0", "the broker answered"], usage, ["3", "no answer of the broker"], ownFault)],
  },
  "broker disconnect": {
    examples: ["broker disconnect sensor-1 --admin-token token.txt"],
    lists: [operatorExits],
  },
  "broker end-session": {
    examples: ["broker end-session sensor-1 --admin-token token.txt"],
    lists: [operatorExits],
  },
  "broker clear-retained": {
    examples: ["broker clear-retained site/a/state --admin-token token.txt"],
    lists: [operatorExits],
  },
  "broker passwd": {
    examples: ["broker passwd users.txt alice"],
    lists: [exits(["0", "the file has the user"], usage, ownFault)],
  },
  "broker config-schema": { examples: ["broker config-schema > broker.schema.json"], lists: prints },
  "report": {
    examples: [
      "report run.json",
      "report run.json --html run.html --junit run.xml",
      "report run.ndjson --threshold 'wills.late<10'",
      "report merge part1.json part2.json --report whole.json",
      "report compare before=a.json after=b.json --html compare.html",
    ],
    common: {
      "--text": "Write the report as text, also with other formats.",
      "--report": "Write the report as JSON; - is standard output.",
      "--html": "Write the report as one HTML page.",
      "--junit": "Write JUnit XML.",
      "--markdown": "Write short Markdown.",
      "--csv": "Write a row for each kill mode.",
      "--threshold": "Check the saved run against a condition.",
      "--late-after": "Judge a recording with another bound for late wills.",
      "--profile": "Judge a recording with the profile of a broker.",
    },
    lists: [savedExits],
  },
  "report merge": {
    examples: [
      "report merge part1.json part2.json part3.json --report whole.json",
      "report merge --over nats://127.0.0.1 --run night --html whole.html",
    ],
    lists: [savedExits],
  },
  "report compare": {
    examples: ["report compare before=a.json after=b.json", "report compare a.json b.json --html compare.html"],
    lists: [savedExits],
  },
};

/** The help of a command by its path, such as `fleet scenario`; undefined where there is no such command. */
export function commandHelp(path: string): CommandHelp | undefined {
  return Object.hasOwn(table, path) ? table[path] : undefined;
}

/** The paths of all commands. */
export const commandPaths: readonly string[] = Object.keys(table);

/** The examples of the overview. */
export const firstExamples: readonly string[] = [
  "fleet --clients 100 --duration 5s",
  "fleet --url mqtt://127.0.0.1:1883 --html run.html",
  "check --url mqtt://127.0.0.1:1883",
  "broker --port 1883",
  "report run.json --junit run.xml",
];
