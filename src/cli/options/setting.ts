/**
 * A setting: one definition from which come a flag with its help, an entry of a config file with its check, and the
 * entry's JSON Schema. Both ways in go through the same reader, so that they take and refuse the same values.
 */
import { z } from "zod";
import { UsageError } from "../../base/failure.ts";
import { listed } from "../../base/units.ts";
import { formOf, type NumberValue, rangeText } from "../../fleet/plan/option_value.ts";
import { withSuggestion } from "./similar.ts";
import { type FlagValue, repeatedFlag, type ShortName, switchFlag, valueFlag, wordValue } from "./flag.ts";

/** A kind of value: how it is written, read and bounded. */
export interface Kind<T> extends FlagValue<T> {
  /** The allowed values in a config file; the program reads their text as a flag's. */
  readonly form: z.ZodType;
  /** The expected value, for an error. */
  readonly allowed: string;
  /** The bounds, for help; empty where there are none. */
  readonly range: string;
}

/** The help text of a setting, and its default. */
export interface About {
  /** A name of one letter. */
  readonly short?: ShortName;
  /** Sentences; bounds and default are put behind them. */
  readonly help: string;
  /** The default as a person would write it. */
  readonly usual?: string;
}

/** The allowed value of a name in a config file; `Value` is the parsed type. */
export interface Entry<Value> {
  readonly allowed: string;
  /** The entries under it, where it has named entries. */
  readonly inner?: Entries;
  /** The entry of a config file. */
  schema(name: string): z.ZodType<Value>;
}

/** Entries by their names. */
export type Entries = ReadonlyMap<string, Entry<unknown>>;

/** One setting: an entry that is a flag too. */
export interface Setting<Value> extends Entry<Value> {
  /** The placeholder of the value in help; empty for a switch. */
  readonly metavar: string;
  /** Help without the default. */
  readonly text: string;
  /** The default as a person would write it. */
  readonly usual: string | undefined;
  /** The flag's parser; undefined, or an empty list, where it is not given. */
  flag(name: string): ReturnType<typeof valueFlag<Value>>;
}

/** The parsed type of a setting. */
export type ValueOf<S> = S extends Entry<infer Value> ? Value : never;

/** A setting with one value. */
export function one<T>(kind: Kind<T>, about: About): Setting<T> {
  const text = textOf(kind.range, about);
  const help = helpOf(text, about);
  return {
    metavar: kind.metavar,
    text,
    usual: about.usual,
    allowed: kind.allowed,
    flag: (name) => valueFlag(`--${name}`, kind, help, about.short),
    schema: (name) => entry(kind, name).meta({ description: help }),
  };
}

/** A setting that may occur several times; in a file a list, or a single value. */
export function many<T>(kind: Kind<T>, about: About): Setting<readonly T[]> {
  const { metavar, text, usual } = one(kind, about);
  const help = `${helpOf(text, about)} May be repeated.`;
  return {
    ...{ metavar, text: `${text} May be repeated.`, usual, allowed: `${kind.allowed}, or a list` },
    flag: (name) => repeatedFlag(`--${name}`, kind, help) as never,
    schema: (name) => {
      const single = entry(kind, name);
      const list: z.ZodType<readonly T[]> = z.union([z.array(single), single.transform((value) => [value])]);
      return list.meta({ description: help });
    },
  };
}

/** A setting that is on or absent. */
export function toggle(about: About): Setting<true> {
  return {
    metavar: "",
    text: about.help,
    usual: about.usual,
    allowed: "true or false",
    flag: (name) => switchFlag(`--${name}`, about.help, about.short),
    schema: () => z.boolean().meta({ description: about.help }) as unknown as z.ZodType<true>,
  };
}

function textOf(range: string, { help }: About): string {
  return range === "" ? help : `${help} ${range[0]!.toUpperCase()}${range.slice(1)}.`;
}

