/**
 * The kinds of values of plan options: the syntax of each kind, its reader and writer, and its text in an error. The
 * kind of each option is in `plan_options.ts`.
 */
import * as units from "../../base/units.ts";
import { parseSourceAddresses, sourceAddressesText } from "../../net/source_addresses.ts";
import { parseWebHeader } from "../../net/web_handshake.ts";
import { nodesText, parseNodes } from "./cluster_node.ts";
import { everyKillMode, type KillMode, killModes, type KillShare } from "./kill_mode.ts";
import { parseShard, shardText } from "./shard.ts";

/** Kinds of numbers, which have bounds. */
type NumberKind = "whole" | "seconds" | "duration" | "perSecond" | "bytes";

/** Kinds without data. */
type PlainKind =
  | "switch"
  | "qos"
  | "killRate"
  | "killShares"
  | "reconnect"
  | "addresses"
  | "nodes"
  | "headers"
  | "shard";

/** The kind of an option's value, with its bounds or words. */
export type OptionValue =
  | NumberValue
  | { readonly kind: PlainKind }
  | { readonly kind: "text" | "file"; readonly metavar: string }
  | ChoiceValue;

/** A number within bounds. */
export interface NumberValue {
  readonly kind: NumberKind;
  readonly min: number;
  readonly max: number;
}

/** One of a few words. */
interface ChoiceValue {
  readonly kind: "choice";
  readonly words: readonly string[];
  /** A word that a group must not use. */
  readonly notInGroup?: string;
  /** The placeholder of the value in help, where a list of the words is too long. */
  readonly metavar?: string;
}

/** The writer and the reader of a kind of values. */
interface ValueForm<Value> {
  /** The placeholder of the value in help. */
  readonly metavar: string;
  /** Reads a person's text, without its bounds; `name` is the value's name in an error. @throws UsageError */
  read(text: string, name: string): Value;
  /** Writes a value so that `read` reads it back. */
  write(value: Value): string;
  /** The permitted values in a scenario file, for an error. */
  readonly allowed: string;
  /** Words that a shell may complete. */
  readonly words?: readonly string[] | undefined;
}

/** The text of numbers of a kind in sentences. */
interface NumberForm {
  readonly text: (value: number) => string;
  /** Follows the plain number in errors. */
  readonly unit: string;
  /** False where a fraction is invalid. */
  readonly fractions: boolean;
}

export const numberForms: Readonly<Record<NumberKind, NumberForm>> = {
  whole: { text: units.formatCount, unit: "", fractions: false },
  seconds: { text: (value) => `${units.formatCount(value)}s`, unit: " s", fractions: false },
  duration: { text: units.formatDuration, unit: " ms", fractions: true },
  perSecond: { text: (value) => `${units.formatCount(value)}/s`, unit: "/s", fractions: true },
  bytes: { text: units.formatCount, unit: " bytes", fractions: false },
};

function form<Value>(
  metavar: string,
  read: ValueForm<Value>["read"],
  write: ValueForm<Value>["write"],
  allowed: string,
  words?: readonly string[],
): ValueForm<Value> {
  return { metavar, read, write, allowed, words };
}

const numbers: Readonly<Record<NumberKind, ValueForm<number>>> = {
  whole: form("N", units.parseWhole, String, "a whole number"),
  seconds: form("SECONDS", units.parseSeconds, (value) => `${value}s`, "whole seconds such as 10s, 2m or 10"),
  duration: form("TIME", units.parseDurationMs, units.formatDuration, units.durationForms),
  perSecond: form("RATE", units.parsePerSecond, (value) => `${value}/s`, "a number a second such as 500/s"),
  bytes: form("BYTES", units.parseSizeBytes, String, "bytes such as 64, 1k, 1m or 1g"),
};

const qosWords = ["0", "1", "2", "mix"] as const;
const rates = "a fraction such as 5%, or kills a second such as 50/s";
const mixes = "one mode, shares such as reset=45,leave=10, or all";
const forms: Readonly<Record<NumberKind | PlainKind, ValueForm<unknown>>> = {
  ...numbers,
  // The flag of a switch turns the switch on.
  switch: form("", () => true, () => "", "true or false"),
  qos: form(qosWords.join("|"), readQos, String, units.listed(qosWords), qosWords),
  killRate: form("RATE", units.parseRate, units.formatRate, rates),
  killShares: form("MIX", readShares, writeShares, mixes, ["all", ...killModes]),
  reconnect: form("TIME|never", readReconnect, writeReconnect, `${units.durationForms}, or never`),
  addresses: form("ADDRESSES", parseSourceAddresses, sourceAddressesText, "addresses such as 127.0.0.2-127.0.0.6"),
  headers: form("NAME=VALUE", readHeader, String, "a header such as x-api-key=SECRET"),
  nodes: form("NAME[:SHARE]=URL", parseNodes, nodesText, "a node such as n1=mqtt://127.0.0.1:1883"),
  shard: form("N/OF", parseShard, shardText, "a part such as 2/5"),
};

function readQos(text: string, name: string): 0 | 1 | 2 | "mix" {
  const word = units.parseChoice(text, name, qosWords);
  return word === "mix" ? word : Number(word) as 0 | 1 | 2;
}

function readHeader(text: string, name: string): readonly string[] {
  return [parseWebHeader(text, name)];
}

/** Whether a value of this kind is a list, with the flag or the setting once for each element. */
export function isList({ kind }: OptionValue): boolean {
  return kind === "addresses" || kind === "headers" || kind === "nodes";
}

function readShares(text: string, name: string): readonly KillShare[] {
  if (text === "all") return everyKillMode.map((mode) => ({ mode, weight: 1 }));
  return units.parseMix<KillMode>(text, name, killModes).map(({ name: mode, weight }) => ({ mode, weight }));
}

function writeShares(shares: readonly KillShare[]): string {
  const mix = units.formatMix(shares.map(({ mode, weight }) => ({ name: mode, weight })));
  return mix === everyKillMode.join(",") ? "all" : mix;
}

function readReconnect(text: string, name: string): number | "never" {
  return text === "never" ? text : units.parseDurationMs(text, name);
}

function writeReconnect(value: number | "never"): string {
  return value === "never" ? value : units.formatDuration(value);
}

/** The writer and the reader of a value of this kind. */
export function formOf(value: NumberValue): ValueForm<number>;
export function formOf(value: OptionValue): ValueForm<unknown>;
export function formOf(value: OptionValue): ValueForm<unknown> {
  if (value.kind === "text" || value.kind === "file") {
    return form(
      value.metavar,
      (text) => text,
      String,
      "text",
    );
  }
  if (value.kind !== "choice") return forms[value.kind];
  const { words, metavar = words.join("|") } = value;
  return form(metavar, (text, name) => units.parseChoice(text, name, words), String, units.listed(words), words);
}

/** True for a number, which has bounds. */
export function isNumber(value: OptionValue): value is NumberValue {
  return value.kind in numberForms;
}

/** The bounds of a kind of number, as people write them; empty without bounds. */
export function rangeText(value: OptionValue): string {
  if (!isNumber(value)) return "";
  const { text } = numberForms[value.kind];
  return value.max === Number.MAX_SAFE_INTEGER
    ? `${text(value.min)} or more`
    : `${text(value.min)} to ${text(value.max)}`;
}
