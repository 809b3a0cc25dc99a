/**
 * `mqtt-sim fleet`: flags → plan → run → report → exit code.
 */
import { UsageError } from "../../base/failure.ts";
import { monotonicClock } from "../../base/clock.ts";
import { makePlan } from "../../fleet/plan/make_plan.ts";
import { restartsBroker } from "../../fleet/plan/phases.ts";
import type { FleetPlan, FleetRun } from "../../fleet/plan/plan.ts";
import type { FleetResult, Notice, Progress } from "../../fleet/result/result.ts";
import type { FleetHooks } from "../../fleet/squad/fleet_hooks.ts";
import { runFleet } from "../../fleet/run_fleet.ts";
import type { RecordSink } from "../../fleet/recording/run_record.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import type { EngineChoice } from "../../net/engine.ts";
import { type Live, openLive } from "../../report/terminal/live.ts";
import { whyItFails } from "../../report/model/abort_on_fail.ts";
import { applyThresholds } from "../../report/model/threshold.ts";
import { makeReport, type Report, type ReportContext } from "../../report/model/report.ts";
import { reportAnnotations } from "../../report/export/annotations.ts";
import { reportBody, reportVerdict } from "../../report/terminal/text.ts";
import { aborted, type Interrupts, openInterrupts } from "../process/interrupt.ts";
import type { Output, Stream } from "../process/output.ts";
import { openRecordFile, type RecordFile } from "./record_file.ts";
import { openRunOutputs, type ReportOutputs, reportPlaces } from "../report/report_outputs.ts";
import { withBrokerName } from "../report/comparison_outputs.ts";
import { printReport, roomOn } from "../report/print_report.ts";
import { type BrokerChoice, brokerText, embedded } from "./broker_choice.ts";
import type { RunViews } from "./run_view.ts";
import { openRunViews } from "./run_views.ts";
import { type EmbeddedBroker, startEmbedded } from "./embedded_broker.ts";
import { type IdleWait, waitUntilIdle } from "./wait_until_idle.ts";
import { programName } from "../process/invocation.ts";
import { withAwsCredentials } from "../process/environment.ts";
import { tool } from "../process/tool.ts";
import type { FleetFlags } from "./fleet_flags.ts";
import {
  checkRestartFlags,
  checkTlsFlags,
  type FlagsWithScenario,
  fleetRequest,
  withScenario,
} from "./fleet_request.ts";
import { checkOver, planOver, runOver } from "./fleet_over.ts";
import { fleetOnSeveral, type RunOn } from "./fleet_several.ts";

/** The dependencies of the command; a test may replace them. */
export interface FleetDeps {
  runFleet(run: FleetRun, hooks: FleetHooks): Promise<FleetResult>;
  /** `restarts`: the run restarts it. */
  startBroker(onWarning: (text: string) => void, engine: EngineChoice, restarts: boolean): Promise<EmbeddedBroker>;
  openInterrupts(): Interrupts;
  /** Waits between two brokers. */
  waitUntilIdle(interrupt: AbortSignal): Promise<IdleWait>;
}

/** The same for one run. */
type RunDeps = FleetDeps & {
  readonly hooks: Pick<FleetHooks, "onLives" | "detail" | "onStart" | "onFaults">;
  /** Prints and writes the report, before the final metrics are served. */
  readonly tell?: (report: Report) => Promise<void>;
};

const realDeps: FleetDeps = {
  runFleet,
  openInterrupts,
  waitUntilIdle: (interrupt) => waitUntilIdle(monotonicClock, interrupt),
  startBroker: startEmbedded,
};

/** Widest text of a report. */
const widest = 100;
/** The time limit for a run's result after the request to end at once. */
const lastGraceMs = 3_000;

/**
 * Runs a fleet and writes its report; returns the exit code.
 *
 * @throws UsageError when the request cannot be carried out
 */
