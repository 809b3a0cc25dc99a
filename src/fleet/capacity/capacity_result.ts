/**
 * The result of a search for a capacity: plain data.
 */
import type { WillCounts } from "../result/will_counts.ts";
import type { ReadySettings } from "./capacity_plan.ts";
import type { CurvePoint } from "./knee.ts";
import type { Evidence, StepOutcome } from "./search.ts";

/** A step of a search. Milliseconds unless a name says otherwise. */
export interface CapacityStep {
  /** Kills a second, or clients. */
  readonly load: number;
  /** Above 1 where the load was tried again. */
  readonly attempt: number;
  readonly outcome: StepOutcome;
  /** How much the step proves; absent where it held. */
  readonly evidence?: Evidence;
  /** One sentence for the outcome. */
  readonly reason: string;
  /** The seed of the step's run. */
  readonly seed: number;
  /** The clients of the step's fleet. */
  readonly clients: number;
  readonly kills: number;
  /** The kills a second that the fleet reached; absent where all clients die at once. */
  readonly reachedPerSecond?: number;
  /** The wills that were due, and those that were wrong, by kind; a kind without any is absent. */
  readonly wills: { readonly expected: number } & Partial<Omit<WillCounts, "expected" | "onTime">>;
  /** Latency from the scheduled instant of the kill; absent where no will came. */
  readonly latencyMs?: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The generator's own lateness; absent without a kill. */
  readonly slipMs?: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The cores that each thread of the fleet used during the kills; absent for a broker in the same process. */
  readonly coresPerWorker?: number;
  /** The step ended at its first fault: its latencies are those until then. */
  readonly cut?: true;
}

/** What a search found. */
export type CapacityOutcome =
  /** A number. */
  | "found"
  /** Each load up to the highest that the user asked for held. */
  | "reached"
  /** Even the lowest load did not hold. */
  | "none"
  /** The generator was the limit: no number. */
  | "generator"
  /** The search proves nothing. */
  | "void"
  /** The user ended the search early. */
  | "interrupted";

/** The finding on one broker. */
export interface CapacityFinding {
  readonly outcome: CapacityOutcome;
  /** One sentence for the outcome. */
  readonly reason: string;
  /** The capacity, with the highest load that held and the lowest that did not; only where it was found. */
  readonly capacity?: { readonly value: number; readonly held: number; readonly over: number };
  /** The highest load that held, where the search found no capacity: a lower bound. */
  readonly atLeast?: number;
  /** The knee of the curve; absent where it has none. */
  readonly knee?: CurvePoint;
  readonly settings: ReadySettings;
  /** In the order in which they ran. */
  readonly steps: readonly CapacityStep[];
  readonly startedAt: string;
  readonly durationMs: number;
}
