/**
 * The pages of help: one screen for a command, all its flags, or the part that a topic names. The flags and their texts
 * are the grammar's; the library lays them out.
 */
import { type DocEntry, type DocPage, type DocSection, formatDocPage } from "@optique/core/doc";
import { formatMessage, type Message } from "@optique/core/message";
import { getDocPageSync } from "@optique/core/parser";
import type { UsageTerm } from "@optique/core/usage";
import { InvariantError, UsageError } from "../../base/failure.ts";
import { listed } from "../../base/units.ts";
import { sentence } from "../options/flag.ts";
import { meant } from "../options/similar.ts";
import { tool } from "../process/tool.ts";
import { commandHelp, commandPaths, firstExamples, type HelpList } from "./command_help.ts";
import { type CommandName, commandNames, commands, isCommand } from "./grammar.ts";
import type { HelpRequest } from "./help_request.ts";
import { variablesList } from "./variables.ts";

const brief = "Does an MQTT broker deliver every Last Will, once, on time, when the fleet dies?";
/** Columns for the names of flags and of other terms: on the first screen, and on the others. */
const screenWidth = 24;
const pageWidth = 28;

/** A section of a page, with the topics that show it. */
interface Part extends DocSection {
  readonly topics: readonly string[];
}

/**
 * The text of help for a request.
 *
 * @throws UsageError for an unknown topic
 */
export function helpText({ path, topic }: HelpRequest, width: number): string {
  if (path === "") return overview(topic, width);
  const page = commandPage(path);
  const parts = partsOf(path, page);
  if (topic === undefined) return firstScreen(path, page, parts, width);
  if (topic === "all") return layOut({ ...page, sections: parts }, width);
  const asked = parts.filter(({ topics }) => topics.includes(topic));
  if (asked.length === 0) throw unknownTopic(topic, `${path} `, topicsOf(parts));
  return layOut({ sections: asked }, width, { showUsage: false });
}

/** Help without a command. */
function overview(topic: string | undefined, width: number): string {
  if (topic === "all") {
    return ["", ...commandPaths].map((path) => helpText({ path, ...path !== "" && { topic } }, width)).join("\n");
  }
  if (topic !== undefined) throw unknownTopic(topic, "", commandNames);
  const entries = [
    ...commandNames.map((name) => entryOf({ type: "command", name }, briefOf(name))),
    entryOf({ type: "literal", value: "completion SHELL" }, "Write the completion script of a shell."),
    entryOf({ type: "literal", value: "help COMMAND [TOPIC]" }, "Show the help of a command, or of one topic of it."),
    entryOf({ type: "literal", value: "--version, -V" }, "Show the version."),
  ];
  const sections = [{ title: "Commands", entries }, examples(firstExamples)];
  const footer = sentence(`${tool.name} help all shows the help of all commands.`);
  const usage: UsageTerm[] = [{ type: "literal", value: "COMMAND" }, { type: "literal", value: "[FLAGS]" }];
  return layOut({ brief: sentence(brief), usage, sections, footer }, width, { termWidth: screenWidth });
}

/** Usage, examples, the usual flags, and how to see the rest. */
function firstScreen(path: string, page: DocPage, parts: readonly Part[], width: number): string {
  const { examples: lines, common } = commandHelp(path)!;
  const entries = parts.flatMap((part) => part.entries);
  const given = entries.filter(({ term, description }) => term.type === "argument" && description !== undefined);
  const flags = entries.filter(({ term }) => term.type === "option");
  const usual = Object.entries(common ?? {}).map(([name, text]) => usualEntry(flags, name, text));
  const shown = [...given, ...common === undefined ? flags : usual];
  const sections = [
    examples(lines),
    ...shown.length === 0 ? [] : [{ title: "Flags", entries: shown }],
    ...parts.filter(isSubcommands),
    ...common === undefined ? parts.filter(({ title }) => title === "Exit codes") : [],
  ];
  const topics = topicsOf(parts);
  const more = `More: ${tool.name} ${path} --help all, or --help TOPIC: ${topics.join(", ")}.`;
  const { description = [] } = page;
  const rest = common === undefined ? { description, footer: [] } : { description: [], footer: sentence(more) };
  return layOut({ ...page, ...rest, sections }, width, { termWidth: screenWidth });
}

function isSubcommands({ entries: [first] }: Part): boolean {
  return first?.term.type === "command";
}

/** A flag with one line, and its default. */
function usualEntry(flags: readonly DocEntry[], name: string, text: string): DocEntry {
  const entry = flags.find(({ term }) => term.type === "option" && term.names.includes(name as never));
  if (entry === undefined) throw new InvariantError(`help names ${name}, and the command has no such flag`);
  const [, usual] = /Default:? ([^ ]+)[.]$/.exec(textOf(entry.description)) ?? [];
  return entryOf(entry.term, usual === undefined || usual === "none" ? text : `${text} Default ${usual}.`);
}

/** The topics of a command's help. */
export function helpTopics(path: string): string[] {
  return path === "" ? ["all"] : ["all", ...topicsOf(partsOf(path, commandPage(path)))];
}

/** All sections of a command: subcommands, flags by section, lists, variables. */
function partsOf(path: string, { sections }: DocPage): Part[] {
  const titled = sections.map(({ title = "Subcommands", entries }): Part => ({
    title,
    entries,
    topics: [slug(title)],
  }));
  const lists = [...commandHelp(path)!.lists, ...variablesList(path)].map(listPart);
  return [...titled.filter(({ entries }) => entries.length > 0), ...lists];
}

function listPart({ title, topics = [], rows }: HelpList): Part {
  const entries = rows.map(([term, meaning]) => entryOf({ type: "literal", value: term }, meaning));
  return { title, entries, topics: [slug(title), ...topics] };
}

function topicsOf(parts: readonly Part[]): string[] {
  return parts.filter((part) => !isSubcommands(part)).map(({ topics: [first] }) => first!);
}

function slug(title: string): string {
  return title.toLowerCase().replaceAll(" ", "-");
}

function commandPage(path: string): DocPage {
  const words = path.split(" ");
  const [name] = words;
  const page = isCommand(name) ? getDocPageSync(commands[name], words) : undefined;
  if (page === undefined) throw new UsageError(`Cannot show help on ${JSON.stringify(path)}: there is no such command`);
  return page;
}

/** The brief of a command. */
export function briefOf(name: CommandName): string {
  return textOf(commandPage(name).brief);
}

function textOf(message: Message | undefined): string {
  return message === undefined ? "" : formatMessage(message, { quotes: false });
}

function entryOf(term: UsageTerm, meaning: string): DocEntry {
  return { term, description: sentence(meaning) };
}

function examples(lines: readonly string[]): DocSection {
  const entries = lines.map((line): DocEntry => ({ term: { type: "literal", value: `${tool.name} ${line}` } }));
  return { title: "Examples", entries };
}

function layOut(
  page: DocPage,
  maxWidth: number,
  { termWidth = pageWidth, showUsage = true }: { readonly termWidth?: number; readonly showUsage?: boolean } = {},
): string {
  const text = formatDocPage(tool.name, page, { termWidth, maxWidth, showUsage, sectionOrder: () => 0 });
  return `${text.replaceAll(/ +$/gm, "").trim()}\n`;
}

function unknownTopic(topic: string, path: string, topics: readonly string[]): UsageError {
  const known = ["all", ...topics];
  return new UsageError(
    `Cannot show help on ${JSON.stringify(path + topic)}: expected ${path}${listed(known)}${meant(topic, known)}`,
  );
}