function helpOf(text: string, { usual }: About): string {
  return usual === undefined ? text : `${text} Default ${usual}.`;
}

/** The form of a value, and its reader; the reader's sentence refuses a value. */
function entry<T>({ form, read, name: called, words = [] }: Kind<T>, name: string): z.ZodType<T> {
  return form.transform((value, context) => {
    try {
      return read(String(value), called ?? name);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: "custom", message: withSuggestion(error, String(value), words).message });
      return z.NEVER;
    }
  });
}

/** A duration as a file's schema describes it; the reader checks the order of the units. */
const durationText = /^(\d+(\.\d+)?(ms|s|m|h)?)+$/;

/** The allowed values of a number in a file. */
function fileForm({ kind, min, max }: NumberValue): z.ZodType {
  const plain = z.int().min(min).max(max);
  if (kind === "duration") return z.union([z.number().min(0), z.string().regex(durationText)]);
  if (kind === "seconds") return z.union([plain, z.string().regex(durationText)]);
  if (kind === "bytes") return z.union([plain, z.string().regex(/^\d+[kKmMgG]?$/)]);
  return kind === "whole" ? plain : z.union([z.string(), z.number().min(0)]);
}

/** A number within bounds, written and read as in the options of a plan. */
export function number(value: NumberValue, metavar = formOf(value).metavar): Kind<number> {
  const { read, allowed } = formOf(value);
  // The plan checks rates: that of telemetry must be above its lower bound.
  const range = value.kind === "perSecond" ? "" : rangeText(value);
  return {
    metavar: metavar as FlagValue<number>["metavar"],
    form: fileForm(value),
    allowed: range === "" ? allowed : `${allowed}, ${range}`,
    range,
    read: (text, name) => {
      const found = value.kind === "duration" ? Math.round(read(text, name)) : read(text, name);
      if (range === "" || (found >= value.min && found <= value.max)) return found;
      throw new UsageError(`Cannot use ${name} ${text}: expected ${range}`);
    },
  };
}

const most = Number.MAX_SAFE_INTEGER;

/** A whole number. */
export const whole = (min: number, max = most, metavar = "NUMBER") => number({ kind: "whole", min, max }, metavar);
/** Milliseconds of a duration such as 250ms or 2m. */
export const durationMs = (min: number, max = most) => number({ kind: "duration", min, max });
/** Whole seconds, for values that MQTT counts in seconds. */
export const seconds = (min: number, max: number) => number({ kind: "seconds", min, max });
/** Bytes such as 64, 1k (1,024) or 1m (1,048,576). */
export const sizeBytes = (min: number, max = most) => number({ kind: "bytes", min, max });

/** One of a few words. A file may write a number or yes and no without quotes where they are among the words. */
export function choice<const Word extends string>(words: readonly Word[]): Kind<Word> {
  const numbers = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const forms = [z.enum(words), ...numbers.map((number) => z.literal(number))] as const;
  return { ...wordValue(words), form: z.union(forms), allowed: listed(words), range: "" };
}

/** Any text that is not empty, or the result of `read` for it. */
export function text(metavar: FlagValue<string>["metavar"]): Kind<string>;
export function text<T>(
  metavar: FlagValue<T>["metavar"],
  read: (text: string, name: string) => T,
  allowed: string,
): Kind<T>;
export function text(
  metavar: FlagValue<unknown>["metavar"],
  read: (text: string, name: string) => unknown = nonEmpty,
  allowed = "text",
): Kind<unknown> {
  return { metavar, form: z.string(), allowed, range: "", read };
}

/** The name of a file. In a config file it counts from the current folder, as on the command line. */
export const file: Kind<string> = {
  metavar: "FILE",
  form: z.string().min(1),
  allowed: "the name of a file",
  range: "",
  read: nonEmpty,
  isFile: true,
};

function nonEmpty(text: string, name: string): string {
  if (text !== "") return text;
  throw new UsageError(`Cannot read ${name} "": expected at least one character`);
}
