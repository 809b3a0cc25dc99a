/**
 * `mqtt-sim fleet` on several brokers: the same plan on each, one after the other, with a report for each, and a
 * comparison of all.
 */
import { UsageError } from "../../base/failure.ts";
import { makePlan } from "../../fleet/plan/make_plan.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { NotSpokenError } from "../../fleet/preflight/negotiate_protocol.ts";
import { checkNames, type ComparedBroker, comparedRun, makeComparison } from "../../report/model/comparison.ts";
import type { FleetHooks } from "../../fleet/squad/fleet_hooks.ts";
import type { Report } from "../../report/model/report.ts";
import { type BrokerChoice, brokerText } from "./broker_choice.ts";
import {
  type ComparisonOutputs,
  comparisonPlaces,
  openComparisonOutputs,
  placeFor,
  placeholder,
} from "../report/comparison_outputs.ts";
import { printComparison, type TextFlags } from "../report/print_report.ts";
import type { Interrupts } from "../process/interrupt.ts";
import type { Output } from "../process/output.ts";
import { openRecordFile, type RecordFile } from "./record_file.ts";
import type { IdleWait } from "./wait_until_idle.ts";
import { tool } from "../process/tool.ts";
import { checkRestartFlags, type FlagsWithScenario, fleetRequest } from "./fleet_request.ts";

/** Runs on one broker; undefined when the user ended the run at once and no result came in time. */
export type RunOn = (
  broker: BrokerChoice,
  plan: FleetPlan,
  interrupts: Interrupts,
  onLives: FleetHooks["onLives"] | undefined,
  record: RecordFile | undefined,
) => Promise<Report | undefined>;

/** The dependencies of the comparison. */
export interface SeveralDeps {
  openInterrupts(): Interrupts;
  waitUntilIdle(interrupt: AbortSignal): Promise<IdleWait>;
}

/**
 * Runs on each broker in turn, and writes the comparison; returns the worst exit code.
 *
 * @throws UsageError when the request cannot be carried out on any of them
 */
export async function fleetOnSeveral(
  flags: FlagsWithScenario,
  brokers: readonly BrokerChoice[],
  output: Output,
  deps: SeveralDeps,
  run: RunOn,
): Promise<number> {
  const names = brokers.map(({ name }) => name);
  checkNames(names);
  if (flags.shard !== undefined) {
    throw new UsageError(
      "Cannot use --shard with several brokers: the shards start together only on the first broker; " +
        "expected one --url",
    );
  }
  if (flags.record !== undefined && !flags.record.includes(placeholder)) {
    throw new UsageError(
      `Cannot record the runs of several brokers to "${flags.record}": expected a file for each, by a name such as ` +
        `${placeholder}-${flags.record.replace(/^.*\//, "")}`,
    );
  }
  const plans = await plansOf(flags, brokers);
  for (const [place, broker] of brokers.entries()) checkRestartFlags(flags, broker, plans[place]!);
  const records = new Map<string, RecordFile>();
  const outputs = await openComparisonOutputs(flags, names);
  const interrupts = deps.openInterrupts();
  const compared: ComparedBroker[] = [];
  const refused: UsageError[] = [];
  const faults: UsageError[] = [];
  const tell = (text: string) => flags.quiet ? undefined : output.err.write(`${text}\n`);
  try {
    await openRecords(flags, names, records);
    for (const [place, broker] of brokers.entries()) {
      if (place > 0) await settleBefore(broker, deps, interrupts, output, tell);
      tell(`Broker ${place + 1} of ${brokers.length}: ${broker.name}, ${brokerText(broker)}`);
      const found = await runOne(
        broker,
        interrupts,
        refused,
        () => run(broker, plans[place]!, interrupts, outputs.onLivesOf(broker.name), records.get(broker.name)),
      );
      if (found.report !== undefined) (await outputs.writeOne(broker.name, found.report)).forEach(tell);
      await closeRecord(records.get(broker.name), tell, faults);
      tell(`${broker.name}: ${found.outcome}, ${found.reason}`);
      compared.push(found);
    }
    if (refused.length === brokers.length) throw refused[0];
    const exitCode = await finish(compared, output, outputs, flags);
    if (faults.length > 0) throw faults[0];
    return exitCode;
  } finally {
    interrupts.close();
    await outputs.discard();
    for (const record of records.values()) await record.close();
  }
}

/** A recording for each, all found writable before the first run. */
async function openRecords(flags: FlagsWithScenario, names: readonly string[], records: Map<string, RecordFile>) {
  if (flags.record === undefined) return;
  const taken = comparisonPlaces(flags, names);
  for (const name of names) {
    const path = placeFor(flags.record, name);
    records.set(name, await openRecordFile(path, taken));
    taken.push(path);
  }
}

/** A recording that could not be written does not keep the other brokers from their run. */
async function closeRecord(
  record: RecordFile | undefined,
  tell: (text: string) => void,
  faults: UsageError[],
): Promise<void> {
  if (record === undefined) return;
  try {
    await record.close();
    tell(`Recording: ${record.path}`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    faults.push(error);
  }
}

/** The same plan for each, but for the run's name and the login; the seed is drawn once. */
async function plansOf(flags: FlagsWithScenario, brokers: readonly BrokerChoice[]): Promise<FleetPlan[]> {
  const plans: FleetPlan[] = [];
  for (const broker of brokers) {
    plans.push(makePlan(await fleetRequest({ ...flags, seed: plans[0]?.seed ?? flags.seed }, broker)));
  }
  return plans;
}

async function settleBefore(
  { name }: BrokerChoice,
  deps: SeveralDeps,
  { early }: Interrupts,
  output: Output,
  tell: (text: string) => void,
): Promise<void> {
  if (early.aborted) return;
  const { quiet, afterMs } = await deps.waitUntilIdle(early);
  const after = `${(afterMs / 1_000).toFixed(1)}s`;
  if (quiet) tell(`This machine was idle after ${after}`);
  else if (!early.aborted) {
    output.err.write(
      `warning: this machine was not idle within ${after}: other load may affect the results of ${name}\n`,
    );
  }
}

/** A failure with one broker does not prevent the runs on the others. */
async function runOne(
  broker: BrokerChoice,
  { early }: Interrupts,
  refused: UsageError[],
  run: () => Promise<Report | undefined>,
): Promise<ComparedBroker> {
  const without = (outcome: ComparedBroker["outcome"], reason: string): ComparedBroker => ({
    name: broker.name,
    target: broker.endpoint?.url ?? "embedded",
    outcome,
    reason,
  });
  if (early.aborted) return without("skipped", "not run: the comparison ended earlier");
  try {
    const report = await run();
    if (report === undefined) return without("skipped", "ended at once: the run made no report");
    return comparedRun(broker.name, report);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error instanceof NotSpokenError) return without("not spoken", error.message);
    refused.push(error);
    return without("void", error.message);
  }
}

/** Writes the text, the files and the verdict. */
async function finish(
  compared: readonly ComparedBroker[],
  { out, err }: Output,
  outputs: ComparisonOutputs,
  flags: TextFlags,
): Promise<number> {
  const comparison = makeComparison(compared, tool);
  const stream = outputs.usesStandardOutput ? err : out;
  await printComparison(
    stream,
    comparison,
    outputs.count,
    flags,
    () => outputs.write(comparison, (form) => out.write(form)),
  );
  return comparison.exitCode;
}
