/**
 * A whole run: pre-flight, squads on their threads, one result.
 */
import process from "node:process";
import { monotonicClock, wallTime } from "../base/clock.ts";
import { netstatCounter, readProc } from "../base/proc_file.ts";
import { UsageError } from "../base/failure.ts";
import { mix } from "../base/random.ts";
import { formatCount } from "../base/units.ts";
import type { ProtocolVersion } from "../mqtt/packet.ts";
import { checkCable } from "../net/cable.ts";
import { chooseEngineFor, type EngineName, engineText } from "../net/engine.ts";
import { readBroker, renewedWithinMs } from "./preflight/broker_counters.ts";
import type { DropCounts } from "./result/drop_counts.ts";
import { securedNodes, securedTarget } from "./preflight/fleet_tls.ts";
import { checkKick } from "./squad/kick/kick_command.ts";
import { Restarts } from "./squad/broker_restart.ts";
import type { FleetHooks } from "./squad/fleet_hooks.ts";
import { checkOutage, OutageCommands } from "./squad/outage_commands.ts";
import { Groups } from "./plan/groups.ts";
import { mergeResults } from "./merge/merge.ts";
import { drawsMode, hasOutage } from "./plan/phases.ts";
import type { FleetPlan, FleetRun } from "./plan/plan.ts";
import { measureFloor } from "./preflight/instrument_floor.ts";
import { awaitBroker, type Awaited, triedText } from "./preflight/await_broker.ts";
import { withCredentials } from "./preflight/read_credentials.ts";
import { checkRefusedLogin } from "./preflight/check_refused_login.ts";
import { checkRoute } from "./preflight/check_route.ts";
import { type Preflight, preflight } from "./preflight/preflight.ts";
import { noCounts } from "./result/will_counts.ts";
import type { FleetResult, Notice, Progress } from "./result/result.ts";
import { withEmptyPasswords } from "./recording/record_header.ts";
import type { RunFacts } from "./result/run_facts.ts";
import { RunRecord, type Usage } from "./recording/run_record.ts";
import { runSquads } from "./squad/run_squads.ts";
import { checkPasswordCommand } from "./preflight/check_password_command.ts";
import { payloadNotice, withPayloads } from "./preflight/read_payloads.ts";
import { bucketsHere, clientsHere, partOf } from "./plan/shard.ts";
import type { SquadResult, SquadTask } from "./result/squad_task.ts";
import { rampNotice, waitNotice } from "./preflight/wait_text.ts";
import { startInstants } from "./plan/start_at.ts";

/**
 * Carries out a plan against a broker.
 *
 * @throws UsageError when the pre-flight finds that the plan cannot be carried out here
 * @throws InvariantError when mqtt-sim itself fails
 */
