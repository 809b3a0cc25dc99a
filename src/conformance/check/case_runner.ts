/**
 * One case on one broker: its context, its time limit, and its outcome. `check.ts` decides which cases run when.
 */
import { UsageError } from "../../base/failure.ts";
import { Random } from "../../base/random.ts";
import { noLimits } from "../model/known_limits.ts";
import { areaOf, type BrokerFacts, type ConformanceCase } from "../case/case.ts";
import type { ConformanceRun, DeviationProfile } from "./conformance_run.ts";
import { covers, lookMs, signsOf } from "./excuse.ts";
import type { Bounds } from "../model/bounds.ts";
import { knownSigns, mayFailUnder } from "../case/known_deviations.ts";
import { unmetNeed } from "../case/needs.ts";
import { CaseFailure, type CaseFault, CaseOver, NotTestable, SubscriptionRefused } from "../model/outcome.ts";
import type { Pacer } from "../context/pacer.ts";
import type { SideFault } from "../probe/packet_faults.ts";
import type { Protocol } from "../model/protocol.ts";
import type { CaseOutcome, CaseResult } from "../case/result.ts";
import type { CaseRun } from "./select.ts";
import type { SharedRestart } from "./shared_restart.ts";
import { CaseContext, type CheckLogin } from "../context/case_context.ts";
import type { TranscriptLine } from "../probe/transcript.ts";
import type { TimedWorld } from "../../net/world.ts";

/** The dependencies that all cases of a check share. */
export interface RunnerDeps {
  readonly run: Pick<ConformanceRun, "login" | "casePassword" | "auth" | "deniedTopic" | "profile" | "quick">;
  readonly world: TimedWorld;
  readonly bounds: Bounds;
  readonly pacer: Pacer;
  readonly random: Random;
  /** Unique on the broker: five letters and digits. */
  readonly runName: string;
  readonly canRestart: boolean;
  readonly facts: ReadonlyMap<Protocol, BrokerFacts>;
  /** True while no case that runs counts: the check is interrupted, or the broker is not there. */
  readonly isCalledOff: () => boolean;
  readonly onWarning: (text: string) => void;
}

/** The outcome of a case, and other observations during it. */
export interface Attempt {
  /** Undefined for a case that was called off. */
  readonly result: CaseResult | undefined;
  readonly sideFaults: readonly SideFault[];
  readonly transcript: readonly TranscriptLine[];
  /** The broker's refusals for load; then the result proves nothing about the rule. */
  readonly refused?: string;
  /** How it showed that the broker could not be reached. */
  readonly unreachable?: string;
}

/** Time limit of one case, in milliseconds; multiplied by the slack. */
const limitMs = { quick: 30_000, clock: 60_000, restart: 180_000 } as const;
/** The longest time that a case goes on waiting, to distinguish a late message from a missing one. */
const lookOnMostMs = { full: 40_000, quick: 2_000 } as const;

/** The longest keep alive that a case waits for. */
const longestKeepAliveS = 10;

type Known = DeviationProfile["deviations"][number];

