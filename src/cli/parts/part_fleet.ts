/** The fleet of one part: the plan of the coordinator with the part's own secrets and addresses, and the report. */
import { monotonicClock, wallTime } from "../../base/clock.ts";
import { InvariantError, UsageError } from "../../base/failure.ts";
import { makePlan } from "../../fleet/plan/make_plan.ts";
import type { FleetPlan, FleetRun } from "../../fleet/plan/plan.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";
import { checkMachine } from "../../fleet/preflight/preflight.ts";
import type { Notice } from "../../fleet/result/result.ts";
import { runFleet } from "../../fleet/run_fleet.ts";
import type { Commanded } from "../../fleet/squad/outage_commands.ts";
import { parseEndpoint } from "../../net/endpoint.ts";
import type { PartIdentity, PartsTask, StepDone } from "../../parts/message.ts";
import type { Part } from "../../parts/part.ts";
import type { Rendezvous } from "../../parts/rendezvous.ts";
import { storeReport } from "../../parts/report_store.ts";
import { makeReport, type Report, type ReportContext } from "../../report/model/report.ts";
import { foreignFlag } from "../over/foreign_values.ts";
import { passwordOf } from "../fleet/fleet_request.ts";
import { withAwsCredentials } from "../process/environment.ts";
import { CoreMeter } from "../process/core_meter.ts";
import { programName } from "../process/invocation.ts";
import type { Output } from "../process/output.ts";
import { tool } from "../process/tool.ts";
import { openPartFiles } from "./part_files.ts";
import type { PartFlags } from "./part_flags.ts";

export class PartFleet {
  readonly #flags: PartFlags;
  readonly #rendezvous: Rendezvous;
  readonly #output: Output;
  readonly #interrupt = new AbortController();
  readonly #gate = Promise.withResolvers<number>();
  /** Resolves the wait for an action on the broker. */
  #act: ((done: Commanded) => void) | undefined;
  readonly #meter = new CoreMeter();
  #saves = false;
  /** The report of the part, once its fleet is over. */
  report: Report | undefined;

  constructor(flags: PartFlags, rendezvous: Rendezvous, output: Output) {
    this.#flags = flags;
    this.#rendezvous = rendezvous;
    this.#output = output;
  }

