/** A run in several parts over an open rendezvous: reserves its name, coordinates it, and collects the reports. */
import { monotonicClock, wallTime } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { longestWaitOf, phasesDurationMs } from "../../fleet/plan/phases.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { withoutPasswords } from "../../fleet/recording/record_header.ts";
import type { Notice } from "../../fleet/result/result.ts";
import { outageSteps } from "../../fleet/schedule/outage_steps.ts";
import { OutageCommands } from "../../fleet/squad/outage_commands.ts";
import type { LostParts } from "../../parts/coordinator_host.ts";
import { type RunLimits, saveForMs } from "../../parts/limits.ts";
import type { Rendezvous } from "../../parts/rendezvous.ts";
import { reserveRun } from "../../parts/report_store.ts";
import type { Threshold } from "../../report/model/threshold.ts";
import { hostName } from "../process/host_name.ts";
import { tool } from "../process/tool.ts";
import { allowsLosses } from "./allowed_losses.ts";
import { coordinate, type Coordinated, type CoordinateHooks } from "./coordinate.ts";
import { withoutCommands } from "./foreign_values.ts";
import { overDefaults } from "./over_flags.ts";

/** A run in several parts, as it was asked for. */
export interface PartsRun {
  /** The name at which the parts find it. */
  readonly name: string;
  /** The run that the parts join afterwards. */
  readonly next?: string;
  readonly plan: FleetPlan;
  readonly url: string;
  readonly parts: number;
  readonly threshold: readonly Threshold[];
  readonly gather?: number | undefined;
  readonly partSilence?: number | undefined;
  /** Printed once the name is reserved. */
  readonly notices: readonly (Notice | undefined)[];
}

/** Time beyond the planned one, for watchers and probes, in milliseconds. */
const slackMs = 30_000;

/** The limits of a run. The coordinator waits for a report as long as a part tries to store it. */
export function limitsOf(
  { plan, gather, partSilence }: Pick<PartsRun, "plan" | "gather" | "partSilence">,
): RunLimits {
  const rampMs = plan.clients / plan.rampPerSecond * 1_000;
  return {
    gatherMs: gather ?? overDefaults.gatherMs,
    silenceMs: partSilence ?? overDefaults.silenceMs,
    connectMs: rampMs * 1.5 + slackMs + (plan.waitMs ?? 0),
    killMs: phasesDurationMs(plan) + 2 * longestWaitOf(plan) + slackMs + saveForMs,
    lateMs: plan.lateAfterMs,
  };
}

/** The hooks of such a run. */
export type PartsHooks = Omit<CoordinateHooks, "outage"> & { readonly detail: boolean };

/** @throws UsageError when the name is taken, or no part of the run is possible */
export async function runParts(rendezvous: Rendezvous, run: PartsRun, hooks: PartsHooks): Promise<Coordinated> {
  const { name, next, plan, url, parts, threshold } = run;
  const [startedAt, startMs] = [wallTime(), monotonicClock.nowMs()];
  const thresholds = threshold.map(({ expression }) => expression);
  const entry = { parts, host: hostName(), since: startedAt.toISOString(), thresholds };
  const other = await reserveRun(rendezvous, name, entry);
  if (other !== undefined) {
    throw new UsageError(
      `Cannot begin run ${name}: a run of this name began on ${other.host} at ${other.since}; expected another --run-id`,
    );
  }
  for (const notice of run.notices) if (notice !== undefined) hooks.onNotice(notice);
  const task = {
    ...{ plan: withoutCommands(withoutPasswords(plan)), url, epochMs: startedAt.getTime() - startMs },
    ...{ thresholds, detail: hooks.detail, ...next !== undefined && { next } },
  };
  const options = {
    ...{ parts, version: tool.version, task, limits: limitsOf(run), steps: outageSteps(plan).length },
    allows: (losses: LostParts) => allowsLosses(threshold, parts, losses),
  };
  const outage = new OutageCommands(plan, undefined, hooks.onNotice);
  const done = await coordinate(rendezvous, name, options, { ...hooks, outage }).finally(() => restore(outage, hooks));
  if (done.end.usage) throw new UsageError(`Cannot run: ${done.end.why}`);
  return done;
}

/** Starts a node that the run left stopped. */
async function restore(outage: OutageCommands, { onNotice }: Pick<CoordinateHooks, "onNotice">): Promise<void> {
  const started = await outage.restore();
  if (started?.done.kind === "failed") onNotice({ level: "warning", text: started.done.sentence });
}