/** Runs cases. */
export class CaseRunner {
  readonly #deps: RunnerDeps;
  readonly #contexts = new Set<CaseContext>();
  #contextsMade = 0;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  /** Ends everything that is open. */
  callOff(): void {
    for (const context of this.#contexts) context.callOff();
  }

  /** The result of a case that is not tried. */
  untested(one: ConformanceCase, protocol: Protocol, reason: string): CaseResult {
    return { ...aboutOf(one, protocol), outcome: "not testable", reason, notes: [], durationMs: 0 };
  }

  /** Runs a case once. */
  async attempt({ one, protocol }: CaseRun, restart?: SharedRestart): Promise<Attempt> {
    const about = aboutOf(one, protocol);
    const unmet = this.#unmet(one, protocol);
    if (unmet !== undefined) {
      return { result: this.untested(one, protocol, unmet), sideFaults: [], transcript: [] };
    }
    const known = this.#known(one, protocol);
    const login = await this.login();
    if (typeof login === "string") {
      return { result: this.untested(one, protocol, login), sideFaults: [], transcript: [] };
    }
    return await this.inContext(protocol, login, async (context) => {
      const ended = await this.#ended(one, context, known);
      const { sideFaults, refusedForLoad, unreachable } = context;
      const transcript = context.transcript.all();
      const shown = ended?.outcome === "fail" || ended?.outcome === "deviation" ? { transcript } : {};
      return {
        result: ended && { ...about, ...ended, notes: context.notes, durationMs: Math.round(context.tookMs), ...shown },
        sideFaults,
        transcript,
        ...refusedForLoad !== undefined && { refused: refusedForLoad },
        ...unreachable !== undefined && restart === undefined && { unreachable },
      };
    }, { restart, lookOnMs: this.#lookOnMs(one.id, known) });
  }

  /** The login of a case that begins, or why there is none. */
  async login(): Promise<CheckLogin | string> {
    const { login = {}, casePassword } = this.#deps.run;
    if (casePassword === undefined) return login;
    try {
      // In 3.1.1 a password requires a user name. [MQTT311 3.1.2-22]
      return { username: "", ...login, password: await casePassword() };
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
  }

  /** Sets up a context, and clears it away. */
  async inContext<Found>(
    protocol: Protocol,
    login: CheckLogin,
    act: (context: CaseContext) => Promise<Found>,
    { restart, lookOnMs = () => 0 }: {
      readonly restart?: SharedRestart | undefined;
      readonly lookOnMs?: (keepAliveS: number) => number;
    } = {},
  ): Promise<Found> {
    const context = new CaseContext({
      ...this.#contextDeps(protocol),
      login,
      lookOnMs,
      restart: restart && ((lastly) => restart.join(lastly)),
    });
    this.#contexts.add(context);
    try {
      return await act(context);
    } finally {
      if (this.#deps.isCalledOff() || context.unreachable !== undefined) context.callOff();
      else {
        const left = await context.sweep();
        // The clean-up of an unavailable broker is reported with its outage.
        if (left !== undefined && context.unreachable === undefined) {
          this.#deps.onWarning(`${context.topic("#")} in ${protocol} ${left}`);
        }
      }
      this.#contexts.delete(context);
    }
  }

  /** A fault that is reported separately, as the profile may describe it: its id is its sign. */
  documented(result: CaseResult): CaseResult {
    const [known] = this.#known({ id: result.id as ConformanceCase["id"] }, result.protocol);
    return known === undefined ? result : { ...result, outcome: "deviation", deviation: known.id };
  }

  #unmet(one: ConformanceCase, protocol: Protocol): string | undefined {
    const { run, canRestart, facts } = this.#deps;
    const { username, password } = run.login ?? {};
    const hasLogin = (username ?? password ?? run.casePassword) !== undefined;
    return unmetNeed(one, facts.get(protocol)!, {
      canRestart,
      hasLogin,
      hasDeniedTopic: run.deniedTopic !== undefined,
    });
  }

  async #ended(
    one: ConformanceCase,
    context: CaseContext,
    known: readonly Known[],
  ): Promise<Pick<CaseResult, "outcome" | "reason" | "fault" | "deviation"> | undefined> {
    const { bounds, world, isCalledOff } = this.#deps;
    const kind = one.needs?.includes("restart") === true ? "restart" : one.time ?? "quick";
    const longestMs = limitMs[kind] * bounds.slack + this.#lookOnMs(one.id, known)(longestKeepAliveS);
    const cancel = world.after(longestMs, () => context.callOff());
    try {
      await one.run(context);
      return { outcome: "pass", ...known[0] && { deviation: known[0].id } };
    } catch (error) {
      if (error instanceof NotTestable || error instanceof SubscriptionRefused) {
        return { outcome: "not testable", reason: error.message };
      }
      if (error instanceof CaseFailure) return this.#failed(one, context, known, error);
      if (!(error instanceof CaseOver)) throw error;
      if (isCalledOff()) return undefined;
      return { outcome: "fail", reason: `not done within ${longestMs / 1_000} s`, fault: { kind: "other" } };
    } finally {
      cancel();
    }
  }

  #failed(
    one: ConformanceCase,
    context: CaseContext,
    known: readonly Known[],
    { message: reason, fault }: CaseFailure,
  ): Pick<CaseResult, "outcome" | "reason" | "fault" | "deviation"> {
    const blind = context.sessionCut ?? (fault.kind === "malformed" ? unjudged : undefined);
    if (blind !== undefined) return { outcome: "not testable", reason: `${blind}; ${reason}` };
    const documented = known.find((deviation) => this.#covers(one, deviation, fault));
    const outcome: CaseOutcome = documented === undefined ? "fail" : "deviation";
    return { outcome, reason, fault: rounded(fault), ...documented && { deviation: documented.id } };
  }

  /** The profile's deviations that may show in a case; those of this very broker and case come first. */
  #known(one: Pick<ConformanceCase, "id" | "deviations">, protocol: Protocol): readonly Known[] {
    const { name = "", deviations = [] } = this.#deps.run.profile ?? {};
    const applies = deviations.filter(({ rules = {} }) =>
      Object.keys(rules).length === 0 || rules[protocol] !== undefined
    );
    const own = applies.filter(({ id }) => mayFailUnder(one.id, name, id));
    return [...own, ...applies.filter((each) => one.deviations?.includes(each.id) && !own.includes(each))];
  }

  #covers(one: ConformanceCase, deviation: Known, fault: CaseFault): boolean {
    return covers(this.#signs(one.id, deviation), fault, this.#deps.bounds);
  }

  #signs(id: ConformanceCase["id"], deviation: Known) {
    const { name = "" } = this.#deps.run.profile ?? {};
    return knownSigns(id, name, deviation.id) ?? signsOf(deviation);
  }

  /** A case waits beyond the bounds for the lateness that a deviation of the profile describes. */
  #lookOnMs(id: ConformanceCase["id"], known: readonly Known[]): (keepAliveS: number) => number {
    const { run } = this.#deps;
    const mostMs = lookOnMostMs[run.quick === true ? "quick" : "full"];
    const signs = known.flatMap((deviation) => this.#signs(id, deviation));
    return (keepAliveS) => Math.min(mostMs, lookMs(signs, keepAliveS));
  }

  #contextDeps(protocol: Protocol) {
    const { world, bounds, pacer, random, runName, facts, run } = this.#deps;
    const number = ++this.#contextsMade;
    const known = facts.get(protocol);
    return {
      ...{ world, bounds, protocol, pacer },
      name: `${runName}${protocol === "5.0" ? "5" : "4"}c${number.toString(36)}`,
      auth: run.auth,
      limits: known?.spoken === true ? known.limits : noLimits,
      deniedTopic: run.deniedTopic,
      random: random.child(number),
    };
  }
}

function aboutOf(one: ConformanceCase, protocol: Protocol) {
  const { id, title, does } = one;
  return { id, area: areaOf(one), title, does, protocol, rules: one.rules[protocol]! };
}

/** Whole milliseconds and seconds, as a report shows them. */
function rounded(fault: CaseFault): CaseFault {
  const { byMs, lookedMs, keepAliveS } = fault;
  return {
    ...fault,
    ...byMs !== undefined && { byMs: Math.round(byMs) },
    ...lookedMs !== undefined && { lookedMs: Math.round(lookedMs) },
    ...keepAliveS !== undefined && { keepAliveS: Math.round(keepAliveS) },
  };
}

const unjudged = "the broker sent bytes that cannot be parsed, which is reported separately";