export async function runFleet(given: FleetRun, hooks: FleetHooks): Promise<FleetResult> {
  const startMs = monotonicClock.nowMs();
  const started = wallTime();
  const startedAt = started.toISOString();
  const before = process.cpuUsage();
  const warnings: string[] = [];
  const record = hooks.record && new RunRecord(hooks.record, startMs);
  const usage = () => resourcesSince(before);
  const notify = ({ level, text }: Notice) => {
    if (level === "warning") {
      warnings.push(text);
      record?.note("warning", monotonicClock.nowMs(), { text });
    }
    hooks.onNotice({ level, text });
  };
  if (hooks.record !== undefined && given.plan.credentials !== undefined) {
    throw new UsageError("Cannot use --record with --credentials: a recording does not have the client identifiers");
  }
  const asked = { ...given, plan: await withPayloads(await withCredentials(given.plan)) };
  const start = startOf(asked, hooks);
  const engine = await chooseEngineFor(asked.target, asked.plan.engine);
  hooks.onStart?.({ engine: engine.name, startMs: started.getTime() });
  const target = await securedTarget(asked.target, asked.plan, notify);
  const run = { ...asked, target, ...await securedNodes(asked.plan, target), engine: engine.name };
  checkRoute(run);
  await checkOutage(run.plan, hooks);
  await checkKick(run.plan, hooks.disconnectClient !== undefined);
  await checkPasswordCommand(run);
  if (drawsMode(run.plan, "vanish")) await checkCable("kill mode vanish");
  const awaited = await awaitIt(run, hooks);
  const flight = await preflight(run, notify);
  // Not before: the fleet refuses an impossible plan in one sentence.
  if (engine.whyNotEpoll !== undefined) notify({ level: "info", text: `Sockets: ${engineText(engine)}.` });
  const facts = (plan: FleetPlan, protocol: RunFacts["protocol"]): RunFacts => ({
    plan,
    protocol,
    target: run.target.url,
    startedAt,
    durationMs: monotonicClock.nowMs() - startMs,
    warnings,
    resources: usage(),
    engine: engine.name,
  });
  const described = { target: run.target.url, engine: engine.name, startedAt };
  const leg = { run, hooks, record, usage, notify, facts, described, startMs, start };
  if (flight.kind === "ready") return await runReady(leg, flight);
  const tried = awaited?.answered === false ? triedText(awaited) : "";
  return await endVoid(leg, { ...flight, reason: flight.reason + tried });
}

/** Waits for a broker that is still starting, where the plan allows it time. */
async function awaitIt(run: FleetRun, { onNotice, onProgress, interrupt }: FleetHooks): Promise<Awaited | undefined> {
  const { waitMs = 0 } = run.plan;
  if (waitMs === 0) return undefined;
  const onWait = (waitedMs: number) =>
    onProgress(progressBefore(run.plan, { phase: "await", phaseMs: waitedMs, phaseOfMs: waitMs }));
  let last: Awaited | undefined;
  for (const target of run.nodes ?? [run.target]) {
    last = await awaitBroker({ ...run, target }, waitMs, { onNotice, onWait, interrupt }, monotonicClock);
    if (!last.answered) break;
  }
  return last;
}

/** The progress of a run whose squads have not begun. */
function progressBefore(plan: FleetPlan, phase: Pick<Progress, "phase" | "phaseMs" | "phaseOfMs">): Progress {
  const none = { alive: 0, connected: 0, killed: 0, wills: 0, p50: NaN, p99: NaN };
  return {
    ...phase,
    ...none,
    clients: clientsHere(plan).count,
    faults: noCounts(),
    instants: { began: {}, restarts: [] },
  };
}

/** A run past its pre-flight. */
interface Leg {
  readonly run: FleetRun & { readonly engine: EngineName };
  readonly hooks: FleetHooks;
  readonly record: RunRecord | undefined;
  readonly usage: () => Usage;
  readonly notify: (notice: Notice) => void;
  readonly facts: (plan: FleetPlan, protocol: RunFacts["protocol"]) => RunFacts;
  /** How a recording begins. */
  readonly described: { readonly target: string; readonly engine: EngineName; readonly startedAt: string };
  readonly startMs: number;
  readonly start: Pick<SquadTask, "startMs">;
}

async function endVoid(
  { run, record, facts, described }: Leg,
  { reason, notSpoken }: Extract<Preflight, { kind: "void" }>,
): Promise<FleetResult> {
  const protocol = run.plan.protocol === "auto" ? "mix" : run.plan.protocol;
  const [found, plan] = [facts(run.plan, protocol), withEmptyPasswords(run.plan)];
  record?.begin({ ...described, plan, protocol, spoken: protocol, broker: [] });
  await record?.end(found, [], monotonicClock.nowMs(), { reason, ...notSpoken && { notSpoken } });
  return { ...mergeResults(found, [], reason), ...notSpoken && { notSpoken } };
}

