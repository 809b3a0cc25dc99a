/**
 * Which lives ended with a storm, and when their wills arrived. A storm is all the kills of a phase with the rate
 * `once`, or a restart of the broker; phases of one instant are one storm.
 */
import type { Arrival, Judgement } from "../oracle/expectation.ts";
import type { Life } from "../life/life.ts";
import { phaseDurationMs, phasesOf } from "../plan/phases.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { StormTally } from "../tally/storm_tally.ts";

/** A storm that has begun. */
interface Begun {
  readonly phase: number;
  readonly atMs: number;
}

export class StormLog {
  readonly #tally: StormTally;
  readonly #originMs: number;
  /** The first phase with kills `once` at each instant of the schedule. */
  readonly #phaseAt = new Map<number, number>();
  /** The phases that restart the broker, in their order. */
  readonly #restartPhases: number[] = [];
  #restarts = 0;
  /** By the instant at which the kills of the storm were due, or the restart began. */
  readonly #begun = new Map<number, Begun>();

  /** @param originMs the beginning of the run */
  constructor(plan: Pick<FleetPlan, "phases" | "durationMs" | "nodes">, originMs: number, tally: StormTally) {
    this.#tally = tally;
    this.#originMs = originMs;
    let atMs = 0;
    for (const [place, phase] of phasesOf(plan).entries()) {
      const isOnce = phase.kind === "kill" && phase.rate === "once";
      if (isOnce && !this.#phaseAt.has(atMs)) this.#phaseAt.set(atMs, place);
      if (phase.kind === "restart") this.#restartPhases.push(place);
      atMs += phaseDurationMs(plan, phase);
    }
  }

  /** The schedule requests a kill at an instant of the plan, which is `dueMs` by the clock. */
  order(plannedMs: number, dueMs: number): void {
    if (this.#phaseAt.size === 0 || this.#begun.has(dueMs)) return;
    const phase = this.#phaseAt.get(plannedMs);
    if (phase !== undefined) this.#begin(phase, "kills", dueMs);
  }

  /** A restart of the broker begins. */
  goDown(nowMs: number): void {
    const phase = this.#restartPhases[this.#restarts++];
    if (phase !== undefined) this.#begin(phase, "restart", nowMs);
  }

  #begin(phase: number, kind: "kills" | "restart", atMs: number): void {
    this.#begun.set(atMs, { phase, atMs });
    this.#tally.begin(phase, kind, atMs - this.#originMs);
  }

  /** A life has its judgement. @param arrivals the wills that each of its watchers received */
  close({ end }: Life, { expectation, verdict }: Judgement, arrivals: readonly (readonly Arrival[])[]): void {
    if (end === undefined || end.mode === "lost") return;
    const isDue = expectation.kind === "one" && verdict !== undefined && verdict !== "unseeable";
    const seenMs = isDue && verdict !== "missing" ? seenBy(arrivals, end.sinceMs ?? end.doneMs) : undefined;
    if (seenMs !== undefined) this.#tally.arrive(seenMs - this.#originMs);
    const storm = this.#begun.get(end.mode === "restart" ? end.sinceMs! : end.dueMs);
    if (storm === undefined) return;
    this.#tally.count(storm.phase, isDue, seenMs === undefined ? undefined : seenMs - storm.atMs);
  }
}

/** The instant at which the last of the watchers received the will of a life that ended at `fromMs`. */
function seenBy(arrivals: readonly (readonly Arrival[])[], fromMs: number): number | undefined {
  let lastMs = -Infinity;
  for (const each of arrivals) {
    const atMs = firstFrom(each, fromMs);
    if (atMs === undefined) return undefined;
    lastMs = Math.max(lastMs, atMs);
  }
  return lastMs;
}

/** The instant of the first will that arrived at `fromMs` or later. */
function firstFrom(arrivals: readonly Arrival[], fromMs: number): number | undefined {
  for (const { atMs } of arrivals) if (atMs >= fromMs) return atMs;
  return undefined;
}
