/**
 * The whole command line: which command, with which flags; help, version and completion; and one sentence for whatever
 * cannot be read. The grammar is optique's, the sentences are ours.
 */
import { or } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { formatMessage, type Message } from "@optique/core/message";
import { findSimilar } from "@optique/core/suggestion";
import { extractOptionNames } from "@optique/core/usage";
import { UsageError } from "../base/failure.ts";
import { type BrokerAsked, brokerCommand } from "./commands/broker_flags.ts";
import { fleetCommand, type FleetFlags } from "./commands/fleet_flags.ts";
import { sentence } from "./flag.ts";
import type { Output } from "./output.ts";
import { tool } from "./tool.ts";

/** What the person asked for; `told` when help, version or completion was all. */
export type Asked = FleetFlags | BrokerAsked | { readonly command: "told" };

const commands = { fleet: fleetCommand, broker: brokerCommand } as const;
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
export function readCommandLine(args: readonly string[], { out }: Output): Asked {
  const told = () => ({ command: "told" }) as const;
  return runParserSync(grammar(args), tool.name, args, {
    help: { option: { names: ["--help", "-h"] }, onShow: told },
    version: { option: true, value: `${tool.name} ${tool.version}`, onShow: told },
    completion: { command: true, onShow: told },
    brief: sentence(brief),
    footer: sentence(`${tool.name} fleet --help and ${tool.name} broker --help tell about their flags.`),
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
  return or(commands.fleet, commands.broker, {
    errors: {
      noMatch: sentence(`Cannot tell what to do: expected a command, fleet or broker; see ${tool.name} --help`),
      unexpectedInput: (token) => sentence(unexpected(token, args[0])),
      suggestions: () => [],
    },
  });
}

function refuse(error: Message): never {
  throw new UsageError(formatMessage(error, { quotes: true }).replaceAll(/\s+/g, " ").trim());
}

/** What is wrong with an argument that nothing takes, and what was perhaps meant. */
function unexpected(token: string, first: string | undefined): string {
  const command = Object.entries(commands).find(([name]) => name === first);
  if (command === undefined) {
    const kind = token.startsWith("-") ? "flag" : "command";
    return `Cannot read ${kind} "${token}": expected a command, fleet or broker${meant(token, Object.keys(commands))}`;
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
