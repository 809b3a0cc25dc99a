/** What rounds come to: medians, and how far the rounds lie apart. */
import type { Rounds } from "../contest.ts";
import type { Figures } from "../workload.ts";

/** The median of the rounds that have the figure, with the least and the most of them. */
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

/** Of one core: how busy the broker was; what it does after the last message counts too, so that 1 is the most. */
export function brokerBusy({ cpuUs, ms }: Figures): number {
  return Math.min(1, cpuUs / 1_000 / ms);
}

/** The same of the generator; none where it is no part of the bench's own process. */
export function generatorBusy({ generatorUs, ms }: Figures): number {
  return generatorUs === undefined ? NaN : Math.min(1, generatorUs / 1_000 / ms);
}

/** One broker's figure over another's in the same round, for all rounds that both had. */
export function ratio(of: Rounds, over: Rounds, figure: (figures: Figures) => number): Spread {
  const rounds = Math.min(of.figures.length, over.figures.length);
  const ratios = of.figures.slice(0, rounds).map((figures, round) => figure(figures) / figure(over.figures[round]!));
  return spreadOf(ratios);
}

/** What was asked for and never came, over all rounds. */
export function lost({ figures }: Rounds): number {
  return figures.reduce((sum, { asked, done }) => sum + asked - done, 0);
}

/** In three digits, as people write it. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(3)).toLocaleString("en") : "–";
}

/** `median (least–most)`; the spread is left out where there is none. */
export function spreadText({ median, least, most }: Spread, unit = ""): string {
  const [middle, from, to] = [median, least, most].map(numberText) as [string, string, string];
  return from === to ? `${middle}${unit}` : `${middle}${unit} (${from}–${to})`;
}

export function percentText(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : "–";
}
