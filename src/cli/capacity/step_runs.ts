/**
 * The runs of the steps of a search on one broker: the named one, or an embedded one that serves all steps.
 */
import { monotonicClock } from "../../base/clock.ts";
import { InvariantError } from "../../base/failure.ts";
import type { FleetWishes, ReadySettings } from "../../fleet/capacity/capacity_plan.ts";
import type { VoidStep } from "../../fleet/capacity/find_capacity.ts";
import type { CapacityStep } from "../../fleet/capacity/capacity_result.ts";
import type { NextStep } from "../../fleet/capacity/search.ts";
import { stepOf } from "../../fleet/capacity/step_outcome.ts";
import { planDefaults } from "../../fleet/plan/make_plan.ts";
import type { FleetPlan, FleetRun } from "../../fleet/plan/plan.ts";
import type { FleetResult, Notice } from "../../fleet/result/result.ts";
import { runFleet } from "../../fleet/run_fleet.ts";
import type { FleetHooks } from "../../fleet/squad/fleet_hooks.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import { whyItFails } from "../../report/model/abort_on_fail.ts";
import { makeReport } from "../../report/model/report.ts";
import { applyThresholds, type Threshold } from "../../report/model/threshold.ts";
import { openLive } from "../../report/terminal/live.ts";
import type { BrokerChoice } from "../fleet/broker_choice.ts";
import { type EmbeddedBroker, startEmbedded } from "../fleet/embedded_broker.ts";
import { withAwsCredentials } from "../process/environment.ts";
import { CoreMeter } from "../process/core_meter.ts";
import { aborted, type Interrupts } from "../process/interrupt.ts";
import type { Stream } from "../process/output.ts";
import { tool } from "../process/tool.ts";

/** The dependencies of the runs; a test may replace them. */
export interface StepRunDeps {
  runFleet(run: FleetRun, hooks: FleetHooks): Promise<FleetResult>;
  startBroker: typeof startEmbedded;
}

/** Those of the program. */
export const realRunDeps: StepRunDeps = { runFleet, startBroker: startEmbedded };

/** What the runs of one search have in common. */
export interface StepRunsAsked {
  readonly wishes: FleetWishes;
  readonly settings: ReadySettings;
  readonly thresholds: readonly Threshold[];
  readonly interrupts: Interrupts;
  /** Collects the warnings of all runs, each once. */
  readonly warnings: Set<string>;
  readonly err: Stream;
  readonly deps: StepRunDeps;
}

/** The runs on one broker. */
export interface StepRuns {
  /** Undefined where the user ended the run. */
  run(step: NextStep, plan: FleetPlan): Promise<CapacityStep | VoidStep | undefined>;
  close(): Promise<void>;
}

/** Starts the embedded broker where the search is on it. */
export async function openStepRuns({ endpoint }: BrokerChoice, asked: StepRunsAsked): Promise<StepRuns> {
  const { deps, wishes, warnings, interrupts } = asked;
  let own: EmbeddedBroker | undefined;
  if (endpoint === undefined) {
    own = await deps.startBroker((text) => void warnings.add(text), wishes.engine ?? planDefaults.engine, false);
  }
  const target = endpoint === undefined ? parseEndpoint(own!.url) : withAwsCredentials(endpoint, wishes);
  const crash = own?.crash.then((error) => Promise.reject(error));
  // The crash rejects each race below; between two runs nothing waits for it.
  crash?.catch(() => {});
  let held = false;
  return {
    async run(step, plan) {
      const found = runOnce({ plan, target, brokerInProcess: own !== undefined }, asked, own);
      const done = await Promise.race([found, ...crash === undefined ? [] : [crash]]);
      if (done === undefined || done.result.exitCode === 130) return undefined;
      const { result } = done;
      // A run without a kill proves nothing about the load; the first one may have the wrong broker or login.
      const { verdict, generatorBound, aborted: cut } = result;
      if (verdict === "void" && generatorBound === undefined && cut === undefined && !held) {
        return { void: result.reason };
      }
      const one = judged(step, done, own === undefined, asked);
      if (one.outcome === "held") held = true;
      return one;
    },
    close: async () => {
      if (!interrupts.atOnce.aborted) await own?.stop();
    },
  };
}

/** A run, and the cores that its process used during the kills. */
interface Done {
  readonly result: FleetResult;
  readonly cores: number | undefined;
}

async function runOnce(
  run: FleetRun,
  { thresholds, interrupts, warnings, err, deps }: StepRunsAsked,
  own: EmbeddedBroker | undefined,
): Promise<Done | undefined> {
  const screen = {
    clock: monotonicClock,
    style: err.style,
    write: (text: string) => err.draw(text),
    columns: () => err.moves ? err.columns() : undefined,
  };
  // Without a terminal the line of each step is the progress.
  const live = openLive(screen, screen.columns() === undefined);
  const meter = new CoreMeter();
  const hooks: FleetHooks = {
    onProgress: (progress) => {
      meter.take(progress);
      live.progress(progress);
    },
    onNotice: ({ level, text }: Notice) => level === "warning" ? void warnings.add(text) : undefined,
    abortOn: (now) => whyItFails(now, thresholds),
    interrupt: interrupts.early,
    stop: interrupts.atOnce,
    ...own && { disconnectClient: own.disconnectClient.bind(own) },
  };
  try {
    const ended = aborted(interrupts.atOnce).then(() => undefined);
    const result = await Promise.race([deps.runFleet(run, hooks), ended]);
    return result && { result, cores: meter.cores };
  } finally {
    live.end();
  }
}

/** The tightest bound of a latency that a step is judged by, in milliseconds. */
export function boundOf(lateAfterMs: number, thresholds: readonly Threshold[]): number {
  const bounds = thresholds.flatMap(({ path, operator, value }) =>
    path.startsWith("latencyMs.") && operator.startsWith("<") ? [value] : []
  );
  return Math.min(lateAfterMs, ...bounds);
}

function judged(
  step: NextStep,
  { result, cores }: Done,
  isApart: boolean,
  { settings, thresholds }: StepRunsAsked,
): CapacityStep {
  const report = applyThresholds(makeReport(result, { tool, embedded: false, program: tool.name }), thresholds);
  if (report.exitCode === 130) throw new InvariantError("an interrupted step has no outcome");
  return stepOf(result, step, {
    of: settings.of,
    judgement: { met: report.verdict === "pass", reason: report.reason },
    boundMs: boundOf(result.plan.lateAfterMs, thresholds),
    // The process of the embedded broker is the fleet's: its CPU time says nothing about the fleet alone.
    ...isApart && cores !== undefined && { coresPerWorker: cores / result.plan.workers },
  });
}
