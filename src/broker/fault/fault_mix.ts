/** The syntax of `--fault`: `lose=1%,delay=0.5%:1500ms`. */
import { UsageError } from "../../base/failure.ts";
import { formatDuration, formatPercent, listed, parseDurationMs } from "../../base/units.ts";

/** Every kind of fault that a broker can inject into wills, and its effect. */
export const faultText = {
  lose: "the will is not published",
  duplicate: "it is published twice",
  delay: "it is published late, by the time after the colon, default 2s",
  alter: "its payload is changed",
  stall: "it and all wills due within the time after the colon, default 2s, are published at its end",
  hurry: "a delayed will is published at once",
  invent: "the will of a client that disconnected normally is published",
} as const;

/** A kind of fault of a will. */
export type SeededFaultKind = keyof typeof faultText;

/** Every {@link SeededFaultKind}. */
export const faultKinds = Object.keys(faultText) as SeededFaultKind[];

/** The share of one kind of fault. */
export interface FaultShare {
  /** What happens to the will. */
  readonly kind: SeededFaultKind;
  /** Of the wills that this kind can affect, from 0 to 1. */
  readonly fraction: number;
  /** For `delay` and `stall`, in milliseconds. */
  readonly timeMs: number;
}

const usualTimeMs = 2_000;
const timed: ReadonlySet<SeededFaultKind> = new Set(["delay", "stall"]);
/** At most one of these kinds affects a will, so that the sum of their shares is at most 1. */
export const exclusiveKinds: readonly SeededFaultKind[] = ["lose", "duplicate", "delay", "alter"];

/** Parses a mix of faults. @throws UsageError if it cannot be parsed, or the shares sum to more than every will */
export function parseFaults(text: string, name: string): readonly FaultShare[] {
  const shares = text.split(",").map((part) => parseShare(part.trim(), text, name));
  const twice = shares.find(({ kind }, index) => shares.findIndex((each) => each.kind === kind) !== index);
  if (twice !== undefined) refuse(name, text, `${twice.kind} once`);
  const sum = shares.filter(({ kind }) => exclusiveKinds.includes(kind)).reduce((all, each) => all + each.fraction, 0);
  if (sum > 1 + 1e-9) refuse(name, text, `${listed(exclusiveKinds, "and")} to sum to at most 100%`);
  return shares;
}

function parseShare(part: string, text: string, name: string): FaultShare {
  const [, word = "", percent, time] = /^([a-z]+)=(\d+(?:\.\d+)?)%(?::(.*))?$/.exec(part) ?? [];
  const kind = faultKinds.find((each) => each === word);
  if (kind === undefined || percent === undefined) {
    refuse(name, text, `shares such as lose=1%,delay=0.5%:1500ms, of ${listed(faultKinds)}`);
  }
  const fraction = Number(percent) / 100;
  if (fraction > 1) refuse(name, text, `at most 100% for ${kind}`);
  if (time !== undefined && !timed.has(kind)) refuse(name, text, `${kind} without a time`);
  return { kind, fraction, timeMs: time === undefined ? usualTimeMs : parseDurationMs(time, `${name}, ${kind}`) };
}

/** A mix of faults in the syntax that {@link parseFaults} parses. */
export function formatFaults(shares: readonly FaultShare[]): string {
  return shares.map(({ kind, fraction, timeMs }) =>
    `${kind}=${formatPercent(fraction)}${timed.has(kind) ? `:${formatDuration(timeMs)}` : ""}`
  ).join(",");
}

function refuse(name: string, text: string, allowed: string): never {
  throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: expected ${allowed}`);
}
