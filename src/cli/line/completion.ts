/**
 * Completion: the script of a shell, and the words that it offers. The library writes the scripts and knows the words
 * of each flag; this file decides which of them fit the place.
 */
import { bash, fish, nu, pwsh, type ShellCompletion, zsh } from "@optique/core/completion";
import type { Message } from "@optique/core/message";
import { type Parser, type Suggestion, suggestSync } from "@optique/core/parser";
import { shellQuotes } from "../../base/escape.ts";
import { UsageError } from "../../base/failure.ts";
import { listed } from "../../base/units.ts";
import { sentence } from "../options/flag.ts";
import { meant } from "../options/similar.ts";
import type { Stream } from "../process/output.ts";
import type { SelfCall } from "../process/invocation.ts";
import { tool } from "../process/tool.ts";
import { commandNames, commands, flagsAt, isCommand, pathOf, subcommandsOf } from "./grammar.ts";
import { briefOf, helpTopics } from "./help_page.ts";

const shells: Readonly<Record<string, ShellCompletion>> = { bash, fish, nu, pwsh, zsh };
const shellNames = Object.keys(shells);
/** Marks a request of a script for words. */
const wordsFlag = "--words";

/**
 * Writes the script of `completion SHELL [NAME]`, or the words that it offers.
 *
 * @param args the words after `completion`
 * @param self how the script starts this program
 * @throws UsageError for an unknown shell, or a name that no script can have
 */
export function complete(args: readonly string[], out: Stream, self: SelfCall): void {
  const [name, ...more] = args;
  if (name === undefined) {
    throw new UsageError(`Cannot write a completion without its shell: expected ${listed(shellNames)}`);
  }
  const shell = Object.hasOwn(shells, name) ? shells[name] : undefined;
  if (shell === undefined) {
    const sentence = `Cannot write a completion for shell ${JSON.stringify(name)}: expected ${listed(shellNames)}`;
    throw new UsageError(sentence + meant(name, shellNames));
  }
  if (more[0] === wordsFlag) {
    // A line for each word; some shells expect a NUL between the word and its description.
    for (const part of shell.encodeSuggestions(suggestions(more.slice(1)))) out.writeRaw(`${part.trimEnd()}\n`);
  } else out.write(`${script(shell, more, self).trim()}\n`);
}

/** The script for a program of this name. It starts this program as the user did, wherever that is. */
function script(shell: ShellCompletion, more: readonly string[], { words, name: usual }: SelfCall): string {
  const [name = usual, ...rest] = more;
  if (!/^\w[\w.-]*$/.test(name) || rest.length > 0) {
    const shown = JSON.stringify([name, ...rest].join(" "));
    throw new UsageError(
      `Cannot complete a program called ${shown}: expected letters, digits, dots, hyphens or underscores`,
    );
  }
  const text = shell.generateScript(name, ["completion", shell.name, wordsFlag]);
  const quote = shellQuotes[shell.name as keyof typeof shellQuotes];
  const call = words.map(quote).join(" ");
  return text
    .replaceAll(`${name} 'completion'`, () => `${call} 'completion'`)
    .replaceAll(`& ${name} $completionArgs`, () => `& ${call} $completionArgs`);
}

/** The words for the last of these, which may be empty or begun. */
function suggestions(words: readonly string[]): Suggestion[] {
  const prior = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const [first] = prior;
  if (first === undefined) {
    return among([...commandNames, "completion", "help", "version", "--help", "--version"], current);
  }
  if (first === "completion") return prior.length === 1 ? among(shellNames, current) : [];
  if (first === "help") return among(helpWords(prior.slice(1)), current);
  if (!isCommand(first)) return [];
  if (prior.at(-1) === "--help") return among(helpTopics(pathOf(prior)), current);
  const parser: Parser<"sync", unknown, unknown> = commands[first] as never;
  const found = suggestSync(parser, [first, ...prior.slice(1), current]);
  const help = current.startsWith("-") && !needsValue(prior) ? among(["--help"], current) : [];
  return [...found.filter((each) => fits(each, first, prior)), ...help];
}

/** The words after `help`: commands, then their subcommands and topics. */
function helpWords(prior: readonly string[]): string[] {
  const path = pathOf(prior);
  if (path === "") return [...commandNames, "all"];
  const [name] = prior;
  return [...prior.length === 1 && isCommand(name) ? subcommandsOf(name) : [], ...helpTopics(path)];
}

function among(known: readonly string[], current: string): Suggestion[] {
  return known.filter((word) => word.startsWith(current)).map((text) => ({ kind: "literal", text, ...about(text) }));
}

function about(text: string): { readonly description?: Message } {
  if (isCommand(text)) return { description: sentence(briefOf(text)) };
  return text === "completion" ? { description: sentence(`Write the script of a shell for ${tool.name}.`) } : {};
}

/** After a flag with a value there are values alone; a subcommand stands right after its command. */
function fits(suggestion: Suggestion, command: keyof typeof commands, prior: readonly string[]): boolean {
  if (suggestion.kind !== "literal") return true;
  const { text } = suggestion;
  const isSubcommand = subcommandsOf(command).includes(text);
  if (needsValue(prior)) return !text.startsWith("-") && !isSubcommand;
  return !isSubcommand || prior.length === 1;
}

/** Whether the last word is a flag that takes a value. */
function needsValue(prior: readonly string[]): boolean {
  const last = prior.at(-1) ?? "";
  return flagsAt(pathOf(prior)).some(({ names, takesValue }) => takesValue && names.includes(last));
}
