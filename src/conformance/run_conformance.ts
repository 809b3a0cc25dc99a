/**
 * Runs cases against a broker: the control arm first, then all that need nothing but the broker side by side, then
 * those that restart it, which share one restart. What failed while this process was late is run again, once, alone.
 */
import { wallTime } from "../base/clock.ts";
import { freshSeed, Random } from "../base/random.ts";
import { formatCount, formatMs } from "../base/units.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { chooseEngineFor, type EngineChoice, type EngineName } from "../net/engine.ts";
import { insecureText } from "../net/secured_endpoint.ts";
import { type Bounds, boundsOf } from "./bounds.ts";
import { areaOf, type BrokerFacts, type ConformanceCase, type Protocol, protocols } from "./case.ts";
import { catalog } from "./catalog.ts";
import { type Controlled, runControl } from "./control.ts";
import { unmetNeed } from "./needs.ts";
import { mayFailUnder } from "./known_deviations.ts";
import { LagWatch } from "./lag_watch.ts";
import { CaseFailure, CaseOver, NotTestable } from "./outcome.ts";
import type { Again, CaseResult, ConformanceResult, Outcome, OutcomeCounts } from "./result.ts";
import { type CaseRun, selectCases, type Selection } from "./select.ts";
import { SharedRestart } from "./shared_restart.ts";
import { type CheckLogin, Stage, type StageParts } from "./stage.ts";
import { type World, worldOf } from "./world.ts";

/** Deviations that a broker documents; as much of a profile as a check needs. */
export interface DeviationProfile {
  readonly name: string;
  readonly deviations: readonly {
    readonly id: string;
    /** The statement that is broken, in the versions in which it is; in any where none is named. */
    readonly rules?: Readonly<Partial<Record<Protocol, string>>>;
  }[];
}

/** What is to be run, and on what. */
export interface ConformanceRun extends Selection {
  readonly target: Endpoint;
  readonly login?: CheckLogin | undefined;
  /** Multiplies every time bound; 1 if not given. */
  readonly slack?: number | undefined;
  /** Cases at a time; 40 if not given. */
  readonly parallel?: number | undefined;
  /** A topic that the login may subscribe to and not publish to. */
  readonly deniedTopic?: string | undefined;
  readonly profile?: DeviationProfile | undefined;
  /** What carries the probes' TCP; `auto` if not given. */
  readonly engine?: EngineChoice | undefined;
  /** In place of the catalog. */
  readonly cases?: readonly ConformanceCase[];
}

/** What a run calls and is called by. */
export interface ConformanceHooks {
  /** Told of each case as it is done. */
  readonly onCase?: (result: CaseResult, done: number, total: number) => void;
  /** Restarts the broker; fulfilled when it accepts again. Cases that need it are not testable without. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Its `abort` begins no further case; what runs is called off. */
  readonly interrupt?: AbortSignal;
  /** In place of the real one, for tests. */
  readonly world?: World;
}

/** How many cases run side by side unless told otherwise. */
export const usualParallel = 40;
/** What no case takes that does not wait for ever, in milliseconds; times the slack. */
const limitMs = { quick: 30_000, clock: 60_000, restart: 180_000 } as const;

/**
 * Runs the cases that were selected.
 *
 * @throws UsageError when nothing is selected, or the engine cannot be had
 */
export async function runConformance(
  run: ConformanceRun,
  hooks: ConformanceHooks = {},
): Promise<ConformanceResult> {
  const runs = selectCases(run.cases ?? catalog, run);
  if (hooks.world !== undefined) return await new Check(run, hooks, runs, { world: hooks.world }).run();
  const { name: engine } = await chooseEngineFor(run.target, run.engine ?? "auto");
  return await new Check(run, hooks, runs, { world: worldOf(run.target, engine), engine }).run();
}

/** Where it happens. */
interface Place {
  readonly world: World;
  /** Absent where the world is none of sockets. */
  readonly engine?: EngineName;
}

class Check {
  readonly #run: ConformanceRun;
  readonly #hooks: ConformanceHooks;
  readonly #runs: readonly CaseRun[];
  readonly #world: World;
  readonly #place: Place;
  readonly #bounds: Bounds;
  readonly #random = new Random(freshSeed());
  readonly #runName: string;
  readonly #stages = new Set<Stage>();
  readonly #warnings: string[] = [];
  readonly #facts = new Map<Protocol, BrokerFacts>();
  readonly #results = new Map<CaseRun, CaseResult>();
  readonly #again: { readonly run: CaseRun; readonly again: Again }[] = [];
  readonly #lag: LagWatch;
  #stagesMade = 0;

  constructor(run: ConformanceRun, hooks: ConformanceHooks, runs: readonly CaseRun[], place: Place) {
    this.#run = run;
    this.#hooks = hooks;
    this.#runs = runs;
    this.#place = place;
    this.#world = place.world;
    this.#bounds = boundsOf(run.slack, run.quick);
    this.#lag = new LagWatch(this.#world, this.#bounds.lagMs);
    this.#runName = this.#random.below(36 ** 6).toString(36).padStart(6, "0");
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
    const interrupt = () => this.#stages.forEach((stage) => stage.callOff());
    this.#hooks.interrupt?.addEventListener("abort", interrupt);
    try {
      const controls = await this.#control();
      const results = controls.some(({ result }) => result.outcome === "fail") ? [] : await this.#all();
      return { controls, results };
    } finally {
      this.#hooks.interrupt?.removeEventListener("abort", interrupt);
      this.#lag.stop();
    }
  }

