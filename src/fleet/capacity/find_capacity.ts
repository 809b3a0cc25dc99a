/**
 * The search for the capacity of one broker: runs a fleet for each step, and ends with a number, or with the reason why
 * there is none.
 */
import type { Clock } from "../../base/clock.ts";
import { wallTime } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { formatCount } from "../../base/units.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { ReadySettings } from "./capacity_plan.ts";
import type { CapacityFinding, CapacityOutcome, CapacityStep } from "./capacity_result.ts";
import { kneeOf } from "./knee.ts";
import { CapacitySearch, type Interval, type NextStep } from "./search.ts";

/** A step whose run proves nothing: the search cannot continue. */
export interface VoidStep {
  readonly void: string;
}

/** The dependencies of a search. */
export interface FindCapacityDeps {
  readonly clock: Clock;
  /** The plan of a step; `place` is its number, from 1. */
  planOf(load: number, place: number): FleetPlan;
  /** Runs one step; undefined where the user ended it. */
  run(step: NextStep, plan: FleetPlan): Promise<CapacityStep | VoidStep | undefined>;
  /** Waits between two steps, until the time is over or the user ends the search. */
  pause(ms: number): Promise<void>;
  /** Receives each step once it is over. */
  onStep(step: CapacityStep): void;
  readonly interrupt: AbortSignal;
}

/**
 * Searches for the capacity of one broker.
 *
 * @throws UsageError when already the first step cannot be carried out
 */
export async function findCapacity(settings: ReadySettings, deps: FindCapacityDeps): Promise<CapacityFinding> {
  const startMs = deps.clock.nowMs();
  const startedAt = wallTime().toISOString();
  const search = new CapacitySearch(settings);
  const steps: CapacityStep[] = [];
  let ended: string | undefined;
  for (let next = search.next(); next !== undefined && ended === undefined; next = search.next()) {
    if (steps.length > 0) await deps.pause(settings.recoveryMs);
    const step = deps.interrupt.aborted ? undefined : await runStep(next, steps, deps);
    if (step === undefined) break;
    if ("void" in step) ended = step.void;
    else {
      search.take(step.outcome, step.evidence);
      steps.push(step);
      deps.onStep(step);
    }
  }
  const interrupted = ended === undefined && search.next() !== undefined;
  return {
    ...findingOf(search.interval, settings, steps, { interrupted, ended }),
    ...kneeIn(steps),
    settings,
    steps,
    startedAt,
    durationMs: Math.round(deps.clock.nowMs() - startMs),
  };
}

/** Runs a step. After the first, a plan that this machine cannot carry out is the limit of the generator. */
async function runStep(
  next: NextStep,
  steps: readonly CapacityStep[],
  deps: FindCapacityDeps,
): Promise<CapacityStep | VoidStep | undefined> {
  const plan = deps.planOf(next.load, steps.length + 1);
  try {
    return await deps.run(next, plan);
  } catch (error) {
    if (!(error instanceof UsageError) || steps.length === 0) throw error;
    const { seed, clients } = plan;
    return { ...next, outcome: "generator", reason: error.message, seed, clients, kills: 0, wills: { expected: 0 } };
  }
}

/** How a search ended before its end. */
interface Early {
  readonly interrupted: boolean;
  readonly ended: string | undefined;
}

type Found = Pick<CapacityFinding, "outcome" | "reason" | "capacity" | "atLeast">;

function findingOf(
  interval: Interval,
  settings: ReadySettings,
  steps: readonly CapacityStep[],
  { interrupted, ended }: Early,
): Found {
  const { held, over, limit } = interval;
  const without = (outcome: CapacityOutcome, reason: string): Found => ({
    outcome,
    reason,
    ...held !== undefined && { atLeast: held },
  });
  if (ended !== undefined) return without("void", ended);
  if (interrupted) return without("interrupted", interruptedText(interval, settings));
  const last = steps.findLast(({ load, outcome }) => load === over && outcome !== "held");
  if (limit === "generator") return without("generator", `at ${loadText(over!, settings)} ${last!.reason}`);
  if (over === undefined) {
    const { fleetBound } = settings;
    return fleetBound === undefined
      ? without("reached", `every load up to ${loadText(settings.to, settings)}, the highest requested one, held`)
      : without("generator", fleetBound);
  }
  if (held === undefined) return without("none", `already at ${loadText(over, settings)} ${last!.reason}`);
  const value = Math.round(Math.sqrt(held * over));
  return {
    outcome: "found",
    reason: `at ${loadText(over, settings)} ${last!.reason}`,
    capacity: { value, held, over },
  };
}

function interruptedText({ held, over }: Interval, settings: ReadySettings): string {
  const found = [
    ...held === undefined ? [] : [`${loadText(held, settings)} held`],
    ...over === undefined ? [] : [`${loadText(over, settings)} did not`],
  ];
  return `interrupted before the end of the search${found.length === 0 ? "" : `: ${found.join(", ")}`}`;
}

/** The knee of the curve of a search, where it has one. */
function kneeIn(steps: readonly CapacityStep[]): Pick<CapacityFinding, "knee"> {
  const knee = kneeOf(curveOf(steps));
  return knee === undefined ? {} : { knee };
}

/** One point for each load: its latest attempt, as the search believed it. */
export function curveOf(steps: readonly CapacityStep[]): { load: number; p50: number; p99: number }[] {
  const latest = new Map(steps.map((step) => [step.load, step]));
  return [...latest.values()].flatMap(({ load, latencyMs }) =>
    latencyMs === undefined ? [] : [{ load, p50: latencyMs.p50, p99: latencyMs.p99 }]
  ).toSorted((one, other) => one.load - other.load);
}

/** A load for people. */
export function loadText(load: number, { of }: Pick<ReadySettings, "of">): string {
  return of === "rate" ? `${formatCount(load)} kills/s` : `${formatCount(load)} clients`;
}
