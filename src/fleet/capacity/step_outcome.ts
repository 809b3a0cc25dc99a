/**
 * The outcome of a step by its run: whether the load held, and if not, whether the broker or the generator was the
 * limit. A step that holds proves the load for both: a late generator makes latencies longer, never shorter.
 */
import { formatCount, formatMs } from "../../base/units.ts";
import type { FleetResult } from "../result/result.ts";
import { faultsIn, noCounts, type WillCounts } from "../result/will_counts.ts";
import type { LoadKind } from "./capacity_plan.ts";
import type { CapacityStep } from "./capacity_result.ts";
import type { Evidence, NextStep } from "./search.ts";

/** What a step needs of the result of its run. */
type StepResult = Pick<FleetResult, "kills" | "wills" | "latencyMs" | "slipMs" | "generatorBound" | "aborted"> & {
  readonly plan: Pick<FleetResult["plan"], "seed" | "clients">;
};

/** The judgement of a run by the user's thresholds. */
export interface StepJudgement {
  readonly met: boolean;
  /** Why it is not met. */
  readonly reason: string;
}

/** The inputs of an outcome besides the result. */
export interface StepGrounds {
  readonly of: LoadKind;
  readonly judgement: StepJudgement;
  /** The tightest bound of a latency that the step is judged by, in milliseconds. */
  readonly boundMs: number;
  /** Mean CPU cores per thread of the fleet during the kills; undefined where the broker runs in the same process. */
  readonly coresPerWorker?: number | undefined;
  /** The evidence against the generator where several processes are it, each judged alone. */
  readonly partEvidence?: string | undefined;
}

/** A rate below this share of the requested one is not that load. */
const leastReached = 0.95;
/** A generator with a lateness (p99) above this share of the bound may be why the bound is exceeded. */
const mostSlip = 0.25;
/** With a lateness above this share, the machine may have delayed the broker too. */
const usualSlip = 0.05;
/** Of a load of which it serves less than this, a broker is far away. */
const farBelow = 0.8;
/** A share of kills that waited for a reconnect from which on a p99 is theirs. */
const fewDeferred = 0.005;
/** A thread that computes for this share of the time has no reserve. */
const mostCores = 0.9;

/** The evidence against the generator, as a clause; undefined where it kept up. */
export function generatorEvidence(
  { slipMs, kills, generatorBound }: Pick<FleetResult, "slipMs" | "generatorBound" | "kills">,
  { boundMs, coresPerWorker = 0 }: Pick<StepGrounds, "boundMs" | "coresPerWorker">,
): string | undefined {
  const waits = kills.deferred / Math.max(1, kills.total) >= fewDeferred;
  if (generatorBound !== undefined && !(waits && /^this machine was late/.test(generatorBound))) return generatorBound;
  const { percent, ms } = ownSlip(slipMs, kills);
  if (slipMs.count > 0 && ms > boundMs * mostSlip) {
    return `the generator was late itself: ${percent}% of its kills by ${formatMs(ms)} or more`;
  }
  if (coresPerWorker < mostCores) return undefined;
  return `the generator had no CPU time left: each of its threads used ${coresPerWorker.toFixed(2)} cores`;
}

/**
 * The lateness of the generator alone. A kill that waited until its client was connected again is late because of the
 * broker: where there are such kills, the percentile is one that they do not reach.
 */
function ownSlip(
  { p50, p90, p99 }: FleetResult["slipMs"],
  { deferred, total }: FleetResult["kills"],
): { readonly percent: number; readonly ms: number } {
  const share = deferred / Math.max(1, total);
  if (share < fewDeferred) return { percent: 1, ms: p99 };
  return share < 0.08 ? { percent: 10, ms: p90 } : { percent: 50, ms: p50 };
}

/** The step of a search by its run. */
export function stepOf(result: StepResult, { load, attempt }: NextStep, grounds: StepGrounds): CapacityStep {
  const { kills, wills, latencyMs: { all }, slipMs, plan } = result;
  const row = ({ count, p50, p99, max }: FleetResult["slipMs"]) => count === 0 ? undefined : { p50, p99, max };
  const [latencyMs, slip] = [row(all), row(slipMs)];
  return {
    load,
    attempt,
    ...outcomeOf(result, load, grounds),
    seed: plan.seed,
    clients: plan.clients,
    kills: kills.total,
    ...grounds.of === "rate" && { reachedPerSecond: kills.reachedPerSecond },
    wills: wrongOnly(wills),
    ...latencyMs && { latencyMs },
    ...slip && { slipMs: slip },
    ...grounds.coresPerWorker !== undefined && { coresPerWorker: grounds.coresPerWorker },
    ...result.aborted !== undefined && { cut: true },
  };
}

function outcomeOf(
  result: StepResult,
  load: number,
  grounds: StepGrounds,
): Pick<CapacityStep, "outcome" | "reason" | "evidence"> {
  const why = whyNot(result, load, grounds);
  if (why === undefined) return { outcome: "held", reason: "every threshold is met" };
  const evidence = grounds.partEvidence ?? generatorEvidence(result, grounds);
  if (evidence === undefined) return { outcome: "broke", reason: why, evidence: evidenceOf(result, load, grounds) };
  // A void run has the evidence in its reason already.
  return { outcome: "generator", reason: why.includes(evidence) ? why : `${why}, but ${evidence}` };
}

function evidenceOf({ slipMs, kills }: StepResult, load: number, { of, boundMs }: StepGrounds): Evidence {
  const mostMs = boundMs * usualSlip;
  if (ownSlip(slipMs, kills).ms > mostMs) return "doubtful";
  // Late kills may have waited for the broker's answers, or for this machine: they do not prove that it is far away.
  return of === "rate" && slipMs.p99 <= mostMs && kills.reachedPerSecond < load * farBelow ? "far" : "clear";
}

/** Why a load did not hold; undefined where it did. */
function whyNot({ kills, aborted }: StepResult, load: number, { of, judgement }: StepGrounds): string | undefined {
  // The user of a search did not ask for --abort-on-fail: each step ends at its first fault.
  if (!judgement.met) return judgement.reason.replace(/--abort-on-fail ended the run: /, "the step ended at: ");
  if (of === "clients" || aborted !== undefined || kills.reachedPerSecond >= load * leastReached) return undefined;
  return `the fleet reached ${formatCount(kills.reachedPerSecond)} of ${
    formatCount(load)
  } kills a second: killed clients ` +
    "had not reconnected in time";
}

/** The counts of wrong wills without those that are 0. */
function wrongOnly(wills: WillCounts): CapacityStep["wills"] {
  const names = (Object.keys(noCounts()) as (keyof WillCounts)[]).filter((name) =>
    name !== "expected" && name !== "onTime"
  );
  return {
    expected: wills.expected,
    ...Object.fromEntries(names.filter((name) => wills[name] > 0).map((name) => [name, wills[name]])),
  };
}

/** The number of wrong wills of a step. */
export function stepFaults({ wills }: CapacityStep): number {
  return faultsIn({ ...noCounts(), ...wills });
}
