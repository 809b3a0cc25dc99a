/**
 * Facts of a run that no squad observes: plain data.
 */
import type { EngineName } from "../../net/engine.ts";
import type { DropCounts } from "./drop_counts.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { Restarted } from "./restart_result.ts";
import type { FleetResult } from "./result.ts";

/** The data of a result besides the findings of the squads. */
export interface RunFacts {
  readonly plan: FleetPlan;
  readonly target: string;
  readonly protocol: "3.1.1" | "5" | "mix";
  readonly startedAt: string;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  readonly resources: FleetResult["resources"];
  readonly engine?: EngineName;
  /** The round trips of the loopback echo before the run: an encoded histogram; absent where nothing measured it. */
  readonly floor?: string;
  readonly dropped?: DropCounts;
  /** When the run read the counters, in milliseconds since its start. */
  readonly counters?: { readonly fromMs: number; readonly toMs: number };
  /** Why the run ended itself early, where its caller asked for that at a fault. */
  readonly aborted?: string;
  /** The broker's name for itself. */
  readonly broker?: string;
  /** The broker's restarts, timed by the code that executed them, and the start of the run by the same clock. */
  readonly restarts?: readonly Restarted[];
  readonly originMs?: number;
  /** SYNs that this machine repeated meanwhile, where it counts them. */
  readonly synsAgain?: number;
  /** Why no finding is proven, not even a fault: the recording is incomplete. */
  readonly gap?: string | undefined;
}
