/**
 * The whole command line: which command, with which flags; help, version and completion; and one sentence for any
 * unreadable input. The grammar is optique's, the sentences are ours.
 */
import { or } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { formatMessage, type Message } from "@optique/core/message";
import { findSimilar } from "@optique/core/suggestion";
import { extractOptionNames } from "@optique/core/usage";
import { UsageError } from "../base/failure.ts";
import { listed } from "../base/units.ts";
import { withoutSecrets } from "../net/endpoint.ts";
import { type BrokerAsked, brokerCommand } from "./broker/broker_flags.ts";
import { type CheckAsked, checkCommand } from "./check/check_flags.ts";
import { type FleetAsked, fleetCommand } from "./fleet/fleet_flags.ts";
import { type ReportAsked, reportCommand } from "./report/report_flags.ts";
import { sentence } from "./options/flag.ts";
import type { Output } from "./process/output.ts";
import { tool } from "./process/tool.ts";

/** The user's request; `told` when it was only help, version or completion. */
export type ParsedCommand = FleetAsked | CheckAsked | BrokerAsked | ReportAsked | { readonly command: "told" };

const commands = { fleet: fleetCommand, check: checkCommand, broker: brokerCommand, report: reportCommand } as const;
const names = listed(Object.keys(commands));
const brief = "Does an MQTT broker deliver every Last Will, once, on time, when the fleet dies?";
/** Wide lines are hard to read even where there is room. */
const widest = 100;
/** Columns for the names of flags in help: `--reconnect-after TIME|never`. */
const longestTerm = 28;

/**
 * Reads the arguments; writes help, version and completions to standard output.
 *
 * @throws UsageError when they cannot be read
 */
export function readCommandLine(args: readonly string[], { out }: Output): ParsedCommand {
  const told = () => ({ command: "told" }) as const;
  return runParserSync(grammar(args), tool.name, args, {
    help: { option: { names: ["--help", "-h"] }, onShow: told },
    version: { option: true, value: `${tool.name} ${tool.version}`, onShow: told },
    completion: { command: true, onShow: told },
    brief: sentence(brief),
    footer: sentence(`${tool.name} COMMAND --help prints the flags of a command.`),
    usageLine: [{ type: "literal", value: "COMMAND" }, { type: "literal", value: "[FLAGS]" }],
    termWidth: longestTerm,
    maxWidth: Math.min(out.columns() ?? 80, widest),
    aboveError: "none",
    stdout: (text) => out.write(`${text.replaceAll(/ +$/gm, "").trimEnd()}\n`),
    stderr: () => {},
    onError: (_, error) => refuse(error),
  });
}

function grammar(args: readonly string[]) {
  return or(commands.fleet, commands.check, commands.broker, commands.report, {
    errors: {
      noMatch: sentence(`Missing command: expected ${names}; see ${tool.name} --help`),
      unexpectedInput: (token) => sentence(unexpected(token, args[0])),
      suggestions: () => [],
    },
  });
}

function refuse(error: Message): never {
  throw new UsageError(ours(formatMessage(error, { quotes: true }).replaceAll(/\s+/g, " ").trim()));
}

const shells = ["bash", "fish", "nu", "pwsh", "zsh"];

/** The few sentences of the library that we cannot replace. */
const theirs: readonly [pattern: RegExp, ours: string][] = [
  [
    /^Missing shell name for completion\..*$/,
    `Cannot write a completion without its shell: expected ${listed(shells)}`,
  ],
  [/^Unsupported shell ("[^"]*")\..*$/, `Cannot write a completion for shell $1: expected ${listed(shells)}`],
  [/^Flag `(--[^`]+)` does not accept a value, but got: (".*")\.$/, "Cannot read $1=$2: expected $1 without a value"],
];

function ours(text: string): string {
  return theirs.reduce((told, [pattern, sentence]) => told.replace(pattern, sentence), text);
}

/** The error of an unexpected argument, with a similar name that the user may have meant. */
function unexpected(word: string, first: string | undefined): string {
  const token = withoutSecrets(word);
  const command = Object.entries(commands).find(([name]) => name === first);
  if (command === undefined) {
    const kind = token.startsWith("-") ? "flag" : "command";
    return `Cannot read ${kind} "${token}": expected a command, ${names}${meant(token, Object.keys(commands))}`;
  }
  const [name, { usage }] = command;
  if (!token.startsWith("-")) return `Cannot read argument "${token}": expected flags; see ${tool.name} ${name} --help`;
  const flag = token.split("=")[0]!;
  return `Cannot read flag "${flag}": ${name} has none of that name${meant(flag, extractOptionNames(usage), name)}`;
}

function meant(word: string, known: Iterable<string>, command = ""): string {
  const [similar] = findSimilar(word, known);
  if (similar !== undefined) return `; did you mean ${similar}?`;
  return `; see ${tool.name} ${command === "" ? "" : `${command} `}--help`;
}
