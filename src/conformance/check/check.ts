/**
 * A check: the control arm first, then all cases that need only the broker side by side, then those that restart it,
 * which share one restart. A case that fails beside others runs once more, alone, and that outcome counts.
 */
import { wallTime } from "../../base/clock.ts";
import { freshSeed, Random } from "../../base/random.ts";
import { formatMs } from "../../base/units.ts";
import type { EngineName } from "../../net/engine.ts";
import { insecureText } from "../../net/secured_endpoint.ts";
import { Availability } from "./availability.ts";
import { type Bounds, boundsOf } from "../model/bounds.ts";
import type { BrokerFacts } from "../case/case.ts";
import { type Attempt, CaseRunner } from "./case_runner.ts";
import type { ConformanceHooks, ConformanceRun } from "./conformance_run.ts";
import { type Controlled, runControl, unproved } from "./control.ts";
import { LagWatch } from "./lag_watch.ts";
import { CaseOver } from "../model/outcome.ts";
import { Outages } from "./outages.ts";
import { Pacer } from "../context/pacer.ts";
import { type Protocol, protocols } from "../model/protocol.ts";
import type { CaseResult, ConformanceResult } from "../case/result.ts";
import type { CaseRun } from "./select.ts";
import { SharedRestart } from "./shared_restart.ts";
import { SideResults } from "./side_results.ts";
import { countsOf, verdictOf } from "./verdict.ts";
import type { TimedWorld } from "../../net/world.ts";

/** Where it happens. */
export interface Place {
  readonly world: TimedWorld;
  /** Absent where the world does not use sockets. */
  readonly engine?: EngineName;
}

/** A case that failed beside others, and must run alone. */
interface Retry {
  readonly run: CaseRun;
  readonly reason: string;
  readonly lateMs: number;
}

/** How often a case is run again that the broker refused something of for its load. */
const refusedRuns = 2;
/** So long after a case that may end the broker it is looked whether it is still there, in milliseconds. */
const trialMs = 300;
const lookEveryMs = 20;
/** Cases at a time once the broker has refused a CONNECT for its load. */
const pacedParallel = 8;

export class Check {
  readonly #run: ConformanceRun & { readonly parallel: number };
  readonly #hooks: ConformanceHooks;
  readonly #runs: readonly CaseRun[];
  readonly #world: TimedWorld;
  readonly #place: Place;
  readonly #bounds: Bounds;
  readonly #warnings: string[] = [];
  readonly #facts = new Map<Protocol, BrokerFacts>();
  readonly #results = new Map<CaseRun, CaseResult>();
  readonly #pending: CaseRun[] = [];
  #retries: Retry[] = [];
  readonly #refused = new Map<CaseRun, number>();
  readonly #side = new SideResults();
  readonly #pacer: Pacer;
  readonly #lag: LagWatch;
  readonly #runner: CaseRunner;
  readonly #outages: Outages;

