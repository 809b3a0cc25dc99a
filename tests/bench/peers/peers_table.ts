/** Medians and ratios of the rounds, for a terminal and for docs/bench.md. */
import type { Figures, Goal, Workload } from "./workload.ts";

/** All rounds of a workload on one broker, in order. */
export interface Rounds {
  readonly broker: string;
  readonly figures: readonly Figures[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rate({ done, ms }: Figures): number {
  return done / (ms / 1_000);
}

function cpu({ cpuUs, done }: Figures): number {
  return cpuUs / done;
}

/** The median, over the rounds, of one broker's figure over another's in the same round. */
function ratio(of: Rounds, over: Rounds, figure: (figures: Figures) => number): number {
  return median(of.figures.map((figures, round) => figure(figures) / figure(over.figures[round]!)));
}

function round(value: number, digits = 3): string {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)).toLocaleString("en") : "–";
}

/** One row for each broker. */
export function rowsOf(workload: Workload, all: readonly Rounds[]): string[][] {
  const reference = all.find(({ broker }) => broker === "mosquitto");
  return all.map((rounds) => {
    const lost = rounds.figures.reduce((sum, { asked, done }) => sum + asked - done, 0);
    return [
      rounds.broker,
      round(median(rounds.figures.map(rate))),
      reference === undefined ? "–" : `${round(ratio(rounds, reference, rate))} ×`,
      round(median(rounds.figures.map(cpu))),
      reference === undefined ? "–" : `${round(ratio(rounds, reference, cpu))} ×`,
      lost === 0 ? "0" : lost.toLocaleString("en"),
      ...workload.valueUnit === undefined ? [] : [round(median(rounds.figures.map(({ value }) => value ?? NaN)))],
    ];
  });
}

export function headOf({ unit, valueUnit }: Workload): string[] {
  const head = ["broker", "a second", "to mosquitto", `CPU µs a ${unit}`, "to mosquitto", "lost"];
  return valueUnit === undefined ? head : [...head, valueUnit];
}

/** How our brokers stand to each goal. */
export function goalLines({ goals }: Workload, all: readonly Rounds[]): string[] {
  const engines = ["mqtt-sim epoll", "mqtt-sim deno"];
  return goals.flatMap((goal) =>
    all.filter(({ broker }) => goal.from === undefined ? engines.includes(broker) : broker === goal.from)
      .flatMap((rounds) => {
        const reached = reachedOf(goal, rounds, all);
        return reached === undefined ? [] : [`${rounds.broker}: ${goalText(goal, reached)}`];
      })
  );
}

function goalText({ beside, atLeast, atMost = Infinity }: Goal, reached: number): string {
  const holds = atLeast !== undefined ? reached >= atLeast : reached <= atMost;
  const asked = atLeast !== undefined ? `at least ${atLeast}` : `at most ${atMost}`;
  return `${round(reached)}${beside === "itself" ? "" : ` × ${beside}`}, goal ${asked}: ${
    holds ? "reached" : "missed"
  }`;
}

/** Undefined where the other one does not take part. */
function reachedOf({ beside, of }: Goal, rounds: Rounds, all: readonly Rounds[]): number | undefined {
  const figure = of === "rate" ? rate : ({ value }: Figures) => value ?? NaN;
  if (beside === "itself") return median(rounds.figures.map(figure));
  const other = all.find(({ broker }) => broker === beside);
  return other === undefined ? undefined : ratio(rounds, other, figure);
}

/** As plain text, columns aligned. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)).join("  ");
  return [line(head), ...rows.map(line)].join("\n");
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => at === 0 ? "---" : "---:")), ...rows.map(line)].join("\n");
}