export async function fleet(asked: FleetFlags, output: Output, deps: FleetDeps = realDeps): Promise<number> {
  const read = await withScenario(asked);
  checkOver(read);
  const { url: brokers } = read;
  const flags = brokers.length > 1 ? read : withBrokerName(read, (brokers[0] ?? embedded).name);
  if (brokers.length > 1 && flags.startAt !== undefined) {
    throw new UsageError(
      `Cannot use --start-at with ${brokers.length} brokers, one after the other: expected one --url`,
    );
  }
  const run: RunOn = (broker, plan, interrupts, onLives, record) =>
    runOn(broker, plan, flags, output, interrupts, { ...deps, hooks: livesHook(onLives) }, record);
  if (brokers.length > 1) return await fleetOnSeveral(flags, brokers, output, deps, run);
  const [broker = embedded] = brokers;
  const request = await fleetRequest(flags, broker);
  const plan = flags.over === undefined ? makePlan(request) : planOver(request, flags.parts!);
  const outputs = await openRunOutputs(flags, (text) => output.out.write(text));
  const interrupts = deps.openInterrupts();
  let record: RecordFile | undefined;
  try {
    if (flags.record !== undefined) record = await openRecordFile(flags.record, reportPlaces(flags));
    const runDeps = {
      ...deps,
      hooks: livesHook(outputs.onLives),
      tell: (report: Report) => tell(report, output, flags, outputs, record),
    };
    const report = await runOn(broker, plan, flags, output, interrupts, runDeps, record);
    if (report === undefined) {
      output.err.write("Ended at once: the run made no report.\n");
      return 130;
    }
    return report.exitCode;
  } finally {
    interrupts.close();
    await outputs.discard();
    await record?.close();
  }
}

function viewHooks({ detail, faults, start }: RunViews): Pick<FleetHooks, "detail" | "onStart" | "onFaults"> {
  return { detail, onStart: start, ...faults && { onFaults: faults } };
}

/** Notices after the end of the live output; only warnings with `--quiet`. */
function printNotices(notices: readonly Notice[], err: Stream, quiet = false): void {
  for (const { level, text } of notices) {
    if (level === "warning") err.write(`warning: ${text}\n`);
    else if (!quiet) err.write(`${text}\n`);
  }
}

function livesHook(onLives: FleetHooks["onLives"]): Pick<FleetHooks, "onLives"> {
  return onLives === undefined ? {} : { onLives };
}

/** One run on one broker; undefined when the user ended it at once and no result came in time. */
async function runOn(
  broker: BrokerChoice,
  plan: FleetPlan,
  flags: FlagsWithScenario,
  output: Output,
  interrupts: Interrupts,
  deps: RunDeps,
  record?: RecordFile,
): Promise<Report | undefined> {
  checkRestartFlags(flags, broker, plan);
  checkTlsFlags(plan, broker);
  const live = openLive({ ...screenOf(output.err), clock: monotonicClock }, flags.quiet ?? false);
  const run = { plan, target: brokerText(broker), tool, thresholds: flags.threshold };
  const views = await openRunViews(flags, run, monotonicClock, (notice) => live.notice(notice));
  const context = contextOf(flags, broker);
  const sink = record && { context, write: (lines: string) => record.write(lines) };
  try {
    const asked = { plan, ...flags.startAt && { startAt: flags.startAt.at } };
    const abortOn = flags.abortOnFail ? { abortOn: (now: Progress) => whyItFails(now, flags.threshold) } : {};
    const hooks = { ...deps.hooks, ...abortOn, ...viewHooks(views) };
    const seen = alsoSeen(live, views);
    const report = flags.over === undefined
      ? reportOf(await runOnTarget(asked, broker, seen, interrupts, { ...deps, hooks }, sink), context, flags)
      : await runOnParts(plan, broker, flags, seen, interrupts, { ...abortOn, detail: views.detail }, context);
    if (report === undefined) return undefined;
    views.finish(report);
    printNotices(await views.flush(interrupts.atOnce), output.err, flags.quiet);
    if (views.lingers !== undefined) printNotices([{ level: "info", text: views.lingers }], output.err, flags.quiet);
    await deps.tell?.(report);
    await views.linger(interrupts.early.aborted ? interrupts.atOnce : interrupts.early);
    return report;
  } finally {
    await views.close();
  }
}

function reportOf(result: FleetResult | undefined, context: ReportContext, flags: FleetFlags): Report | undefined {
  return result && applyThresholds(makeReport(result, context), flags.threshold);
}

/** Runs in several processes; undefined when the user ended the run at once. */
async function runOnParts(
  plan: FleetPlan,
  broker: BrokerChoice,
  flags: FleetFlags,
  live: Live,
  interrupts: Interrupts,
  more: Pick<FleetHooks, "abortOn"> & { readonly detail: boolean },
  context: ReportContext,
): Promise<Report | undefined> {
  const { progress: onProgress, notice: onNotice } = live;
  const hooks = { onProgress, onNotice, interrupt: interrupts.early, ...more };
  const atOnce = aborted(interrupts.atOnce).then(() => undefined);
  try {
    return await Promise.race([runOver(plan, broker, flags, hooks, context), atOnce]);
  } finally {
    live.end();
  }
}