  /** Compares the limits of this machine with the share of the part; returns why it does not fit. */
  check(task: PartsTask, number: number, of: number): string | undefined {
    this.#say({
      level: "info",
      text: `Part ${number} of ${of} of run ${task.plan.run}, on ${this.#flags.url?.url ?? task.url}`,
    });
    try {
      checkMachine(this.#runOf(task, number, of, undefined), (notice) => this.#say(notice));
      return undefined;
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
  }

  /** Connects the clients, and kills them once the gate is open. */
  run(machine: Part, task: PartsTask, number: number, of: number): void {
    this.#carryOut(machine, task, number, of).catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      machine.broke(error.message, 2, monotonicClock.nowMs());
    });
  }

  async #carryOut(machine: Part, task: PartsTask, number: number, of: number): Promise<void> {
    const run = this.#runOf(task, number, of, await passwordOf(this.#flags) ?? this.#flags.url?.password);
    const context: ReportContext = {
      ...{ tool, program: programName(), embedded: false, runIdAsked: true, thresholds: task.thresholds },
      ...this.#flags.passwordFile !== undefined && { passwordFile: this.#flags.passwordFile },
    };
    const files = await openPartFiles(this.#flags, { run: this.#flags.run, part: number }, context);
    const result = await runFleet(run, {
      ...files.hooks,
      onProgress: (progress) => {
        this.#meter.take(progress);
        machine.progress(progress);
      },
      onNotice: (notice) => {
        this.#say(notice);
        machine.notice(notice);
      },
      detail: task.detail,
      interrupt: this.#interrupt.signal,
      gate: () => {
        machine.connected(monotonicClock.nowMs());
        return this.#gate.promise;
      },
      outage: { run: (step, over) => this.#runStep(machine, step, over) },
    }).catch(async (error) => {
      await files.discard();
      throw error;
    });
    const report = makeReport(result, context);
    await files.finish(report);
    this.report = { ...report, run: { ...report.run, startedAt: byCoordinator(report.run.startedAt, machine, task) } };
    machine.finished(result.kills.total === 0 ? result.reason : undefined, monotonicClock.nowMs());
  }

  /** Waits until the coordinator has carried out an action on the broker. */
  #runStep(machine: Part, step: number, over: AbortSignal): Promise<Commanded> {
    return new Promise((resolve) => {
      this.#act = resolve;
      const early = () => resolve({ kind: "failed", sentence: "the run ended before the broker was restarted" });
      over.addEventListener("abort", early, { once: true });
      if (over.aborted) early();
      machine.atStep(step, monotonicClock.nowMs());
    });
  }

  /** The coordinator has carried out the action that the fleet waits for. */
  acted(done: StepDone): void {
    this.#act?.("fault" in done ? { kind: "failed", sentence: done.fault } : { kind: "done", ...timesOf(done) });
    this.#act = undefined;
  }

  /** Lets the fleet kill from this instant on. */
  go(killMs: number): void {
    this.#gate.resolve(killMs);
  }

  interrupt(): void {
    this.#interrupt.abort();
  }

  /** Stores the report; the machine calls this again while the store is unavailable. */
  save(machine: Part, who: PartIdentity): void {
    const { report } = this;
    if (report === undefined) throw new InvariantError("a part without a report stores it");
    if (this.#saves) return;
    this.#saves = true;
    const { part, of } = machine.seat!;
    const facts = {
      ...machine.offset && { clock: machine.offset },
      ...machine.lateMs !== undefined && { lateMs: machine.lateMs },
      ...this.#meter.cores !== undefined && { coresPerWorker: this.#meter.cores / report.plan.workers },
    };
    storeReport(this.#rendezvous, this.#flags.run, { who, part, of, ...facts, report }).then(() => true, () => false)
      .then((isStored) => {
        this.#saves = false;
        machine.saved(isStored, monotonicClock.nowMs());
      });
  }

  #runOf({ plan, url }: PartsTask, number: number, of: number, password: string | undefined): FleetRun {
    const foreign = foreignFlag(plan);
    if (foreign !== undefined) {
      throw new UsageError(
        `Cannot use ${foreign} of the coordinator: expected commands and files as flags of this part`,
      );
    }
    const whole = makePlan({
      ...plan,
      ...ownValues(this.#flags),
      shard: { number, of },
      ...password !== undefined && { password },
    });
    if (whole.nodes !== undefined && this.#flags.url !== undefined) {
      throw new UsageError(
        `Cannot use --url ${this.#flags.url.url} in a run on a cluster: expected the --node of the coordinator for each part`,
      );
    }
    const target = this.#flags.url ?? parseEndpoint(url);
    return { plan: whole, target: withAwsCredentials(target, whole), brokerInProcess: false };
  }

  #say({ level, text }: Notice): void {
    if (level === "warning") this.#output.err.write(`warning: ${text}\n`);
    else if (!this.#flags.quiet) this.#output.err.write(`${text}\n`);
  }
}

/** The values of the plan that flags of the part name. */
function ownValues(flags: PartFlags): Partial<FleetPlan> {
  const given = flags as unknown as Readonly<Record<string, unknown>>;
  const names = optionList.map(([name]) => name).filter((name) => name !== "run" && name !== "password");
  return Object.fromEntries(names.flatMap((name) => given[name] === undefined ? [] : [[name, given[name]]]));
}

function timesOf(
  { fromMs, commandMs }: Extract<StepDone, { fromMs: number }>,
): Omit<Commanded & { kind: "done" }, "kind"> {
  return { fromMs, ...commandMs !== undefined && { commandMs } };
}

/** An instant of this machine's wall clock, by the clock of the coordinator. */
function byCoordinator(startedAt: string, { offset }: Part, { epochMs }: PartsTask): string {
  if (offset === undefined) return startedAt;
  const monotonicMs = Date.parse(startedAt) - (wallTime().getTime() - monotonicClock.nowMs());
  return new Date(epochMs + monotonicMs + offset.offsetMs).toISOString();
}
