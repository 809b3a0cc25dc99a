/** The flags of `mqtt-sim check`: their names, values and help. */
import { object } from "@optique/core/constructs";
import { merge } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { UsageError } from "../../base/failure.ts";
import { areas, type ConformanceCase } from "../../conformance/case/case.ts";
import { allCases } from "../../conformance/catalog.ts";
import { usualParallel } from "../../conformance/run_conformance.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import { engineHelp } from "../../net/engine.ts";
import {
  colorFlag,
  fileValue,
  type FlagValue,
  repeatedFlag,
  sentence,
  switchFlag,
  valueFlag,
  wordValue,
} from "../options/flag.ts";
import { planFlag, planFlags, sectionFlags } from "../options/plan_flags.ts";
import { whole } from "../options/setting.ts";
import { annotationsFlag } from "../report/print_report.ts";
import { checkReportFlags } from "../report/check_outputs.ts";

const word = (metavar: FlagValue<string>["metavar"]): FlagValue<string> => ({ metavar, read: (value) => value });

/** What `--only` names: areas and cases. */
export function caseNames(cases: readonly ConformanceCase[]): string[] {
  return [...Object.keys(areas).filter((area) => area !== "broker"), ...cases.map(({ id }) => id)];
}

/** What `--rule` names: the statements that cases test. */
export function ruleNumbers(cases: readonly ConformanceCase[]): string[] {
  return [...new Set(cases.flatMap(({ rules }) => Object.values(rules).flat()))].toSorted();
}

/** Slack is a factor from 1 to 100. */
function parseSlack(text: string, name: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= 100) return value;
  throw new UsageError(`Cannot use ${name} ${JSON.stringify(text)}: expected a factor from 1 to 100, such as 2`);
}

const target = object("Target", {
  url: valueFlag(
    "--url",
    { metavar: "URL", read: parseEndpoint },
    "The broker to check: mqtt://[user[:password]@]host[:port], default port 1883, or mqtts://, ws://, wss:// or unix:///path. " +
      "Without it the check starts the embedded broker, with a login, a denied topic and a store, so that every case can run.",
    "-L",
  ),
  username: planFlag("username", "User name of every client. Default: the one in --url, if any."),
  password: planFlag(
    "password",
    "Password. Others on this machine can see it in the list of processes: --password-file keeps it from them.",
  ),
  passwordFile: valueFlag(
    "--password-file",
    fileValue,
    "A file with the password, - for standard input; a line end after it does not count.",
  ),
  passwordCommand: planFlag(
    "passwordCommand",
    "Shell command that writes the password, such as a token, to its standard output. The report has neither the " +
      "command nor its output.",
  ),
  passwordLifetimeMs: planFlag(
    "passwordLifetimeMs",
    "How long a password of --password-command is used, {range}: after it, the next case runs the command again. A " +
      "case uses one password to its end. Default: the whole check.",
  ),
  proxy: planFlag(
    "proxy",
    "Connect through a proxy: http://[user:password@]host:port opens each connection by CONNECT, " +
      "socks5://[user:password@]host:port by SOCKS 5. The proxy resolves the broker's name. Default: none.",
  ),
  wsHeaders: planFlag(
    "wsHeaders",
    "A header of the WebSocket request, for ws:// and wss://. Others on this machine can see it in the list of processes.",
  ),
  awsSign: planFlag(
    "awsSign",
    "Sign each WebSocket request for AWS IoT Core in this region (Signature Version 4). The credentials are " +
      "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment. Default: no signature.",
  ),
  authMethod: planFlag(
    "authMethod",
    "Authentication method of each CONNECT (enhanced authentication, MQTT 5.0): SCRAM-SHA-1, SCRAM-SHA-256 or " +
      "SCRAM-SHA-512 with the user name and the password, or another one with --auth-data or --auth-command. The cases " +
      "are then those of 5.0.",
  ),
  ...planFlags("authData", "authCommand"),
  deniedTopic: valueFlag(
    "--denied-topic",
    word("TOPIC"),
    "A topic that this login may subscribe to but not publish to, for the cases about the authorization of wills.",
  ),
  restartCommand: planFlag(
    "restartCommand",
    "A shell command that restarts the broker at --url, such as 'systemctl restart mosquitto'; it may take 60 s, and " +
      "the broker 30 s more to accept connections. Without it the cases that restart the broker are not testable.",
  ),
  wait: planFlag(
    "waitMs",
    "How long to retry while the broker does not answer a CONNECT, because it is still starting, {range}. Default: one attempt.",
  ),
  engine: planFlag(
    "engine",
    `${engineHelp} Applies to the connections of the check and to the embedded broker. Default auto.`,
  ),
});

const selection = object("Cases", {
  only: repeatedFlag(
    "--only",
    { ...word("NAME"), words: caseNames(allCases) },
    "An area, the id of a case, or the beginning of one, such as will/takeover. May be repeated. Default: all.",
  ),
  rule: repeatedFlag(
    "--rule",
    { ...word("NUMBER"), words: ruleNumbers(allCases) },
    "Cases that test a statement of the standard, such as 3.1.2-22; 5.0:3.1.2-22 in one version. May be repeated.",
  ),
  protocol: valueFlag("--protocol", wordValue(["3.1.1", "5", "both"]), "MQTT version of the cases. Default both."),
  quick: switchFlag(
    "--quick",
    "Skip the cases that wait for time spans of the standard or restart the broker; wait less for silence.",
  ),
  list: switchFlag("--list", "List the selected cases, with version and rules; run none."),
});

const bounds = object("Bounds", {
  slack: valueFlag(
    "--slack",
    { metavar: "FACTOR", read: parseSlack },
    "Multiplies every time bound, for a broker that is slow: 1 to 100. Default 1; the result lists the bounds.",
  ),
  parallel: valueFlag(
    "--parallel",
    whole(1, 1_000, "N"),
    `Cases that run side by side, 1 to 1,000. Default ${usualParallel}.`,
  ),
});

const judging = object("Judging", {
  profile: planFlag(
    "profile",
    "A broker whose known deviations are reported and do not fail the check; any other deviation fails it. " +
      "mqtt-sim fleet profiles lists them. Default strict: no known deviations.",
  ),
});

const output = object("Output", {
  color: colorFlag,
  annotations: annotationsFlag,
  verbose: switchFlag(
    "--verbose",
    "Print every rule with its case, every reason and note. Default: a line for each area.",
  ),
  quiet: switchFlag("--quiet", "Print no progress.", "-q"),
});

/** `mqtt-sim check` and its flags. */
export const checkCommand = command(
  "check",
  merge(
    object({ command: constant("check") }),
    target,
    object("TLS", sectionFlags("TLS")),
    selection,
    bounds,
    judging,
    output,
    checkReportFlags,
  ),
  {
    brief: sentence("Check a broker against the standard, rule by rule."),
    description: sentence(
      "Runs a catalog of black-box cases against a broker and reports for each rule of MQTT 3.1.1 and 5.0, by its number, " +
        "whether the broker complies: pass, fail, deviation or not testable. Each failure comes with its transcript.",
    ),
    usageLine: [{ type: "literal", value: "[FLAGS]" }],
  },
);

/** The parsed command line of `mqtt-sim check`. */
export type CheckAsked = InferValue<typeof checkCommand>;
