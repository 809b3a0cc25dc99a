/**
 * How many source ports a plan takes at its busiest: one for each connection that is open, and one for each that this
 * side has closed, for as long as the operating system keeps it.
 */
import { Groups } from "../plan/groups.ts";
import type { KillMode, KillShare } from "../plan/kill_mode.ts";
import { phaseDurationMs, phasesOf } from "../plan/phases.ts";
import type { FleetPlan, KillPhase } from "../plan/plan.ts";
import { clientsHere } from "../plan/shard.ts";

/** Ports in use after the kills of one phase, evenly spread over its time. */
interface Closing {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ports: number;
}

/** The most ports of this process that wait at one time, where each waits so long after the end of its connection. */
export function portsWaiting(plan: FleetPlan, waitMs: number): number {
  return most(plan, closingShare, waitMs);
}

/** The approximate duration of a takeover. */
const takeoverMs = 1_000;

/** The most takeovers of this process at one time: each client has two connections then. */
export function takeoversAtOnce(plan: FleetPlan): number {
  return most(plan, takeoverShare, takeoverMs);
}

/** The most connections that ended within such a time, of the share that counts. */
function most(plan: FleetPlan, counts: ShareOf, waitMs: number): number {
  const all = closings(plan, counts);
  // The busiest stretch begins where a phase begins, or ends where one ends.
  const starts = all.flatMap(({ fromMs, toMs }) => [fromMs, toMs - waitMs]);
  const sums = starts.map((startMs) =>
    all.reduce((sum, closing) => sum + portsWithin(closing, startMs, startMs + waitMs), 0)
  );
  return Math.ceil(Math.max(0, ...sums) * clientsHere(plan).count / plan.clients);
}

function portsWithin({ fromMs, toMs, ports }: Closing, startMs: number, endMs: number): number {
  if (fromMs === toMs) return fromMs >= startMs && fromMs <= endMs ? ports : 0;
  const sharedMs = Math.min(toMs, endMs) - Math.max(fromMs, startMs);
  return Math.max(0, sharedMs) / (toMs - fromMs) * ports;
}

/** Which share of kills counts. */
type ShareOf = (shares: readonly KillShare[]) => number;

function closings(plan: FleetPlan, counts: ShareOf): Closing[] {
  const groups = new Groups(plan, "mix");
  const sizes = groups.sizes(plan.clients);
  let fromMs = 0;
  return phasesOf(plan).flatMap((phase) => {
    const startMs = fromMs;
    fromMs += phaseDurationMs(plan, phase);
    return phase.kind === "kill" ? [closingOf(plan, groups, sizes, phase, startMs, counts)] : [];
  });
}

function closingOf(
  plan: FleetPlan,
  groups: Groups,
  sizes: readonly number[],
  phase: KillPhase,
  fromMs: number,
  counts: ShareOf,
): Closing {
  const named = groups.named(phase.groups);
  const clients = named.reduce((sum, group) => sum + sizes[group]!, 0);
  const closing = named.reduce(
    (sum, group) => sum + sizes[group]! * counts(phase.killShares ?? groups.plans[group]!.killShares),
    0,
  );
  const rate = phase.rate ?? plan.killRate;
  if (rate === "once") return { fromMs, toMs: fromMs, ports: closing };
  const durationMs = phaseDurationMs(plan, phase);
  const killsPerS = rate.kind === "count" ? rate.perSecond : rate.perSecond * clients;
  const share = clients === 0 ? 0 : closing / clients;
  return { fromMs, toMs: fromMs + durationMs, ports: killsPerS * durationMs / 1_000 * share };
}

/** A reset frees its port at once; every other end frees it after a while. */
function closingShare(shares: readonly KillShare[]): number {
  return shareOf(shares, (mode) => mode !== "reset");
}

function takeoverShare(shares: readonly KillShare[]): number {
  return shareOf(shares, (mode) => mode === "takeover");
}

function shareOf(shares: readonly KillShare[], counts: (mode: KillMode) => boolean): number {
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return shares.reduce((sum, { mode, weight }) => counts(mode) ? sum + weight : sum, 0) / total;
}
