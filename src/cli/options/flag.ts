/**
 * Flags as every command has them: one reader of src/base/units.ts behind each, so that all refuse in the same form.
 */
import { type Message, text } from "@optique/core/message";
import { map, multiple, optional } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { argument, flag, option } from "@optique/core/primitives";
import type { ValueParser } from "@optique/core/valueparser";
import { UsageError } from "../../base/failure.ts";
import { parseChoice } from "../../base/units.ts";
import { colourChoices } from "../process/colour.ts";
import { withSuggestion } from "./similar.ts";

type FlagName = `--${string}`;
/** A name of one letter. */
export type ShortName = `-${string}`;
type Metavar = ValueParser["metavar"];

/** How one value is written in help, and how it is read. */
export interface FlagValue<T> {
  /** The placeholder of the value in help, in capitals. */
  readonly metavar: Metavar;
  /** Reads the value; `name` is its name in errors. */
  readonly read: (value: string, name: string) => T;
  /** Its name in errors, if not the flag. */
  readonly name?: string;
  /** Words that a shell may complete. */
  readonly words?: readonly string[];
  /** True where a shell may complete the name of a file. */
  readonly isFile?: boolean;
  /** True where that file is in YAML. */
  readonly isYaml?: boolean;
}

/** A flag with a value that may be given once. Undefined when it is not given: defaults are the plan's business. */
export function valueFlag<T>(name: FlagName, value: FlagValue<T>, help: string, short?: ShortName) {
  return optional(option(...named(name, short), valueParser(name, value), options(name, help)));
}

/** A flag with a value that may be given again and again. */
export function repeatedFlag<T>(name: FlagName, value: FlagValue<T>, help: string, short?: ShortName) {
  return multiple(option(...named(name, short), valueParser(name, value), options(name, help)));
}

/** A flag without a value; undefined when it is not given. */
export function switchFlag(name: FlagName, help: string, short?: ShortName) {
  const { description, errors: { duplicate } } = options(name, help);
  return optional(flag(...named(name, short), { description, errors: { duplicate } }));
}

function named(name: FlagName, short: ShortName | undefined): [FlagName | ShortName, ...FlagName[]] {
  return short === undefined ? [name] : [short, name];
}

/** `--color` of every command with a report. */
export const colorFlag = valueFlag(
  "--color",
  wordValue(colourChoices),
  "Colours of the text: auto means on a terminal. Variables: NO_COLOR turns them off, FORCE_COLOR=1 on, in this order. " +
    "With TERM=dumb there are none, and no progress panel. Default auto.",
);

/** A required argument: its error is our own sentence, and `without` is the error where it is missing. */
export function neededArgument<T>(value: FlagValue<T>, without: string, help?: string) {
  return argument(plainArgument(value), {
    ...help !== undefined && { description: sentence(help) },
    errors: { invalidValue: (error: Message) => error, endOfInput: sentence(without) },
  });
}

/**
 * An optional choice: its absence gives `none`. Its usage is that of the choice, because the help of a command does not
 * find its own line behind an optional choice.
 */
export function orNone<T, State>(choice: Parser<"sync", T, State>, none: () => T) {
  return { ...map(optional(choice), (chosen) => chosen ?? none()), usage: choice.usage };
}

/** One of a few words. */
export function wordValue<const Word extends string>(words: readonly Word[]): FlagValue<Word> {
  return { metavar: words.join("|") as Metavar, read: (value, name) => parseChoice(value, name, words), words };
}

/** The name of a file. */
export const fileValue: FlagValue<string> = { metavar: "FILE", read: (value) => value, isFile: true };

/** A positional argument: its name, and its reader. */
export function plainArgument<T>(value: FlagValue<T>): ValueParser<"sync", T> {
  const parser = valueParser(`--${value.metavar}`, { name: value.metavar, ...value });
  return {
    ...parser,
    // An unknown flag is no file.
    parse: (text) =>
      text.startsWith("--") ? { success: false, error: sentence(unknownFlag(text)) } : parser.parse(text),
  };
}

function unknownFlag(text: string): string {
  return `Cannot read flag "${text.split("=")[0]}": unknown flag for this command`;
}

/** Our own sentence, in the library's form. */
export function sentence(words: string): Message {
  return [text(words)];
}

function options(name: FlagName, help: string) {
  return {
    description: sentence(help),
    errors: {
      // Ours is a whole sentence already.
      invalidValue: (error: Message) => error,
      endOfInput: sentence(`Cannot read ${name}: expected a value after it`),
      duplicate: sentence(`Cannot take ${name} twice: expected it once`),
    },
  };
}

function valueParser<T>(
  flagName: FlagName,
  { metavar, read, name, words, isFile, isYaml }: FlagValue<T>,
): ValueParser<"sync", T> {
  return {
    mode: "sync",
    metavar,
    placeholder: undefined as T,
    parse(value) {
      try {
        return { success: true, value: read(value, name ?? flagName) };
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        return { success: false, error: sentence(withSuggestion(error, value, words ?? []).message) };
      }
    },
    format: (value) => String(value),
    *suggest(prefix) {
      const extensions = isYaml === true ? { extensions: [".yaml", ".yml"] } : {};
      if (isFile) yield { kind: "file", pattern: prefix, type: "file", ...extensions };
      for (const word of words ?? []) if (word.startsWith(prefix)) yield { kind: "literal", text: word };
    },
  };
}
