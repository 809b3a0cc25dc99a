/**
 * Our broker's result for each goal. Each rate has two verdicts, by the clock and by CPU time: the clock says little
 * where the generator is the limit, and CPU time says more where other processes use the core. The page reports both.
 */
import type { EngineName } from "../../../../src/net/engine.ts";
import type { Rounds } from "../contest.ts";
import { storedNames } from "../contestants.ts";
import { cpu, lost, numberText, rate, ratio, type Spread, spreadOf, spreadText, value } from "./figures.ts";
import type { Goal, Workload } from "../workload.ts";

/** The rounds of each workload of the run, by its id. */
export type Results = ReadonlyMap<string, readonly Rounds[]>;

/** One figure that a goal is compared with. */
export interface Judged {
  /** Its kind: `wall`, `CPU`, or empty if there is only one. */
  readonly by: string;
  readonly text: string;
  readonly reached: boolean;
}

/** The cell of the goals' table for one engine. */
export interface Verdict {
  readonly judged: readonly Judged[];
  /** The broker whose process to profile if the goal is missed. */
  readonly broker: string;
  readonly workload: string;
}

/** A row of the table of goals. */
export interface GoalRow {
  readonly id: string;
  readonly text: string;
  readonly asked: string;
  verdict(results: Results, engine: EngineName): Verdict | undefined;
}

export const engineNames: readonly EngineName[] = ["epoll", "deno"];

export function isReached({ judged }: Verdict): boolean {
  return judged.every(({ reached }) => reached);
}

export function verdictText({ judged }: Verdict): string {
  return judged.map(({ by, text, reached }) => `${by}${text}: ${reached ? "reached" : "**missed**"}`).join("; ");
}

function find(results: Results, workload: string, broker: string): Rounds | undefined {
  return results.get(workload)?.find((rounds) => rounds.broker === broker && rounds.figures.length > 0);
}

function judged(by: string, of: Spread, { atLeast = -Infinity, atMost = Infinity }: Partial<Goal>, unit = ""): Judged {
  return { by, text: spreadText(of, unit), reached: of.median >= atLeast && of.median <= atMost };
}

/** Wall time and CPU time as rates, so that more is better. */
export function rateJudged(ours: Rounds, other: Rounds, goal: Partial<Goal>): Judged[] {
  return [
    judged("wall ", ratio(ours, other, rate), goal, " ×"),
    judged("CPU ", ratio(other, ours, cpu), goal, " ×"),
  ];
}

function askedText({ atLeast, atMost, beside, of }: Goal, { valueUnit = "" }: Workload): string {
  const bound = atLeast !== undefined ? `≥ ${atLeast.toLocaleString("en")}` : `≤ ${atMost!.toLocaleString("en")}`;
  if (beside === "itself") return `${bound} ${valueUnit}`;
  return `${bound} × ${beside}${of === "value" ? `, ${valueUnit}` : ""}`;
}

/** A goal of a workload. */
function rowOf(workload: Workload, goal: Goal, number: number): GoalRow {
  const { beside, from, of } = goal;
  return {
    id: `${workload.id}-${number + 1}`,
    text: storedNames.includes(from ?? "") ? `${workload.title}, sessions and wills in a store` : workload.title,
    asked: askedText(goal, workload),
    verdict: (results, engine) => {
      if ((goal.engine ?? engine) !== engine) return undefined;
      const broker = from ?? `mqtt-sim ${engine}`;
      const ours = find(results, workload.id, broker);
      const other = beside === "itself" ? ours : find(results, workload.id, beside);
      if (ours === undefined || other === undefined) return undefined;
      const at = { broker, workload: workload.id };
      if (of === "rate") return { ...at, judged: rateJudged(ours, other, goal) };
      const spread = beside === "itself" ? spreadOf(ours.figures.map(value)) : ratio(ours, other, value);
      if (!Number.isFinite(spread.median)) return undefined;
      return { ...at, judged: [judged("", spread, goal, beside === "itself" ? "" : " ×")] };
    },
  };
}

