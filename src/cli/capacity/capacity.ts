/**
 * `mqtt-sim capacity`: flags → searches, one broker after the other → report → exit code.
 */
import { pause } from "../process/pause.ts";
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { freshSeed } from "../../base/random.ts";
import {
  type CapacityRequest,
  capacitySettings,
  type FleetWishes,
  stepMarks,
  stepPlan,
} from "../../fleet/capacity/capacity_plan.ts";
import type { ReadySettings } from "../../fleet/capacity/capacity_plan.ts";
import { findCapacity } from "../../fleet/capacity/find_capacity.ts";
import { nodesText } from "../../fleet/plan/cluster_node.ts";
import { planDefaults } from "../../fleet/plan/make_plan.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { capacityBody, capacityVerdict, stepLine } from "../../report/capacity/capacity_text.ts";
import {
  type BrokerCapacity,
  capacityJson,
  type CapacityReport,
  capacityText,
  makeCapacityReport,
} from "../../report/capacity/capacity_report.ts";
import { capacityHtml } from "../../report/capacity/capacity_html.ts";
import { checkNames } from "../../report/model/comparison.ts";
import { parseThreshold, type Threshold } from "../../report/model/threshold.ts";
import { type BrokerChoice, brokerText, embedded } from "../fleet/broker_choice.ts";
import type { FleetFlags } from "../fleet/fleet_flags.ts";
import { checkOver, planOver } from "../fleet/fleet_over.ts";
import { checkTlsFlags, firstNode, passwordOf } from "../fleet/fleet_request.ts";
import { type Interrupts, openInterrupts } from "../process/interrupt.ts";
import type { Output } from "../process/output.ts";
import { tool } from "../process/tool.ts";
import { printReport, roomOn } from "../report/print_report.ts";
import { formTitles, openForms, type ReportOutputs } from "../report/report_outputs.ts";
import { type IdleWait, waitUntilIdle } from "../fleet/wait_until_idle.ts";
import { type CapacityAsked, usualThresholds } from "./capacity_flags.ts";
import { openStepRuns, realRunDeps, type StepRunDeps } from "./step_runs.ts";
import { checkRecovery, openStepRunsOver } from "./step_runs_over.ts";
import { repeatSearch } from "./repeat_search.ts";

/** The dependencies of the command; a test may replace them. */
export interface CapacityDeps extends StepRunDeps {
  openInterrupts(): Interrupts;
  /** Waits between two brokers. */
  waitUntilIdle(interrupt: AbortSignal): Promise<IdleWait>;
}

const realDeps: CapacityDeps = {
  ...realRunDeps,
  openInterrupts,
  waitUntilIdle: (interrupt) => waitUntilIdle(monotonicClock, interrupt),
};

/** Widest text of a report. */
const widest = 110;
const writers = { report: capacityJson, html: capacityHtml } as const;

/** What all searches of a command have in common. */
interface Searches {
  readonly wishes: FleetWishes;
  readonly settings: ReadySettings;
  readonly thresholds: readonly Threshold[];
  readonly seed: number;
}

/**
 * Searches for the capacity of each broker, and writes the report; returns the exit code.
 *
 * @throws UsageError when the request cannot be carried out
 */
export async function capacity(asked: CapacityAsked, output: Output, deps: CapacityDeps = realDeps): Promise<number> {
  const brokers = brokersOf(asked);
  checkNames(brokers.map(({ name }) => name));
  checkSearchOver(asked, brokers);
  const searches = await searchesOf(asked);
  if (asked.over !== undefined) checkStepsOver(searches, asked.parts!);
  for (const broker of brokers) checkTlsFlags({ ...planDefaults, ...searches.wishes }, broker);
  // Before any output: a plan that cannot be is refused in one sentence.
  stepPlan(searches.wishes, searches.settings, searches.settings.from, { seed: searches.seed, run: "check" });
  const outputs = await openForms<CapacityReport, keyof typeof writers>(asked, writers, formTitles);
  const interrupts = deps.openInterrupts();
  try {
    const warnings = new Set<string>();
    const found: BrokerCapacity[] = [];
    for (const [place, broker] of brokers.entries()) {
      if (interrupts.early.aborted) break;
      if (place > 0) await deps.waitUntilIdle(interrupts.early);
      found.push(
        await searchOn(broker, searches, { asked, output, deps, interrupts, warnings, several: brokers.length > 1 }),
      );
    }
    const report = makeCapacityReport({
      tool,
      seed: searches.seed,
      conditions: ["no fault", ...searches.thresholds.map(({ expression }) => expression)],
      repeat: repeatSearch(asked, brokers, searches),
      warnings: [...warnings],
      brokers: found,
    });
    await print(report, outputs, output);
    return interrupts.early.aborted ? 130 : report.exitCode;
  } finally {
    interrupts.close();
    await outputs.discard();
  }
}

