/**
 * The search for a capacity: which load to try next, and the interval that the outcomes so far leave. Pure: no clock,
 * no socket. Loads are whole numbers: kills a second, or clients.
 *
 * Loads rise by a factor until one does not hold; then the search halves the interval (by ratio) until it is narrow
 * enough. A load that did not hold is tried again before the search believes it, because a delay of the machine can
 * fail a step, but cannot make an overloaded broker pass one. How often depends on the evidence of the failed steps.
 * These attempts follow one another, and one long delay can fail them all. So the search tries the upper end of the
 * final interval up to three times more, minutes later; where it holds, the search continues above it.
 */

/**
 * The outcome of a step: `held` where the run met the thresholds, `broke` where the broker did not, `generator` where
 * the run did not meet them and this machine or the fleet may be the reason.
 */
export type StepOutcome = "held" | "broke" | "generator";

/**
 * The evidence of a step that did not hold: `doubtful` where the generator was later than usual, so that the machine may
 * be the reason; `far` where the broker served far less than the load; else `clear`.
 */
export type Evidence = "doubtful" | "clear" | "far";

/** What an attempt counts against the broker; a load is above its capacity from this sum on. */
const weights: Readonly<Record<Evidence, number>> = { doubtful: 0.5, clear: 1, far: 2 };
const enoughWeight = 2;
/** So many attempts that may be the generator's decide that it is the limit. */
const mostGenerator = 2;
/** The most attempts at one load. */
const mostAttempts = 4;
/** How often the search tries the upper end of its final interval again. */
const lastAttempts = 3;

/** The bounds of a search. */
export interface SearchRange {
  /** The load of the first step. */
  readonly from: number;
  /** The lowest load that the search tries. */
  readonly least: number;
  /** The highest load that the search tries. */
  readonly to: number;
  /** The factor from one rising step to the next; above 1. */
  readonly growth: number;
  /** The width of the interval at which the search ends, as a fraction of its lower end. */
  readonly precision: number;
}

/** A step to run. */
export interface NextStep {
  readonly load: number;
  /** Above 1 where the load is tried again. */
  readonly attempt: number;
}

/** The loads between which the capacity is. */
export interface Interval {
  /** The highest load that held; absent where none did. */
  readonly held?: number;
  /** The lowest load that did not; absent where all held. */
  readonly over?: number;
  /** What limited the load `over`; absent without it. */
  readonly limit?: "broker" | "generator";
}

/** A load that did not hold. */
interface Over {
  readonly load: number;
  readonly limit: "broker" | "generator";
  attempts: number;
  /** How often the search tries it again at its end. */
  attemptsLeft: number;
}

/** One search. */
export class CapacitySearch {
  readonly #range: SearchRange;
  #held: number | undefined;
  /** The loads that did not hold, the lowest last: each is below the one before it. */
  readonly #overs: Over[] = [];
  /** The load that did not hold so far, and its attempts. */
  #doubted: { readonly load: number; attempts: number; generator: number; weight: number } | undefined;

  constructor(range: SearchRange) {
    this.#range = range;
  }

  /** The next step; undefined once the search is over. */
  next(): NextStep | undefined {
    if (this.#doubted !== undefined) return { load: this.#doubted.load, attempt: this.#doubted.attempts + 1 };
    const load = this.#nextLoad();
    if (load !== undefined) return { load, attempt: 1 };
    const over = this.#overs.at(-1);
    return over === undefined || over.attemptsLeft === 0 ? undefined : { load: over.load, attempt: over.attempts + 1 };
  }

  /** The outcome of the step that {@link next} returned. */
  take(outcome: StepOutcome, evidence: Evidence = "clear"): void {
    const step = this.next();
    if (step === undefined) throw new RangeError("the search is over");
    const { load } = step;
    const last = this.#overs.at(-1);
    if (last?.load === load) {
      last.attempts++;
      last.attemptsLeft--;
      if (outcome !== "held") return;
      this.#overs.pop();
    }
    const doubted = this.#doubted ?? { load, attempts: 0, generator: 0, weight: 0 };
    this.#doubted = undefined;
    if (outcome === "held") {
      this.#held = load;
      return;
    }
    doubted.attempts++;
    if (outcome === "generator") doubted.generator++;
    else doubted.weight += weights[evidence];
    const { attempts, generator, weight } = doubted;
    if (weight < enoughWeight && generator < mostGenerator && attempts < mostAttempts) {
      this.#doubted = doubted;
      return;
    }
    // Where an attempt may be the generator's, and the others are not enough, the broker's limit is not proven.
    const limit = weight >= enoughWeight || generator === 0 ? "broker" : "generator";
    this.#overs.push({ load, limit, attempts, attemptsLeft: lastAttempts });
  }

  /** The interval so far. */
  get interval(): Interval {
    const over = this.#overs.at(-1);
    return {
      ...this.#held !== undefined && { held: this.#held },
      ...over !== undefined && { over: over.load, limit: over.limit },
    };
  }

  #nextLoad(): number | undefined {
    const { from, least, to, growth } = this.#range;
    const [held, over] = [this.#held, this.#overs.at(-1)?.load];
    if (held === undefined && over === undefined) return from;
    if (over === undefined) {
      return held! >= to ? undefined : Math.min(to, Math.max(held! + 1, Math.round(held! * growth)));
    }
    if (held === undefined) {
      return over <= least ? undefined : Math.max(least, Math.min(over - 1, Math.floor(over / growth)));
    }
    return this.#middle(held, over);
  }

  /** Between the two by ratio; undefined where the interval is narrow enough. */
  #middle(held: number, over: number): number | undefined {
    if (over - held <= 1 || over / held - 1 <= this.#range.precision) return undefined;
    return Math.min(over - 1, Math.max(held + 1, Math.round(Math.sqrt(held * over))));
  }
}
