/**
 * Facts of a run that no squad observes: plain data.
 */
import type { EngineName } from "../../net/engine.ts";
import type { DropCounts } from "./drop_counts.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { Restarted } from "./restart_result.ts";
import type { FleetResult } from "./result.ts";

/** What a result says besides what the squads found. */
export interface RunFacts {
  readonly plan: FleetPlan;
  readonly target: string;
  readonly protocol: "3.1.1" | "5" | "mix";
  readonly startedAt: string;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  readonly resources: FleetResult["resources"];
  readonly engine?: EngineName;
  readonly dropped?: DropCounts;
  /** What the broker calls itself. */
  readonly broker?: string;
  /** The broker's restarts, as timed by the code that did them, and the start of the run by the same clock. */
  readonly restarts?: readonly Restarted[];
  readonly originMs?: number;
  /** SYNs that this machine sent again meanwhile, where it says so. */
  readonly synsAgain?: number;
  /** Why nothing is proven, not even a fault: what was seen is not whole. */
  readonly gap?: string | undefined;
}
