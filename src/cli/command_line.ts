/**
 * The whole command line: which command, with which flags and variables; help, version and completion; and one sentence
 * for any unreadable input. The grammar is optique's, the sentences are ours.
 */
import { runParserSync } from "@optique/core/facade";
import { formatMessage, type Message } from "@optique/core/message";
import { extractOptionNames } from "@optique/core/usage";
import { UsageError } from "../base/failure.ts";
import { optionList, planOptions } from "../fleet/plan/plan_options.ts";
import { listed } from "../base/units.ts";
import { withoutSecrets } from "../net/endpoint.ts";
import type { BrokerAsked } from "./broker/broker_flags.ts";
import type { CapacityAsked } from "./capacity/capacity_flags.ts";
import { whyRefused } from "./capacity/refused_flags.ts";
import { whyCheckRefuses } from "./check/refused_flags.ts";
import type { CheckAsked } from "./check/check_flags.ts";
import type { FleetAsked } from "./fleet/fleet_flags.ts";
import type { PartAsked } from "./parts/part_flags.ts";
import type { ReportAsked } from "./report/report_flags.ts";
import { complete } from "./line/completion.ts";
import { commandNames, commands, grammar, isCommand, pathOf } from "./line/grammar.ts";
import { helpText } from "./line/help_page.ts";
import { helpRequest } from "./line/help_request.ts";
import { flagsFrom, type FromVariable } from "./line/variables.ts";
import { meant } from "./options/similar.ts";
import { selfCall } from "./process/invocation.ts";
import type { Environment } from "./process/environment.ts";
import type { Output, Stream } from "./process/output.ts";
import { tool, versionWords } from "./process/tool.ts";

/** Help, version or completion, which are written already; or nothing, which is answered with help and an error. */
interface Finished {
  readonly command: "finished";
  readonly exitCode: 0 | 2;
}

/** The user's request. */
export type ParsedCommand = FleetAsked | CapacityAsked | PartAsked | CheckAsked | BrokerAsked | ReportAsked | Finished;

/** Wide lines are hard to read even where there is room. */
const widest = 100;
const done: Finished = { command: "finished", exitCode: 0 };

/**
 * Reads the arguments and the variables; writes help, version and completions to standard output.
 *
 * @throws UsageError when they cannot be read
 */
export function readCommandLine(
  args: readonly string[],
  { out, err }: Output,
  environment: Environment = {},
): ParsedCommand {
  if (args.length === 0) {
    err.write(helpText({ path: "" }, widthOf(err)));
    return { command: "finished", exitCode: 2 };
  }
  const help = helpRequest(args);
  if (help !== undefined) {
    out.write(helpText(help, widthOf(out)));
    return done;
  }
  if (args.length === 1 && versionWords.includes(args[0]!)) {
    out.write(`${tool.name} ${tool.version}\n`);
    return done;
  }
  if (args[0] === "completion") {
    complete(args.slice(1), out, selfCall());
    return done;
  }
  return withVariables(args, flagsFrom(environment, pathOf(args), args));
}

function widthOf(stream: Stream): number {
  return Math.min(stream.columns() ?? 80, widest);
}

/** The command with the flags of variables. An error that a variable causes has its name. */
function withVariables(args: readonly string[], from: readonly FromVariable[]): ParsedCommand {
  try {
    return parsed([...args, ...from.map(({ argument }) => argument)]);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // Without the variables: an error of the arguments themselves comes first.
    parsed(args);
    for (const { variable, argument } of from) {
      const fault = faultOf([...args, argument]);
      if (fault !== undefined) throw new UsageError(`${variable}: ${fault}`);
    }
    throw error;
  }
}

function faultOf(args: readonly string[]): string | undefined {
  try {
    parsed(args);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

function parsed(args: readonly string[]): ParsedCommand {
  const noMatch = `Missing command: expected ${listed(commandNames)}; see ${tool.name} --help`;
  return runParserSync(grammar(noMatch, (token) => unexpected(token, args[0])), tool.name, args, {
    aboveError: "none",
    stdout: () => {},
    stderr: () => {},
    onError: (_, error) => refuse(error),
  });
}

function refuse(error: Message): never {
  throw new UsageError(ours(formatMessage(error, { quotes: true }).replaceAll(/\s+/g, " ").trim()));
}

/** The sentence of the library that we cannot replace. */
const theirs: readonly [pattern: RegExp, ours: string][] = [
  [/^Flag `(--?[^`]+)` does not accept a value, but got: (".*")\.$/, "Cannot read $1=$2: expected $1 without a value"],
];

function ours(text: string): string {
  return theirs.reduce((reworded, [pattern, sentence]) => reworded.replace(pattern, sentence), text);
}

const otherCommands = ["completion", "help", "version"];

/** The error of an unexpected argument, with a similar name that the user may have meant. */
function unexpected(word: string, first: string | undefined): string {
  const token = withoutSecrets(word);
  if (!isCommand(first)) {
    const kind = token.startsWith("-") ? "flag" : "command";
    const known = kind === "flag" ? versionWords : [...commandNames, ...otherCommands];
    return `Cannot read ${kind} "${token}": expected a command, ${listed(commandNames)}${hint(token, known)}`;
  }
  if (!token.startsWith("-")) {
    return `Cannot read argument "${token}": expected flags${hint(token, [], first)}`;
  }
  const flag = token.split("=")[0]!;
  const why = whyUnused(flag, first);
  if (why !== undefined) return `Cannot use ${flag} with ${first}: ${why}`;
  const known = extractOptionNames(commands[first].usage);
  return `Cannot read flag "${flag}": ${first} has none of that name${hint(flag, known, first)}`;
}

/** Why a command does not take a flag of the fleet; undefined for a flag that it takes or that the fleet does not have. */
export function whyUnused(flag: string, command: string): string | undefined {
  if (command === "capacity") return whyRefused(flag);
  if (command === "check") return whyCheckRefuses(flag);
  const isOwn = isCommand(command) && new Set<string>(extractOptionNames(commands[command].usage)).has(flag);
  if (command !== "part" || isOwn || !isPlanFlag(flag)) return undefined;
  return "the coordinator sends the plan to each part; expected it in the command line of mqtt-sim fleet --over";
}

function isPlanFlag(flag: string): boolean {
  if (flag === `--${planOptions.shard.flag}`) return false;
  return optionList.some(([, option]) => `--${option.flag}` === flag || `-${option.short}` === flag);
}

function hint(word: string, known: Iterable<string>, command = ""): string {
  const suggestion = meant(word, known);
  return suggestion === "" ? `; see ${tool.name} ${command === "" ? "" : `${command} `}--help` : suggestion;
}
