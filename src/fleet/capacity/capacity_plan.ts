/**
 * The plan of each step of a search: a run of its own, whose fleet connects, dies at the load of the step, and leaves.
 * A new fleet for each step means that a step inherits nothing from an overloaded one except the broker's own state.
 */
import { UsageError } from "../../base/failure.ts";
import { mix } from "../../base/random.ts";
import { formatCount } from "../../base/units.ts";
import { makePlan, planDefaults } from "../plan/make_plan.ts";
import { fallsSilent, type KillMode, type KillShare, staysOnline } from "../plan/kill_mode.ts";
import type { FleetPlan, PlanRequest } from "../plan/plan.ts";
import { restMs } from "../schedule/fleet_model.ts";
import type { SearchRange } from "./search.ts";

/** What a search varies: kills a second, or clients that all die at once. */
export type LoadKind = "rate" | "clients";

/** The kinds of load. */
export const loadKinds: readonly LoadKind[] = ["rate", "clients"];

/** The settings of a search. */
export interface CapacitySettings extends SearchRange {
  readonly of: LoadKind;
  /** The least duration of the kills of a step; a step lasts longer where its rate needs that for enough kills. */
  readonly stepDurationMs: number;
  /** The pause after each step. */
  readonly recoveryMs: number;
}

/** The defaults of a search. */
export const capacityDefaults = {
  of: "rate",
  from: { rate: 100, clients: 500 },
  growth: 2,
  precision: 0.1,
  stepDurationMs: 5_000,
  recoveryMs: 2_000,
  /** CONNECTs a second while a fleet connects. */
  rampPerSecond: 5_000,
} as const;

/** Each kill has a will: a clean leave, which has none, would dilute the load. */
const usualShares: readonly KillShare[] = [{ mode: "reset", weight: 1 }, { mode: "close", weight: 1 }];

/** The fewest kills of a step: a p99 of fewer rests on two or three wills. */
export const fewestKills = 300;
/** The least size of a fleet whose size follows from the rate. */
const leastClients = 200;
/** The share of a fleet that may be away: with more, the victims of a kill are no longer drawn at random. */
const mostAway = 0.8;
/** A search goes down to this fraction of its first load. */
const lowestShare = 0.1;
/** The most clients of a fleet. */
const mostClients = 1_000_000;

/** The settings of a search before its defaults. */
export type CapacityRequest = {
  readonly [Name in Exclude<keyof CapacitySettings, "least">]?: CapacitySettings[Name] | undefined;
};

/** What a search knows of its fleet. */
export type FleetWishes = Omit<PlanRequest, "killRate" | "durationMs" | "phases">;

/** The settings of a search, and where the size of the fleet bounds it. */
export interface ReadySettings extends CapacitySettings {
  /** Present where the fleet, and not the user, bounds the search: why. */
  readonly fleetBound?: string;
}

/**
 * Fills in the defaults and checks the settings.
 *
 * @throws UsageError when a search with them is not possible
 */
export function capacitySettings(request: CapacityRequest, wishes: FleetWishes): ReadySettings {
  const of = request.of ?? capacityDefaults.of;
  const from = request.from ?? Math.min(capacityDefaults.from[of], request.to ?? Infinity);
  const asked = request.to ?? (of === "rate" ? Infinity : mostClients);
  if (asked < from) {
    throw new UsageError(
      `Cannot search from ${formatCount(from)} to ${formatCount(asked)}: expected --to above --from`,
    );
  }
  if (of === "clients" && wishes.clients !== undefined) {
    throw new UsageError(
      `Cannot use --clients ${wishes.clients} with --of clients, which searches for that number: expected --from and --to`,
    );
  }
  const bound = of === "rate" ? fleetBound(wishes) : { most: mostClients };
  if (bound.most < from) {
    throw new UsageError(`Cannot begin at ${formatCount(from)} kills a second: ${bound.why}; expected more --clients`);
  }
  return {
    of,
    from,
    least: Math.max(1, Math.ceil(from * lowestShare)),
    to: Math.min(asked, bound.most),
    growth: request.growth ?? capacityDefaults.growth,
    precision: request.precision ?? capacityDefaults.precision,
    stepDurationMs: request.stepDurationMs ?? capacityDefaults.stepDurationMs,
    recoveryMs: request.recoveryMs ?? capacityDefaults.recoveryMs,
    ...bound.why !== undefined && bound.most < asked && { fleetBound: bound.why },
  };
}

/** The highest kill rate that a fleet sustains, and why; the size of a fleet without a fixed one follows the rate. */
function fleetBound(wishes: FleetWishes): { readonly most: number; readonly why?: string } {
  const awayMs = awayOf(wishes);
  if (wishes.clients === undefined) return { most: Math.floor(mostClients * mostAway / awayMs * 1_000) };
  const most = Math.floor(wishes.clients * mostAway / awayMs * 1_000);
  const clients = `a fleet of ${formatCount(wishes.clients)} clients`;
  return {
    most,
    why: `${clients}, each away for ${formatCount(awayMs / 1_000)} s after a kill, sustains at most ${
      formatCount(most)
    } kills a second`,
  };
}

/** The mean time of a client from a kill until the schedule may kill it again. */
function awayOf(
  { reconnectAfterMs = planDefaults.reconnectAfterMs, killShares = usualShares, ...wishes }: FleetWishes,
): number {
  if (reconnectAfterMs === "never") {
    throw new UsageError(
      "Cannot use --reconnect-after never with --of rate: the fleet would run out of clients; expected a time, or --of clients",
    );
  }
  const keepAliveS = wishes.keepAliveS ?? planDefaults.keepAliveS;
  const shareOf = (is: (mode: KillMode) => boolean) => {
    const [part, total] = [killShares.filter(({ mode }) => is(mode)), killShares].map((shares) =>
      shares.reduce((sum, { weight }) => sum + weight, 0)
    ) as [number, number];
    return total === 0 ? 0 : part / total;
  };
  const awayMs = reconnectAfterMs * (1 - shareOf(staysOnline));
  return awayMs + restMs + shareOf(fallsSilent) * keepAliveS * 1_500;
}

/** Marks of a step: its place in the search gives it a seed and topics of its own. */
export interface StepMarks {
  readonly seed: number;
  readonly run: string;
}

/** The seed and the run id of a step; the same search gives the same seeds. */
export function stepMarks({ seed, run }: StepMarks, place: number): StepMarks {
  return { seed: mix(seed, place), run: `${run}-${place}` };
}

/**
 * The plan of one step.
 *
 * @throws UsageError for the first invalid value
 */
export function stepPlan(wishes: FleetWishes, settings: CapacitySettings, load: number, marks: StepMarks): FleetPlan {
  const killShares = wishes.killShares ?? usualShares;
  const base = {
    rampPerSecond: capacityDefaults.rampPerSecond,
    // Without missing wills there is nothing to explain, and with them the run would wait for the counters.
    skipBrokerCounters: true,
    ...wishes,
    ...marks,
    killShares,
  };
  if (settings.of === "clients") {
    const storm = { kind: "kill", rate: "once", killShares, reconnectAfterMs: "never" } as const;
    return makePlan({ ...base, clients: load, phases: [{ kind: "hold", durationMs: 1_000 }, storm] });
  }
  const clients = wishes.clients ?? Math.max(leastClients, Math.ceil(load * awayOf(wishes) / 1_000 / mostAway));
  const durationMs = Math.max(settings.stepDurationMs, Math.ceil(fewestKills / load * 1_000));
  return makePlan({ ...base, clients, killRate: { kind: "count", perSecond: load }, durationMs });
}