  get #interrupted(): boolean {
    return this.#hooks.interrupt?.aborted === true;
  }

  async #control(): Promise<Controlled[]> {
    const asked = protocols.filter((protocol) => this.#runs.some((run) => run.protocol === protocol));
    if (!this.#world.canReset) {
      this.#warnings.push("RST cannot be sent over this transport: where a case says reset, the link was closed");
    }
    const unsure = insecureText(this.#run.target);
    if (unsure !== undefined) this.#warnings.push(unsure);
    return await Promise.all(asked.map(async (protocol) => {
      const controlled = await this.#onStage(protocol, (stage) => runControl(stage, protocol));
      this.#facts.set(protocol, controlled.facts);
      return controlled;
    }));
  }

  async #all(): Promise<CaseResult[]> {
    const { parallel = usualParallel } = this.#run;
    const order = this.#runs.toSorted((one, other) => rank(one) - rank(other));
    const together = order.filter((run) => !isAlone(run));
    const alone = order.filter(isAlone);
    await Promise.all(Array.from({ length: parallel }, async () => {
      for (let run = together.shift(); run !== undefined && !this.#interrupted; run = together.shift()) {
        // One after another: each worker has one case at a time.
        // deno-lint-ignore no-await-in-loop
        await this.#once(run);
      }
    }));
    await this.#runAgain();
    while (alone.length > 0 && !this.#interrupted) {
      const batch = alone.splice(0, parallel);
      const restart = this.#sharedRestart(batch.length);
      // deno-lint-ignore no-await-in-loop
      await Promise.all(batch.map((run) => this.#once(run, restart).finally(() => restart.leave())));
      // deno-lint-ignore no-await-in-loop
      await this.#runAgain();
    }
    return this.#runs.flatMap((run) => this.#results.get(run) ?? []);
  }

  #sharedRestart(taking: number): SharedRestart {
    return new SharedRestart(async () => {
      if (this.#interrupted) throw new CaseOver();
      await this.#hooks.restart!();
    }, taking);
  }

  /** Does a case, and counts it; but what failed while this process was late is to be run again. */
  async #once(run: CaseRun, restart?: SharedRestart): Promise<void> {
    const startMs = this.#world.clock.nowMs();
    const result = await this.#case(run, restart);
    if (result === undefined) return;
    const lateMs = Math.round(this.#lag.worstMs(startMs));
    const { outcome, reason = "" } = result;
    if (lateMs > 0 && (outcome === "fail" || outcome === "deviation")) {
      this.#again.push({ run, again: { reason, lateMs } });
    } else this.#count(run, result);
  }

  /** Alone, and whatever comes of it counts. */
  async #runAgain(): Promise<void> {
    for (const { run, again } of this.#again.splice(0)) {
      if (this.#interrupted) return;
      // deno-lint-ignore no-await-in-loop
      const result = await this.#case(run, this.#sharedRestart(1));
      if (result !== undefined) this.#count(run, { ...result, again });
    }
  }

  #count(run: CaseRun, result: CaseResult): void {
    this.#results.set(run, result);
    this.#hooks.onCase?.(result, this.#results.size, this.#runs.length);
  }

  /** That nothing which took long is taken for the broker's doing without a word. */
  #tellLag(): void {
    const lateMs = this.#lag.worstMs();
    if (lateMs === 0) return;
    this.#warnings.push(
      `this process was up to ${formatMs(lateMs)} late, and its bound for that is ${
        formatMs(this.#bounds.lagMs)
      }: what ` +
        `failed meanwhile was run again, alone; times that were measured may be too long by that much`,
    );
  }

  /** Undefined for a case that was called off. */
  async #case({ one, protocol }: CaseRun, restart?: SharedRestart): Promise<CaseResult | undefined> {
    const { id, title, does } = one;
    const about = { id, area: areaOf(one), title, does, protocol, rules: one.rules[protocol]! };
    const { username, password } = this.#run.login ?? {};
    const unmet = unmetNeed(one, this.#facts.get(protocol)!, {
      canRestart: this.#hooks.restart !== undefined,
      hasLogin: (username ?? password) !== undefined,
      hasDeniedTopic: this.#run.deniedTopic !== undefined,
    });
    if (unmet !== undefined) return { ...about, outcome: "not testable", reason: unmet, notes: [], durationMs: 0 };
    return await this.#onStage(protocol, async (stage) => {
      const ended = await this.#ended(one, stage);
      if (ended === undefined) return undefined;
      const durationMs = Math.round(stage.tookMs);
      const judged = { ...ended, ...this.#documented(one, protocol, ended.outcome) };
      const transcript = ended.outcome === "fail" ? { transcript: stage.transcript.all() } : {};
      return { ...about, ...judged, notes: stage.notes, durationMs, ...transcript };
    }, restart);
  }

  async #ended(one: ConformanceCase, stage: Stage): Promise<{ outcome: Outcome; reason?: string } | undefined> {
    const longestMs = limitMs[isAlone({ one }) ? "restart" : one.time ?? "quick"] * this.#bounds.slack;
    const cancel = this.#world.after(longestMs, () => stage.callOff());
    try {
      await one.run(stage);
      return { outcome: "pass" };
    } catch (error) {
      if (error instanceof NotTestable) return { outcome: "not testable", reason: error.message };
      if (error instanceof CaseFailure) return { outcome: "fail", reason: error.message };
      if (!(error instanceof CaseOver)) throw error;
      return this.#interrupted ? undefined : { outcome: "fail", reason: `not done within ${longestMs / 1_000} s` };
    } finally {
      cancel();
    }
  }

  /** What the profile makes of an outcome. */
  #documented(
    one: ConformanceCase,
    protocol: Protocol,
    outcome: Outcome,
  ): { outcome?: Outcome; deviation?: string } {
    const { name = "", deviations = [] } = this.#run.profile ?? {};
    const applies = deviations.filter(({ rules = {} }) =>
      Object.keys(rules).length === 0 || rules[protocol] !== undefined
    );
    // What is said of this very broker and case comes before what a case says of all brokers.
    const documented = applies.find(({ id }) => mayFailUnder(one.id, name, id)) ??
      applies.find(({ id }) => one.deviations?.includes(id));
    if (documented === undefined || outcome === "not testable") return {};
    return { deviation: documented.id, ...outcome === "fail" && { outcome: "deviation" } };
  }

  /** Sets up a stage, and clears it away. */
  async #onStage<Found>(
    protocol: Protocol,
    act: (stage: Stage) => Promise<Found>,
    restart?: SharedRestart,
  ): Promise<Found> {
    const stage = new Stage({ ...this.#stageParts(protocol), restart: restart && ((lastly) => restart.join(lastly)) });
    this.#stages.add(stage);
    try {
      return await act(stage);
    } finally {
      if (this.#interrupted) stage.callOff();
      else {
        const left = await stage.sweep();
        if (left !== undefined) this.#warnings.push(`${stage.topic("#")} in ${protocol} ${left}`);
      }
      this.#stages.delete(stage);
    }
  }

  #stageParts(protocol: Protocol): StageParts {
    const number = ++this.#stagesMade;
    const facts = this.#facts.get(protocol);
    return {
      world: this.#world,
      bounds: this.#bounds,
      protocol,
      name: `${this.#runName}c${number.toString(36)}`,
      login: this.#run.login ?? {},
      announced: facts?.spoken === true ? facts.connack.properties ?? {} : {},
      deniedTopic: this.#run.deniedTopic,
      random: this.#random.child(number),
    };
  }
}

function isAlone({ one }: Pick<CaseRun, "one">): boolean {
  return one.needs?.includes("restart") === true;
}

/** What takes longest begins first. */
function rank({ one }: CaseRun): number {
  return one.time === "clock" ? 0 : 1;
}

function countsOf(results: readonly CaseResult[]): OutcomeCounts {
  const counts = { pass: 0, fail: 0, deviation: 0, "not testable": 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}

function verdictOf(
  { controls, cases }: Pick<ConformanceResult, "controls" | "cases">,
  interrupted: boolean,
): Pick<ConformanceResult, "verdict" | "reason" | "exitCode"> {
  if (interrupted) return { verdict: "void", reason: "the check was interrupted", exitCode: 130 };
  const blind = controls.find(({ outcome }) => outcome === "fail");
  if (blind !== undefined) {
    const reason = `nothing is proved: the control arm of MQTT ${blind.protocol} failed: ${blind.reason}`;
    return { verdict: "void", reason, exitCode: 3 };
  }
  if (controls.every(({ outcome }) => outcome === "not spoken")) {
    const reasons = controls.map(({ protocol, reason }) => `not MQTT ${protocol} (${reason})`).join(", ");
    return { verdict: "void", reason: `nothing is proved: the broker speaks ${reasons}`, exitCode: 3 };
  }
  const counts = countsOf(cases);
  const told = cases.length - counts["not testable"];
  if (told === 0) {
    return { verdict: "void", reason: "nothing is proved: no case could be tested here", exitCode: 3 };
  }
  const aside = [
    ...counts.deviation > 0 ? [`${formatCount(counts.deviation)} deviate as the profile says`] : [],
    ...counts["not testable"] > 0 ? [`${formatCount(counts["not testable"])} are not testable here`] : [],
  ].map((part) => `, ${part}`).join("");
  if (counts.fail > 0) {
    const reason = `${formatCount(counts.fail)} of ${formatCount(told)} cases failed${aside}`;
    return { verdict: "fail", reason, exitCode: 1 };
  }
  const passed = counts.deviation > 0
    ? `${formatCount(counts.pass)} of ${formatCount(told)}`
    : `all ${formatCount(told)}`;
  return { verdict: "pass", reason: `${passed} cases passed${aside}`, exitCode: 0 };
}