/** Sends the terminal's content to the web views. */
function alsoSeen(live: Live, views: RunViews): Live {
  for (const text of views.notices) live.notice({ level: "info", text });
  return {
    progress: (progress) => {
      live.progress(progress);
      views.progress(progress);
    },
    notice: (notice) => live.notice(notice),
    end: () => live.end(),
  };
}

/** Runs on the named broker, or on the embedded one. */
async function runOnTarget(
  asked: Pick<FleetRun, "plan" | "startAt">,
  { endpoint }: BrokerChoice,
  live: Live,
  interrupts: Interrupts,
  deps: RunDeps,
  record: RecordSink | undefined,
): Promise<FleetResult | undefined> {
  let broker: EmbeddedBroker | undefined;
  try {
    if (endpoint !== undefined) {
      const target = withAwsCredentials(endpoint, asked.plan);
      return await run({ ...asked, target }, undefined, live, interrupts, deps, record);
    }
    const warn = (text: string) => live.notice({ level: "warning", text });
    broker = await deps.startBroker(warn, asked.plan.engine, restartsBroker(asked.plan));
    const crash = broker.crash.then((error) => Promise.reject(error));
    const target = parseEndpoint(broker.url);
    return await Promise.race([crash, run({ ...asked, target }, broker, live, interrupts, deps, record)]);
  } finally {
    live.end();
    if (!interrupts.atOnce.aborted) await broker?.stop();
  }
}

/** The result, or undefined when the user ended the run at once and none came in time. */
function run(
  asked: Omit<FleetRun, "brokerInProcess">,
  own: EmbeddedBroker | undefined,
  live: Live,
  interrupts: Interrupts,
  deps: RunDeps,
  record: RecordSink | undefined,
): Promise<FleetResult | undefined> {
  const hooks = {
    onProgress: live.progress.bind(live),
    onNotice: (notice: Notice) => live.notice(notice),
    ...deps.hooks,
    interrupt: interrupts.early,
    stop: interrupts.atOnce,
    ...record && { record },
    ...own && { disconnectClient: own.disconnectClient.bind(own) },
    ...own?.restart && { restartBroker: own.restart.bind(own) },
  };
  let over = false;
  void aborted(interrupts.early).then(() => {
    // A signal after the run ends --metrics-linger.
    if (!over) live.notice({ level: "info", text: "Ending early; Ctrl-C again ends at once." });
  });
  const givenUp = aborted(interrupts.atOnce).then(() => passed(lastGraceMs));
  const found = deps.runFleet({ ...asked, brokerInProcess: own !== undefined }, hooks);
  return Promise.race([found, givenUp]).finally(() => over = true);
}

function passed(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    Deno.unrefTimer(setTimeout(() => resolve(undefined), ms));
  });
}

/** The inputs of a report besides the result. */
function contextOf(flags: FlagsWithScenario, { endpoint }: BrokerChoice): ReportContext {
  return {
    tool,
    program: programName(),
    embedded: endpoint === undefined,
    ...(flags.read?.brokers.length ?? 0) > 0 && { scenarioHasBrokers: true },
    runIdAsked: flags.run !== undefined,
    thresholds: flags.threshold.map(({ expression }) => expression),
    ...(flags.passwordFile === undefined ? {} : { passwordFile: flags.passwordFile }),
  };
}

/** Writes the text, the files and the verdict. */
async function tell(
  report: Report,
  { out, err }: Output,
  flags: FlagsWithScenario,
  outputs: ReportOutputs,
  record: RecordFile | undefined,
): Promise<void> {
  const stream = outputs.usesStandardOutput ? err : out;
  const files = reportPlaces(flags).length + (record === undefined ? 0 : 1);
  const { style } = stream;
  const { width, verdictWidth, rows } = roomOn(stream, widest, files, flags.verbose ?? false);
  const body = reportBody(report, { width, style, ...rows !== undefined && { rows } });
  const annotations = flags.annotations === undefined ? "" : reportAnnotations(report);
  const last = { annotations, verdict: reportVerdict(report, { width: verdictWidth, style }) };
  await printReport(stream, body, last, async () => {
    const written = await outputs.write(report, (form) => out.write(form));
    if (record === undefined) return written;
    await record.close();
    return [...written, `Recording: ${record.path}`];
  });
}

function screenOf(stream: Stream) {
  return {
    style: stream.style,
    write: (text: string) => stream.draw(text),
    columns: () => stream.moves ? stream.columns() : undefined,
  };
}
