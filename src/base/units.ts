/**
 * Parses and formats durations, rates, whole numbers, sizes and shares. One function parses each and refuses bad input
 * with one sentence; another formats it. `name` in these functions is the name of the value in that sentence.
 */
import { UsageError } from "./failure.ts";

/** A rate per second: a fraction of the existing items, or a number of items. */
type Rate =
  | { readonly kind: "fraction"; readonly perSecond: number }
  | { readonly kind: "count"; readonly perSecond: number };

/** One part of a mix, and its weight relative to the others. */
export interface Share<Name extends string> {
  readonly name: Name;
  readonly weight: number;
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** One part of a duration: a number and its unit. */
const durationPart = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
/** The parts of a duration, largest unit first, each unit once. */
const durationForm = /^(?=.)(?:\d+(?:\.\d+)?h)?(?:\d+(?:\.\d+)?m)?(?:\d+(?:\.\d+)?s)?(?:\d+(?:\.\d+)?ms)?$/;
const numberForm = /^\d+(?:\.\d+)?$/;

/** The forms of a duration, for an error. */
export const durationForms = "a duration such as 250ms, 1.5s, 1m30s or 30 (seconds)";

/** Milliseconds of `250ms`, `1.5s`, `1m30s` or `1h`; a number without a unit is in seconds. */
export function parseDurationMs(text: string, name: string): number {
  return msOf(text) ?? refuse(name, text, durationForms);
}

/** Milliseconds of a duration; undefined for any other text. */
function msOf(text: string): number | undefined {
  if (numberForm.test(text)) return roundMs(Number(text) * unitsMs.s);
  if (!durationForm.test(text)) return undefined;
  const parts = text.matchAll(durationPart);
  return roundMs(
    parts.reduce((ms, [, number, unit]) => ms + Number(number) * unitsMs[unit as keyof typeof unitsMs], 0),
  );
}

/** Without the error of a binary fraction. */
function roundMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** Whole seconds of a duration, for values that MQTT itself counts in seconds. */
export function parseSeconds(text: string, name: string): number {
  const seconds = (msOf(text) ?? NaN) / 1_000;
  if (!Number.isInteger(seconds)) refuse(name, text, "whole seconds such as 10s, 2m or 10");
  return seconds;
}

/** `5%` is a fraction per second, `50/s` a number per second. */
export function parseRate(text: string, name: string): Rate {
  const allowed = "a fraction such as 5%, or kills a second such as 50/s";
  if (text.endsWith("%")) {
    return { kind: "fraction", perSecond: parsePositive(text, text.slice(0, -1), name, allowed) / 100 };
  }
  if (!text.endsWith("/s")) refuse(name, text, allowed);
  return { kind: "count", perSecond: parsePositive(text, text.slice(0, -2), name, allowed) };
}

/** `500/s`, or only the number. */
export function parsePerSecond(text: string, name: string): number {
  const number = text.endsWith("/s") ? text.slice(0, -2) : text;
  return parsePositive(text, number, name, "a number a second such as 500/s");
}

function parsePositive(text: string, number: string, name: string, allowed: string): number {
  if (!numberForm.test(number)) refuse(name, text, allowed);
  return Number(number);
}

/** Digits only: `1000`. */
export function parseWhole(text: string, name: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) refuse(name, text, "a whole number such as 1000");
  return value;
}

const sizeUnits: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };

/** Bytes of `64`, `1k` (1,024), `1m` (1,048,576) or `1g` (1,073,741,824). */
export function parseSizeBytes(text: string, name: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  const bytes = match === null ? NaN : Number(match[1]) * sizeUnits[match[2]!.toLowerCase()]!;
  if (!Number.isSafeInteger(bytes)) refuse(name, text, "bytes such as 64, 1k, 1m or 1g");
  return bytes;
}

