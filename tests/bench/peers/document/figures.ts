/** The figures of several rounds: medians, and the spread. */
import type { Rounds } from "../contest.ts";
import type { Figures } from "../workload.ts";

/** The median of the rounds with this figure, and its minimum and maximum. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return { median: NaN, least: NaN, most: NaN };
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

/** Units of work a second. */
export function rate({ done, ms }: Figures): number {
  return done / (ms / 1_000);
}

/** The broker's CPU time for a unit of work. */
export function cpu({ cpuUs, done }: Figures): number {
  return cpuUs / done;
}

export function value({ value }: Figures): number {
  return value ?? NaN;
}

/** The broker's use of one core; work after the last message counts too, so the value is at most 1. */
export function brokerBusy({ cpuUs, ms }: Figures): number {
  return Math.min(1, cpuUs / 1_000 / ms);
}

/** The same for the generator; undefined if it is a separate process. */
export function generatorBusy({ generatorUs, ms }: Figures): number {
  return generatorUs === undefined ? NaN : Math.min(1, generatorUs / 1_000 / ms);
}

/** The ratio of two brokers' figures in the same round, for all rounds with both. */
export function ratio(of: Rounds, over: Rounds, figure: (figures: Figures) => number): Spread {
  const rounds = Math.min(of.figures.length, over.figures.length);
  const ratios = of.figures.slice(0, rounds).map((figures, round) => figure(figures) / figure(over.figures[round]!));
  return spreadOf(ratios);
}

/** Requested units that never arrived, over all rounds. */
export function lost({ figures }: Rounds): number {
  return figures.reduce((sum, { asked, done }) => sum + asked - done, 0);
}

/** A number with three digits, for readers. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(3)).toLocaleString("en") : "–";
}

/** `median (minimum–maximum)`; omits the spread of a single value. */
export function spreadText({ median, least, most }: Spread, unit = ""): string {
  const [middle, from, to] = [median, least, most].map(numberText) as [string, string, string];
  return from === to ? `${middle}${unit}` : `${middle}${unit} (${from}–${to})`;
}

export function percentText(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : "–";
}
