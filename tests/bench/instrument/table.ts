/** The table of the bench of the instrument: medians of the rounds, with the least and the most. */
import { numberText, spreadOf, spreadText } from "../peers/document/figures.ts";
import type { Measured } from "./contest.ts";
import { type Load, loadText } from "./load.ts";

/** The rounds of one load. */
export interface Rounds {
  readonly load: Load;
  readonly fleet: readonly Measured[];
  readonly generator: readonly Measured[];
}

/** How far the fleet may differ from the generator in C. */
const goals = { moreP50Ms: 0.15, timesP99: 2, timesCpu: 1.5, fromKillsPerSecond: 2_500 } as const;

/** How late the kills of the fleet may begin at one of the loads. */
const slipGoals = { killsPerSecond: 250, p50Ms: 0.05, p99Ms: 0.3 } as const;

const columns: readonly (readonly [title: string, figure: keyof Measured])[] = [
  ["kill to will p50 (ms)", "p50Ms"],
  ["p99 (ms)", "p99Ms"],
  ["slip p50 (ms)", "slipP50Ms"],
  ["slip p99 (ms)", "slipP99Ms"],
  ["kill p50 (ms)", "killP50Ms"],
  ["kill p99 (ms)", "killP99Ms"],
  ["CPU per life (µs)", "cpuUsPerLife"],
];

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function figuresOf(name: string, rounds: readonly Measured[]): string[] {
  return [name, ...columns.map(([, figure]) => spreadText(spreadOf(rounds.map((round) => round[figure]))))];
}

function medianOf(rounds: readonly Measured[], figure: keyof Measured): number {
  return spreadOf(rounds.map((round) => round[figure])).median;
}

/** The goals that a load misses, each as a sentence; none if it reaches all of them. */
export function missedGoals({ load, fleet, generator }: Rounds): string[] {
  const more = medianOf(fleet, "p50Ms") - medianOf(generator, "p50Ms");
  const times = medianOf(fleet, "p99Ms") / medianOf(generator, "p99Ms");
  const cpu = medianOf(fleet, "cpuUsPerLife") / medianOf(generator, "cpuUsPerLife");
  const missed = [];
  if (!(more <= goals.moreP50Ms)) missed.push(`p50 is ${numberText(more)} ms higher, at most ${goals.moreP50Ms}`);
  if (!(times <= goals.timesP99)) missed.push(`p99 is ${numberText(times)} times as high, at most ${goals.timesP99}`);
  if (load.killsPerSecond >= goals.fromKillsPerSecond && !(cpu <= goals.timesCpu)) {
    missed.push(`CPU per life is ${numberText(cpu)} times as high, at most ${goals.timesCpu}`);
  }
  return load.killsPerSecond === slipGoals.killsPerSecond ? [...missed, ...missedSlips(fleet)] : missed;
}

function missedSlips(fleet: readonly Measured[]): string[] {
  const [p50, p99] = [medianOf(fleet, "slipP50Ms"), medianOf(fleet, "slipP99Ms")];
  return [
    ...p50 <= slipGoals.p50Ms ? [] : [`slip p50 is ${numberText(p50)} ms, at most ${slipGoals.p50Ms}`],
    ...p99 <= slipGoals.p99Ms ? [] : [`slip p99 is ${numberText(p99)} ms, at most ${slipGoals.p99Ms}`],
  ];
}

/** The table in Markdown, with the goals that are missed under it. */
export function instrumentTable(all: readonly Rounds[]): string {
  const heads = ["load", "generator", ...columns.map(([title]) => title)];
  const lines = [row(heads), row(heads.map((_, at) => at < 2 ? "-" : "-:"))];
  const missed = [];
  for (const rounds of all) {
    const title = loadText(rounds.load);
    lines.push(row([title, ...figuresOf("fleet", rounds.fleet)]), row(["", ...figuresOf("C", rounds.generator)]));
    missed.push(...missedGoals(rounds).map((why) => `- ${title}: ${why}`));
  }
  return [...lines, "", ...missed.length === 0 ? ["Every goal is reached."] : ["Missed goals:", "", ...missed]]
    .join("\n");
}