/** The worst workload determines the result. */
function aedesRow(workloads: readonly Workload[]): GoalRow {
  const theirs = (workload: Workload) => workload.goals.find(({ beside, of }) => beside === "aedes" && of === "rate");
  return {
    id: "aedes",
    text: "every workload that aedes takes part in; the one in which we are least ahead",
    asked: "≥ 4 × aedes",
    verdict: (results, engine) => {
      const broker = `mqtt-sim ${engine}`;
      const all = workloads.flatMap((workload) => {
        const [ours, other, goal] = [
          find(results, workload.id, broker),
          find(results, workload.id, "aedes"),
          theirs(workload),
        ];
        if (ours === undefined || other === undefined || goal === undefined) return [];
        return [{ id: workload.id, judged: rateJudged(ours, other, goal), worst: ratio(ours, other, rate).median }];
      });
      if (all.length === 0) return undefined;
      const worst = all.reduce((so, each) => each.worst < so.worst ? each : so);
      const named = worst.judged.map((each) => ({ ...each, by: `${worst.id} ${each.by}` }));
      return { judged: named, broker, workload: worst.id };
    },
  };
}

/** No will is lost in any storm. */
function lossRow(workloads: readonly Workload[]): GoalRow {
  const storms = workloads.filter(({ id }) => id.startsWith("storm"));
  return {
    id: "nothing-lost",
    text: "all storms: wills that never came",
    asked: "0",
    verdict: (results, engine) => {
      const broker = `mqtt-sim ${engine}`;
      const all = storms.flatMap(({ id }) => find(results, id, broker) ?? []);
      if (all.length === 0) return undefined;
      const missing = all.reduce((sum, rounds) => sum + lost(rounds), 0);
      return { judged: [{ by: "", text: numberText(missing), reached: missing === 0 }], broker, workload: "storm" };
    },
  };
}

/** The cost of a will with more clients, divided by its cost with 1,000. */
function growthRow(few: string, many: string, text: string): GoalRow {
  return {
    id: `growth-${many}`,
    text,
    asked: "≤ 1.2 ×",
    verdict: (results, engine) => {
      const broker = `mqtt-sim ${engine}`;
      const [least, most] = [find(results, few, broker), find(results, many, broker)];
      if (least === undefined || most === undefined) return undefined;
      const base = spreadOf(least.figures.map(cpu)).median;
      const spread = spreadOf(most.figures.map((figures) => cpu(figures) / base));
      return { judged: [judged("CPU ", spread, { atMost: 1.2 }, " ×")], broker, workload: many };
    },
  };
}

/** All goals, in the order of the workloads. The goals beside aedes are one row, and one line at each workload. */
export function goalRows(workloads: readonly Workload[]): readonly GoalRow[] {
  return [
    ...workloads.flatMap((workload) =>
      workload.goals.filter(({ beside }) => beside !== "aedes").map((goal, number) => rowOf(workload, goal, number))
    ),
    lossRow(workloads),
    aedesRow(workloads),
    growthRow(
      "storm-1000-1-q0",
      "storm-18000-1-q0",
      "cost of a will as clients grow from 1,000 to 18,000 on one broker",
    ),
    growthRow(
      "storm-1000-1-q0",
      "storm-50000-on-3-q0",
      "cost of a will as clients grow from 1,000 to 50,000, on three brokers",
    ),
  ];
}

/** The results of our brokers for the goals of one workload, those beside aedes included. */
export function goalLines(workload: Workload, results: Results): string[] {
  return workload.goals.map((goal, number) => rowOf(workload, goal, number)).flatMap((row) =>
    engineNames.flatMap((engine) => {
      const verdict = row.verdict(results, engine);
      return verdict === undefined ? [] : [`${verdict.broker}, ${row.asked}: ${verdictText(verdict)}`];
    })
  );
}