/** Bytes in the format of {@link parseSizeBytes}, in the largest unit without a fraction: `64m`, `100`. */
export function formatSizeBytes(bytes: number): string {
  if (bytes === 0 || bytes % 1_024 !== 0) return String(bytes);
  if (bytes % 1_073_741_824 === 0) return `${bytes / 1_073_741_824}g`;
  return bytes % 1_048_576 === 0 ? `${bytes / 1_048_576}m` : `${bytes / 1_024}k`;
}

/** One of several words. */
export function parseChoice<const Word extends string>(text: string, name: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found === undefined) refuse(name, text, listed(words));
  return found;
}

/**
 * A mix such as `reset=45,close=45,leave=10`; a part without a number has the weight 1, and `all` is every part, each
 * with the weight 1. The sum of the weights is arbitrary.
 */
export function parseMix<const Name extends string>(text: string, name: string, known: readonly Name[]): Share<Name>[] {
  if (text === "all") return known.map((each) => ({ name: each, weight: 1 }));
  const shares: Share<Name>[] = [];
  for (const part of text.split(",")) {
    const [word = "", weight = "1", ...more] = part.split("=");
    const found = known.find((each) => each === word.trim());
    if (found === undefined) {
      refuse(name, text, `"${word.trim()}" to be one of ${known.join(", ")}, or the whole to be all`);
    }
    if (!numberForm.test(weight.trim()) || more.length > 0) refuse(name, text, `shares such as ${mixExample(known)}`);
    if (shares.some((share) => share.name === found)) refuse(name, text, `${found} once`);
    shares.push({ name: found, weight: Number(weight) });
  }
  return shares;
}

function mixExample(known: readonly string[]): string {
  return known.slice(0, 2).map((each) => `${each}=50`).join(",");
}

function refuse(name: string, text: string, allowed: string): never {
  throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: expected ${allowed}`);
}

/** Words as a list in a sentence: `a, b or c`. */
export function listed(words: readonly string[], conjunction = "or"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
}

/** A number with separators and at most one decimal: `1,234`, `49.5`. */
export function formatCount(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

/** A number with separators and at most three decimals: `0.125`, `1,234.5`. */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/**
 * A duration in the format of {@link parseDurationMs}, in the largest unit without a fraction: `90s`, `2m`, `250ms`.
 */
export function formatDuration(ms: number): string {
  const unit = (["h", "m", "s"] as const).find((each) => ms > 0 && ms % unitsMs[each] === 0);
  return unit === undefined ? (ms === 0 ? "0s" : `${ms}ms`) : `${ms / unitsMs[unit]}${unit}`;
}

/**
 * Measured milliseconds with three significant digits: `0.123 ms`, `12.3 ms`, `12.3 s`; a dash if there is no value.
 */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (Math.abs(ms) >= 9_999.5) return `${threeDigits(ms / 1_000)} s`;
  return `${threeDigits(ms)} ms`;
}

/** A time of a run: up to two minutes as {@link formatMs}, longer ones in minutes and hours: `5 min 12 s`, `10 h`. */
export function formatElapsed(ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) < 120_000) return formatMs(ms);
  const seconds = Math.round(ms / 1_000);
  const [h, min, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const parts = h > 0 ? [`${formatCount(h)} h`, min > 0 ? `${min} min` : ""] : [`${min} min`, s > 0 ? `${s} s` : ""];
  return parts.filter((part) => part !== "").join(" ");
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  const decimals = size < 0.9995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** A fraction as a percentage: 0.05 is `5%`. Parsing it gives the same value. */
export function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(12))}%`;
}

/** A rate in the format of {@link parseRate}. */
export function formatRate(rate: Rate): string {
  return rate.kind === "fraction" ? formatPercent(rate.perSecond) : `${rate.perSecond}/s`;
}

/** A mix in the format of {@link parseMix}. */
export function formatMix(shares: readonly Share<string>[]): string {
  return shares.map(({ name, weight }) => weight === 1 ? name : `${name}=${weight}`).join(",");
}

/** Bytes for users, in powers of 1,024: `64 B`, `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${formatCount(bytes / 1_024 ** power)} ${units[power]}`;
}
