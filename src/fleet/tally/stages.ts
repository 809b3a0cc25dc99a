/**
 * The instants of each part of a run: connecting, the phases of its plan, waiting for the last wills, leaving. A squad
 * notes instants; this module calculates the stages from them, for one squad or all, during a run and after it.
 */
import { phaseDurationMs, phasesOf } from "../plan/phases.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { type Instants, type RunPhase, runPhases, type RunStage } from "../result/run_phase.ts";

/** Notes instants at their events. */
export class PhaseClock {
  readonly #originMs: number;
  readonly #began: Partial<Record<RunPhase, number>> = {};
  readonly #restarts: { fromMs: number; backMs?: number }[] = [];
  readonly #holds: { readonly atMs: number; readonly ms: number }[] = [];

  /** @param originMs the run's beginning, from which instants count */
  constructor(originMs: number) {
    this.#originMs = originMs;
  }

  enter(phase: RunPhase, nowMs: number): void {
    this.#began[phase] ??= Math.round(nowMs - this.#originMs);
  }

  goDown(nowMs: number): void {
    this.#restarts.push({ fromMs: Math.round(nowMs - this.#originMs) });
  }

  comeBack(nowMs: number): void {
    this.#restarts.at(-1)!.backMs = Math.round(nowMs - this.#originMs);
  }

  /** The schedule has paused for so long. */
  hold(ms: number, nowMs: number): void {
    this.#holds.push({ atMs: Math.round(nowMs - ms - this.#originMs), ms: Math.round(ms) });
  }

  data(): Instants {
    const holds = this.#holds.length === 0 ? {} : { holds: [...this.#holds] };
    return { began: { ...this.#began }, restarts: this.#restarts.map((restart) => ({ ...restart })), ...holds };
  }
}

/** Several squads' instants as one: a part begins when the last of them begins it. */
export function mergeInstants(all: readonly Instants[]): Instants {
  const began = Object.fromEntries(runPhases.flatMap((phase) => {
    const instants = all.flatMap((one) => one.began[phase] ?? []);
    return instants.length === 0 ? [] : [[phase, Math.max(...instants)]];
  }));
  const count = Math.max(0, ...all.map(({ restarts }) => restarts.length));
  const restarts = Array.from({ length: count }, (_, place) => {
    const spans = all.flatMap((one) => one.restarts[place] ?? []);
    const fromMs = Math.min(...spans.map((span) => span.fromMs));
    const backs = spans.flatMap(({ backMs }) => backMs ?? []);
    return backs.length < spans.length ? { fromMs } : { fromMs, backMs: Math.max(...backs) };
  });
  const most = Math.max(0, ...all.map(({ holds = [] }) => holds.length));
  const holds = Array.from({ length: most }, (_, place) => {
    const each = all.flatMap(({ holds = [] }) => holds[place] ?? []);
    return { atMs: Math.min(...each.map(({ atMs }) => atMs)), ms: Math.max(...each.map(({ ms }) => ms)) };
  });
  return { began, restarts, ...holds.length > 0 && { holds } };
}

/** The parts of a run that have names; watchers and canaries are over before anything happens. */
const named = ["connect", "kill", "drain", "leave", "look", "counters"] as const satisfies readonly RunPhase[];

/** The stages of a run up to an instant of it; without one, of a run that is over. */
export function stagesOf(
  plan: Pick<FleetPlan, "phases" | "durationMs" | "nodes">,
  instants: Instants,
  untilMs = Infinity,
): RunStage[] {
  const stages = named.flatMap((name): RunStage[] => {
    const fromMs = instants.began[name];
    if (fromMs === undefined) return [];
    const later = runPhases.slice(runPhases.indexOf(name) + 1).flatMap((phase) => instants.began[phase] ?? []);
    const toMs = Math.min(...later);
    if (name === "kill") return planned(plan, instants, fromMs, toMs);
    return [{ name, fromMs, ...until(toMs) }];
  });
  return stages.filter(({ fromMs }) => fromMs <= untilMs)
    .map(({ toMs = Infinity, ...stage }) => ({ ...stage, ...until(toMs > untilMs ? Infinity : toMs) }));
}

/** The plan's phases in their order; a restart lasts until it is over, and delays those after it. */
function planned(
  plan: Pick<FleetPlan, "phases" | "durationMs" | "nodes">,
  { restarts, holds = [] }: Instants,
  beganMs: number,
  endMs: number,
): RunStage[] {
  const stages: RunStage[] = [];
  let restarted = 0;
  let fromMs = beganMs;
  for (const phase of phasesOf(plan)) {
    const durationMs = phaseDurationMs(plan, phase);
    // What takes no time may be at the very end: the kills of a storm.
    if (stages.length > 0 && (fromMs > endMs || (fromMs === endMs && durationMs > 0))) break;
    let toMs = fromMs + durationMs;
    if (phase.kind === "restart") {
      const restart = restarts[restarted++];
      if (restart === undefined) break;
      fromMs = restart.fromMs;
      toMs = restart.backMs ?? Infinity;
    }
    if (phase.kind === "node-loss") toMs = withHolds(holds, fromMs, toMs);
    const groups = "groups" in phase && phase.groups !== undefined ? { groups: phase.groups } : {};
    stages.push({ name: phase.kind, ...groups, fromMs, ...until(Math.min(toMs, endMs)) });
    fromMs = toMs;
  }
  return stages;
}

/** The end of a phase that pauses lengthen. */
function withHolds(holds: NonNullable<Instants["holds"]>, fromMs: number, toMs: number): number {
  return holds.reduce((untilMs, { atMs, ms }) => atMs >= fromMs && atMs <= untilMs ? untilMs + ms : untilMs, toMs);
}

function until(toMs: number): { readonly toMs?: number } {
  return toMs === Infinity ? {} : { toMs };
}