/** The brokers to search on; a cluster is one. @throws UsageError where there are nodes and a --url */
function brokersOf(asked: CapacityAsked): readonly BrokerChoice[] {
  if (asked.nodes !== undefined) return [firstNode(asked.nodes, asked)];
  return asked.url.length === 0 ? [embedded] : asked.url;
}

/** @throws UsageError for flags that a search in several parts, or in one process, cannot have */
function checkSearchOver(asked: CapacityAsked, url: readonly BrokerChoice[]): void {
  if (asked.over === undefined && asked.runId !== undefined) {
    throw new UsageError(
      "Cannot use --run-id without --over: each step of a search has a run id of its own; expected --seed to repeat a search",
    );
  }
  checkOver({ ...asked, url } as unknown as FleetFlags);
}

/** @throws UsageError for steps that parts cannot carry out */
function checkStepsOver({ wishes, settings }: Searches, parts: number): void {
  checkRecovery(settings.recoveryMs);
  planOver(stepPlan(wishes, settings, settings.from, { seed: 0, run: "check" }), parts);
}

async function searchesOf(asked: CapacityAsked): Promise<Searches> {
  const values: Readonly<Record<string, unknown>> = { ...asked, password: await passwordOf(asked) };
  const given = optionList.flatMap(([name]) => values[name] === undefined ? [] : [[name, values[name]]]);
  const seed = asked.seed ?? freshSeed();
  // Drawn, not derived from the seed: messages of an earlier search are then no messages of this one.
  const run = freshSeed().toString(36);
  const shard = asked.parts === undefined ? {} : { shard: { number: 1, of: asked.parts } };
  const wishes: FleetWishes = { ...Object.fromEntries(given), seed, run, ...shard };
  const request: CapacityRequest = {
    ...asked,
    stepDurationMs: asked.stepDuration,
    recoveryMs: asked.recovery,
  };
  const settings = capacitySettings(request, wishes);
  const usual = usualThresholds[settings.of].map(parseThreshold);
  return { wishes, settings, thresholds: asked.threshold.length === 0 ? usual : asked.threshold, seed };
}

/** The surroundings of one search. */
interface SearchPlace {
  readonly asked: CapacityAsked;
  readonly output: Output;
  readonly deps: CapacityDeps;
  readonly interrupts: Interrupts;
  readonly warnings: Set<string>;
  readonly several: boolean;
}

async function searchOn(broker: BrokerChoice, searches: Searches, place: SearchPlace): Promise<BrokerCapacity> {
  const { wishes: common, settings, thresholds, seed } = searches;
  const { output: { err }, asked, interrupts, warnings, several } = place;
  const login = { username: broker.endpoint?.username, password: broker.endpoint?.password };
  const wishes: FleetWishes = {
    ...Object.fromEntries(Object.entries(login).filter(([, value]) => value !== undefined)),
    ...common,
  };
  const say = (text: string) => asked.quiet ? undefined : err.write(`${text}\n`);
  if (several) say(`Broker ${broker.name}, ${brokerText(broker)}`);
  const own = { wishes, settings, thresholds, interrupts, warnings, err, deps: place.deps };
  const runs = asked.over === undefined
    ? await openStepRuns(broker, own)
    : await openStepRunsOver(broker.endpoint!.url, { ...asked, name: asked.runId ?? common.run }, own, asked.quiet);
  try {
    const found = await findCapacity(settings, {
      clock: monotonicClock,
      planOf: (load, number) => stepPlan(wishes, settings, load, stepMarks({ seed, run: common.run }, number)),
      run: (step, plan) => runs.run(step, plan),
      pause: (ms) => pause(ms, interrupts.early),
      onStep: (step) => say(stepLine(step, settings)),
      interrupt: interrupts.early,
    });
    if (several) say(`${broker.name}: ${capacityText(found)}`);
    return { ...shownAs(broker, asked), ...found };
  } finally {
    await runs.close();
  }
}

/** The names of a broker in the report; those of a cluster name all its nodes. */
function shownAs(broker: BrokerChoice, { nodes }: CapacityAsked): Pick<BrokerCapacity, "name" | "target"> {
  if (nodes === undefined) return { name: broker.name, target: broker.endpoint?.url ?? embedded.name };
  return { name: nodes.map(({ name }) => name).join("+"), target: nodesText(nodes) };
}

async function print(
  report: CapacityReport,
  outputs: ReportOutputs<CapacityReport>,
  { out, err }: Output,
): Promise<void> {
  const stream = outputs.usesStandardOutput ? err : out;
  const { width, verdictWidth } = roomOn(stream, widest, 0, true);
  const { style } = stream;
  const verdict = capacityVerdict(report, { width: verdictWidth, style });
  const body = capacityBody(report, { width, style });
  await printReport(stream, body, { annotations: "", verdict }, () => outputs.write(report, (form) => out.write(form)));
}