async function runReady(
  { run, hooks, record, usage, notify, facts, described, startMs, start }: Leg,
  { plan, protocol, broker }: Extract<Preflight, { kind: "ready" }>,
): Promise<FleetResult> {
  await checkRefusedLogin({ ...run, plan }, protocol === "3.1.1" ? 4 : 5);
  const groups = new Groups(plan, protocol);
  const spoken = groups.protocol;
  for (const line of [rampNotice(plan), waitNotice(plan, groups), payloadNotice(groups)]) {
    if (line !== undefined) notify(line);
  }
  const version = spoken === "3.1.1" ? 4 : 5;
  const { dropped: counted, name } = plan.skipBrokerCounters ? {} : await readBroker(run, version, false);
  const runner = hooks.outage ?? new OutageCommands(run.plan, hooks.restartBroker, notify);
  const restarts = new Restarts(run, version, runner, notify);
  // A broker has mostly reset its counters with its restart.
  const droppedBefore = hasOutage(plan) ? undefined : counted;
  const named = name !== undefined && { brokerName: name };
  if (record !== undefined) hooks.onNotice({ level: "info", text: recordedText });
  const measured = await measureFloor(described.engine);
  const floor = measured && { floor: measured.hdr };
  record?.begin({ ...described, ...floor, plan: withEmptyPasswords(plan), protocol, spoken, broker, ...named });
  const tasks = tasksOf({ ...run, plan }, protocol, startMs).map((task) => ({ ...task, ...start }));
  const synsBefore = synsAgain();
  const watched = new WatchedProgress(hooks, measured && { floorMs: { p50: measured.p50Ms, p99: measured.p99Ms } });
  const squads = await runSquads(tasks, { hooks: watched.hooks, record, usage, restarts })
    .finally(() => restarts.restore());
  const syns = record === undefined ? synsSince(synsBefore) : {};
  const fromMs = Math.round(monotonicClock.nowMs() - startMs);
  const { aborted } = watched;
  const dropped = await droppedSince(run, version, droppedBefore, squads, (ms) => watched.tellCounters(fromMs, ms));
  const toMs = Math.round(monotonicClock.nowMs() - startMs);
  const waited = toMs - fromMs >= worthAStageMs;
  if (dropped !== undefined) record?.note("dropped", startMs + toMs, { ...dropped, ...waited && { fromMs } });
  if (aborted !== undefined) record?.note("aborted", monotonicClock.nowMs(), { text: aborted });
  const counters = waited && { counters: { fromMs, toMs } };
  const says = {
    ...dropped && { dropped, ...counters },
    ...aborted !== undefined && { aborted },
    ...name !== undefined && { broker: name },
    ...syns,
    ...floor,
  };
  const found = { ...facts(plan, spoken), ...says, ...restarts.found(startMs) };
  const lost = await record?.end(found, squads, monotonicClock.nowMs()) ?? 0;
  if (lost > 0) hooks.onNotice({ level: "warning", text: lostText(lost) });
  return mergeResults(found, squads);
}

/** A recording gives the same report again, so that a recorded run has no figure that it lacks. */
const recordedText = "With --record the report has no connect times and no memory for each client.";

/** By the clock of the squads, where the run is to start at an instant. */
function startOf({ startAt, plan }: FleetRun, { onNotice }: FleetHooks): Pick<SquadTask, "startMs"> {
  if (startAt === undefined) return {};
  const startMs = startInstants(startAt, plan, { wall: wallTime(), monotonicMs: monotonicClock.nowMs() });
  onNotice({ level: "info", text: `Waiting until ${startAt.toISOString()} to connect.` });
  return { startMs };
}

function lostText(lost: number): string {
  return `the recording has a gap and proves nothing: ${formatCount(lost)} events were lost because they could ` +
    "not be written fast enough";
}

/** A recording lacks these counters, and a replay must give the same result: so the run does not read them then. */
function synsSince(before: number | undefined): Pick<RunFacts, "synsAgain"> {
  const after = synsAgain();
  return before === undefined || after === undefined ? {} : { synsAgain: after - before };
}