  constructor(
    run: ConformanceRun & { readonly parallel: number },
    hooks: ConformanceHooks,
    runs: readonly CaseRun[],
    place: Place,
  ) {
    this.#run = run;
    this.#hooks = hooks;
    this.#runs = runs;
    this.#place = place;
    this.#world = place.world;
    this.#bounds = boundsOf(run.slack, run.quick);
    this.#lag = new LagWatch(this.#world, this.#bounds.lagMs);
    this.#pacer = new Pacer(this.#world);
    this.#outages = new Outages(new Availability(this.#world, this.#bounds.restartMs));
    const random = new Random(freshSeed());
    const runName = random.below(36 ** 5).toString(36).padStart(5, "0");
    this.#runner = new CaseRunner({
      ...{ run, random, runName, world: this.#world, bounds: this.#bounds, pacer: this.#pacer, facts: this.#facts },
      canRestart: hooks.restart !== undefined,
      isCalledOff: () => this.#interrupted || this.#outages.gone,
      onWarning: (text) => void this.#warnings.push(text),
    });
  }

  async run(): Promise<ConformanceResult> {
    const startedAt = wallTime().toISOString();
    const startMs = this.#world.clock.nowMs();
    const { controls, results } = await this.#watched();
    this.#tellLag();
    const { profile, target, quick = false } = this.#run;
    const { engine } = this.#place;
    const found = { controls: controls.map(({ result }) => result), cases: results };
    return {
      ...verdictOf(found, this.#interrupted),
      target: target.url,
      ...engine && { engine },
      startedAt,
      durationMs: this.#world.clock.nowMs() - startMs,
      bounds: this.#bounds,
      quick,
      ...profile && { profile: profile.name },
      counts: countsOf(results),
      ...found,
      warnings: this.#warnings,
    };
  }

  /** Does all of it, while interrupts and lateness are watched. */
  async #watched(): Promise<{ controls: Controlled[]; results: CaseResult[] }> {
    const interrupt = () => this.#runner.callOff();
    this.#hooks.interrupt?.addEventListener("abort", interrupt);
    try {
      const controls = await this.#control();
      // A version without proof does not affect the other version.
      const isBlind = controls.every(({ result }) => result.outcome === "void");
      const results = isBlind || this.#interrupted ? [] : await this.#all();
      return { controls, results };
    } finally {
      this.#hooks.interrupt?.removeEventListener("abort", interrupt);
      this.#lag.stop();
    }
  }

  get #interrupted(): boolean {
    return this.#hooks.interrupt?.aborted === true;
  }

  /** True when no further case can be run. */
  get #isOver(): boolean {
    return this.#interrupted || this.#outages.isFinal;
  }

  async #control(): Promise<Controlled[]> {
    const asked = protocols.filter((protocol) => this.#runs.some((run) => run.protocol === protocol));
    if (!this.#world.canReset) {
      this.#warnings.push("RST cannot be sent over this transport: cases that reset a connection closed it instead");
    }
    const unsure = insecureText(this.#run.target);
    if (unsure !== undefined) this.#warnings.push(unsure);
    return await Promise.all(asked.map(async (protocol) => {
      const login = await this.#runner.login();
      const controlled = typeof login === "string"
        ? unproved(protocol, login)
        : await this.#runner.inContext(protocol, login, async (context) => {
          const found = await runControl(context, protocol);
          // The answer in the form of another version is no fault of this one.
          if (found.result.outcome === "not spoken") return found;
          this.#side.add(context.sideFaults, {
            where: "the control arm",
            protocol,
            transcript: context.transcript.all(),
          });
          return found;
        });
      this.#facts.set(protocol, controlled.facts);
      return controlled;
    }));
  }

  async #all(): Promise<CaseResult[]> {
    const { parallel } = this.#run;
    const order = this.#runs.toSorted((one, other) => rank(one) - rank(other));
    this.#pending.push(...order.filter((run) => !isAlone(run)));
    while (this.#pending.length > 0 && !this.#isOver) {
      // deno-lint-ignore no-await-in-loop
      await Promise.all(Array.from({ length: parallel }, (_, place) => this.#work(place)));
      // deno-lint-ignore no-await-in-loop
      await this.#outage();
    }
    await this.#runAgain();
    const alone = order.filter(isAlone);
    while (alone.length > 0 && !this.#isOver) {
      const batch = alone.splice(0, parallel);
      const restart = this.#sharedRestart(batch.length);
      // deno-lint-ignore no-await-in-loop
      await Promise.all(batch.map((run) => this.#beside(run, restart).finally(() => restart.leave())));
      // deno-lint-ignore no-await-in-loop
      await this.#runAgain();
    }
    if (this.#outages.isFinal) this.#giveUp();
    const results = this.#runs.flatMap((run) => this.#results.get(run) ?? []);
    if (this.#interrupted) return results;
    const apart = this.#side.results().map((result) => this.#runner.documented(result));
    return [...results, ...this.#outages.results(), ...apart];
  }

  /** One case after the other, as long as there are any. */
  async #work(place: number): Promise<void> {
    while (!this.#isOver && !this.#outages.gone) {
      if (this.#pacer.gapMs > 0 && place >= pacedParallel) return;
      const run = this.#pending.shift();
      if (run === undefined) return;
      // Each worker has one case at a time.
      // deno-lint-ignore no-await-in-loop
      await this.#beside(run);
    }
  }

  #sharedRestart(taking: number): SharedRestart {
    return new SharedRestart(async () => {
      if (this.#interrupted) throw new CaseOver();
      await this.#hooks.restart!();
    }, taking);
  }

  /** Runs a case beside others, and counts it; a failed case runs again. */
  async #beside(run: CaseRun, restart?: SharedRestart): Promise<void> {
    const startMs = this.#world.clock.nowMs();
    const attempt = await this.#attempt(run, restart);
    if (attempt?.result === undefined) return;
    if (attempt.refused !== undefined) {
      return this.#refusedForLoad(run, attempt, restart === undefined ? undefined : refusedRuns);
    }
    const lateMs = Math.round(this.#lag.worstMs(startMs));
    const { outcome, reason = "" } = attempt.result;
    const isSure = outcome !== "fail" || this.#run.parallel === 1 || this.#isProvedLost(run);
    if (isSure && (lateMs === 0 || outcome === "pass" || outcome === "not testable")) this.#count(run, attempt);
    else this.#retries.push({ run, reason, lateMs });
  }

  /** A will that the control arm lost, with no other case at the time, counts as lost. */
  #isProvedLost({ one, protocol }: CaseRun): boolean {
    return this.#facts.get(protocol)?.losesWills === true && one.id.startsWith("will/");
  }

  /** Runs the case alone; its outcome counts. */
  async #runAgain(): Promise<void> {
    for (let retry = this.#retries.shift(); retry !== undefined && !this.#isOver; retry = this.#retries.shift()) {
      const { run, reason, lateMs } = retry;
      const restart = isAlone(run) ? this.#sharedRestart(1) : undefined;
      // deno-lint-ignore no-await-in-loop
      const attempt = await this.#attempt(run, restart);
      if (attempt?.result === undefined) {
        // deno-lint-ignore no-await-in-loop
        await this.#outage();
      } else if (attempt.refused !== undefined) this.#refusedForLoad(run, attempt, refusedRuns);
      else {
        const isTold = lateMs > 0 || attempt.result.outcome === "pass";
        this.#count(run, attempt, isTold ? { again: { reason, lateMs } } : {});
      }
    }
  }

  /** Undefined where the broker was not there for all of it, or the check was interrupted. */
  async #attempt(run: CaseRun, restart?: SharedRestart, isTrial = false): Promise<Attempt | undefined> {
    const attempt = await this.#runner.attempt(run, restart);
    if (this.#interrupted) return undefined;
    const endMs = this.#world.clock.nowMs();
    const isSuspect = attempt.result === undefined || attempt.result.outcome === "fail" ||
      attempt.unreachable !== undefined;
    if (restart !== undefined) return attempt;
    const isGone = () => this.#outages.during(run, attempt, endMs, isTrial);
    if (isSuspect && await isGone() || isTrial && await this.#isOverLater(isGone)) {
      this.#runner.callOff();
      return undefined;
    }
    this.#outages.ended(run, attempt, endMs);
    return attempt;
  }

  /** The remains of a case's clients may end the broker a little later. */
  async #isOverLater(isGone: () => Promise<boolean>): Promise<boolean> {
    const untilMs = this.#world.clock.nowMs() + trialMs;
    while (this.#world.clock.nowMs() < untilMs) {
      // One look after the other: a broker that is started again at once is away for a moment.
      // deno-lint-ignore no-await-in-loop
      await new Promise<void>((resolve) => void this.#world.after(lookEveryMs, resolve));
      // deno-lint-ignore no-await-in-loop
      if (await isGone()) return true;
    }
    return false;
  }

  /** Waits for a broker that is gone, and finds the case that caused it. */
  async #outage(): Promise<void> {
    const again = await this.#outages.over(() => this.#interrupted);
    for (const run of again) {
      if (this.#isOver) return;
      // deno-lint-ignore no-await-in-loop
      const attempt = await this.#attempt(run, undefined, true);
      this.#retries = this.#retries.filter((retry) => retry.run !== run);
      if (attempt?.result !== undefined) this.#count(run, attempt);
      // deno-lint-ignore no-await-in-loop
      else await this.#outages.over(() => this.#interrupted);
    }
    for (const { run, reason } of this.#outages.takeUnjudged()) {
      this.#done(run, this.#untested(run, reason));
    }
  }

  /** The remaining cases did not run: the broker is gone. */
  #giveUp(): void {
    for (const run of this.#runs) {
      if (!this.#results.has(run)) this.#results.set(run, this.#untested(run, "the broker became unavailable"));
    }
  }

  #untested({ one, protocol }: CaseRun, reason: string): CaseResult {
    return this.#runner.untested(one, protocol, reason);
  }

  /** Runs the case once more when the check is slower, and gives up after that. */
  #refusedForLoad(run: CaseRun, attempt: Attempt, times = this.#refused.get(run) ?? 0): void {
    if (times < refusedRuns) {
      this.#refused.set(run, times + 1);
      this.#pending.push(run);
      return;
    }
    const what = attempt.refused!;
    // A client that was accepted each time and gets this code at its end gets it for another reason than load.
    if (attempt.result!.fault?.kind === "wrong code" && !what.startsWith("CONNACK")) return this.#count(run, attempt);
    const paced = this.#pacer.gapMs === 0 ? "" : `, with ${formatMs(this.#pacer.gapMs)} between CONNECTs`;
    const reason = `the broker refuses it because of its load: ${what}${paced}`;
    this.#done(run, this.#untested(run, reason));
  }

  #count(run: CaseRun, { result, sideFaults, transcript }: Attempt, more: Pick<CaseResult, "again"> = {}): void {
    const { id, protocol, outcome } = result!;
    // Unreadable bytes are part of the failure where the case has failed.
    const apart = sideFaults.filter((fault) => outcome === "pass" || !fault.id.startsWith("broker/malformed-"));
    const counted = outcome === "not testable" ? sideFaults : apart;
    this.#side.add(counted, { where: `${id} in ${protocol}`, protocol, transcript });
    this.#done(run, { ...result!, ...more });
  }

  #done(run: CaseRun, result: CaseResult): void {
    this.#results.set(run, result);
    this.#hooks.onCase?.(result, this.#results.size, this.#runs.length);
  }

  /** A note on slowness in this process, so that the reader does not attribute it to the broker. */
  #tellLag(): void {
    const lateMs = this.#lag.worstMs();
    if (lateMs === 0) return;
    this.#warnings.push(
      `this process was up to ${formatMs(lateMs)} late, and its limit is ${formatMs(this.#bounds.lagMs)}: what ` +
        `failed in that time ran again, alone; measured times may be too long by as much`,
    );
  }
}

function isAlone({ one }: Pick<CaseRun, "one">): boolean {
  return one.needs?.includes("restart") === true;
}

/** The longest cases begin first. */
function rank({ one }: CaseRun): number {
  return one.time === "clock" ? 0 : 1;
}
