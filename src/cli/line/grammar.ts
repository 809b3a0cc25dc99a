/**
 * The grammar of the whole command line, and the facts of it that help, completion and variables need.
 */
import { or } from "@optique/core/constructs";
import type { Message } from "@optique/core/message";
import { extractCommandNames, type Usage, type UsageTerm } from "@optique/core/usage";
import { brokerCommand } from "../broker/broker_flags.ts";
import { capacityCommand } from "../capacity/capacity_flags.ts";
import { checkCommand } from "../check/check_flags.ts";
import { fleetCommand } from "../fleet/fleet_flags.ts";
import { partCommand } from "../parts/part_flags.ts";
import { reportCommand } from "../report/report_flags.ts";
import { sentence } from "../options/flag.ts";

/** The commands by their names. */
export const commands = {
  fleet: fleetCommand,
  capacity: capacityCommand,
  part: partCommand,
  check: checkCommand,
  broker: brokerCommand,
  report: reportCommand,
} as const;

/** The name of a command. */
export type CommandName = keyof typeof commands;

/** The names of the commands, in the order of help. */
export const commandNames = Object.keys(commands) as CommandName[];

/** Whether a word is the name of a command. */
export function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(commands, word);
}

/** The choice of commands, with the sentences for unreadable input. */
export function grammar(noMatch: string, unexpected: (token: string) => string) {
  return or(commands.fleet, commands.capacity, commands.part, commands.check, commands.broker, commands.report, {
    errors: {
      noMatch: sentence(noMatch),
      unexpectedInput: (token: string): Message => sentence(unexpected(token)),
      suggestions: () => [],
    },
  });
}

/** The names of the subcommands of a command. */
export function subcommandsOf(name: CommandName): string[] {
  return [...extractCommandNames(commands[name].usage)].filter((each) => each !== name);
}

/** The path of the command that the first words name: `fleet scenario`; empty without a command. */
export function pathOf(words: readonly string[]): string {
  const [name, sub] = words;
  if (!isCommand(name)) return "";
  return sub !== undefined && subcommandsOf(name).includes(sub) ? `${name} ${sub}` : name;
}

/** One flag of a command. */
export interface FlagFact {
  /** The long name, with its dashes. */
  readonly name: string;
  /** All names. */
  readonly names: readonly string[];
  readonly takesValue: boolean;
  readonly repeats: boolean;
}

/** The flags of a command by its path; without those of its subcommands. */
export function flagsAt(path: string): FlagFact[] {
  const [name, sub] = path.split(" ");
  if (!isCommand(name)) return [];
  return flagsOf(branchOf(commands[name].usage, sub), false);
}

/** The terms of one subcommand, or those of the command itself. */
function branchOf(usage: Usage, sub: string | undefined): Usage {
  const choice = usage.find((term) => term.type === "exclusive");
  if (choice === undefined) return usage;
  const isOf = (terms: Usage) => terms.some((term) => term.type === "command" && term.name === sub);
  const isOwn = (terms: Usage) => !terms.some((term) => term.type === "command");
  return choice.terms.find(sub === undefined ? isOwn : isOf) ?? [];
}

function flagsOf(usage: Usage, repeats: boolean): FlagFact[] {
  return usage.flatMap((term: UsageTerm) => {
    if (term.type === "option") {
      const name = term.names.find((each) => each.startsWith("--")) ?? term.names[0]!;
      return [{ name, names: term.names, takesValue: term.metavar !== undefined, repeats }];
    }
    if (term.type === "optional") return flagsOf(term.terms, repeats);
    if (term.type === "multiple") return flagsOf(term.terms, true);
    return term.type === "exclusive" ? term.terms.flatMap((each) => flagsOf(each, repeats)) : [];
  });
}