/** SYNs that this machine has sent again so far: an accept queue that overflows shows in them. */
function synsAgain(): number | undefined {
  const text = readProc("/proc/net/netstat");
  return text === undefined ? undefined : netstatCounter(text, "TcpExt", "TCPSynRetrans");
}

/** The last progress of the squads, and why `abortOn` ended the run. */
class WatchedProgress {
  readonly hooks: FleetHooks;
  readonly #report: (progress: Progress) => void;
  #last: Progress | undefined;
  aborted: string | undefined;

  /** @param more what each progress has in addition */
  constructor(hooks: FleetHooks, more: Pick<Progress, "floorMs"> = {}) {
    const abort = new AbortController();
    this.#report = (progress) => hooks.onProgress({ ...progress, ...more });
    const onProgress = (progress: Progress) => {
      this.#last = progress;
      // The squads are over, and the broker's counters may come yet.
      if (progress.phase !== "done") this.#report(progress);
      if (this.aborted !== undefined) return;
      this.aborted = hooks.abortOn?.(progress);
      if (this.aborted !== undefined) abort.abort();
    };
    const interrupt = hooks.interrupt === undefined ? abort.signal : AbortSignal.any([hooks.interrupt, abort.signal]);
    this.hooks = { ...hooks, onProgress, interrupt, onNotice: (notice) => hooks.onNotice(notice) };
  }

  /** The run reads the counters of the broker since an instant of it. */
  tellCounters(fromMs: number, phaseMs: number): void {
    if (this.#last === undefined) return;
    const { began, restarts } = this.#last.instants;
    const instants = { began: { ...began, counters: fromMs }, restarts };
    this.#report({ ...this.#last, phase: "counters", phaseMs, phaseOfMs: renewedWithinMs, instants });
  }
}

/**
 * How many messages the broker reports as dropped; where wills are missing, waits for its latest report.
 *
 * @param onWait receives the milliseconds of that wait, a few times a second
 */
async function droppedSince(
  run: FleetRun,
  version: ProtocolVersion,
  before: number | undefined,
  squads: readonly SquadResult[],
  onWait: (waitedMs: number) => void,
): Promise<DropCounts | undefined> {
  if (before === undefined) return undefined;
  const missing = squads.some(({ tally }) => Object.values(tally.byMode).some((counts) => counts.missing > 0));
  const startMs = monotonicClock.nowMs();
  const tell = () => onWait(monotonicClock.nowMs() - startMs);
  const timer = missing ? setInterval(tell, waitToldEveryMs) : undefined;
  if (missing) tell();
  const { dropped: after } = await readBroker(run, version, missing).finally(() => clearInterval(timer));
  return after === undefined ? undefined : { before, after };
}

/** Shorter waits for the broker's counters are no stage of a run, in milliseconds. */
const worthAStageMs = 1_000;
/** Interval of the progress reports during the wait for the broker's counters, in milliseconds. */
const waitToldEveryMs = 200;

/** The number that separates the draw of the kills from others of the same seed. */
const killDraw = 0;

/** Cuts the shard of this process into squads of even size, each with its own watchers. */
export function tasksOf(
  { plan, target, nodes, engine }: FleetRun,
  protocol: SquadTask["protocol"],
  originMs = 0,
): SquadTask[] {
  return Array.from({ length: plan.workers }, (_, number) => {
    const { first: firstClient, count: clients } = partOf(clientsHere(plan), plan.workers, number);
    const { first: firstBucket, count: buckets } = partOf(bucketsHere(plan), plan.workers, number);
    const seed = mix(plan.seed, killDraw);
    return {
      plan,
      target,
      nodes,
      engine,
      protocol,
      number,
      firstClient,
      clients,
      firstBucket,
      buckets,
      seed,
      originMs,
    };
  });
}

function resourcesSince(before: { user: number; system: number }): FleetResult["resources"] {
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1_000, rssBytes: Deno.memoryUsage().rss };
}
