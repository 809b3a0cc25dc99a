/**
 * The search for a capacity: which load to try next, and the interval that the outcomes so far leave. Pure: no clock,
 * no socket. Loads are whole numbers: kills a second, or clients.
 *
 * Loads rise by a factor until one does not hold; then the search halves the interval (by ratio) until it is narrow
 * enough. A load that did not hold is tried once more before the search believes it, because a single delay of the
 * machine can fail a step, but cannot make an overloaded broker pass one.
 */

/**
 * The outcome of a step: `held` where the run met the thresholds, `broke` where the broker did not, `generator` where
 * the run did not meet them and this machine or the fleet may be the reason.
 */
export type StepOutcome = "held" | "broke" | "generator";

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
  /** 2 where the load is tried again. */
  readonly attempt: 1 | 2;
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

/** One search. */
export class CapacitySearch {
  readonly #range: SearchRange;
  #held: number | undefined;
  #over: number | undefined;
  #limit: "broker" | "generator" | undefined;
  /** The load that did not hold at the first attempt, and how. */
  #doubted: { readonly load: number; readonly outcome: StepOutcome } | undefined;

  constructor(range: SearchRange) {
    this.#range = range;
  }

  /** The next step; undefined once the search is over. */
  next(): NextStep | undefined {
    if (this.#doubted !== undefined) return { load: this.#doubted.load, attempt: 2 };
    const load = this.#nextLoad();
    return load === undefined ? undefined : { load, attempt: 1 };
  }

  /** The outcome of the step that {@link next} returned. */
  take(outcome: StepOutcome): void {
    const step = this.next();
    if (step === undefined) throw new RangeError("the search is over");
    const { load } = step;
    const first = this.#doubted?.outcome;
    this.#doubted = undefined;
    if (outcome === "held") this.#held = load;
    else if (first === undefined) this.#doubted = { load, outcome };
    else {
      this.#over = load;
      // Where one of the two may be the generator's, the broker's limit is not proven.
      this.#limit = first === "broke" && outcome === "broke" ? "broker" : "generator";
    }
  }

  /** The interval so far. */
  get interval(): Interval {
    return {
      ...this.#held !== undefined && { held: this.#held },
      ...this.#over !== undefined && { over: this.#over, limit: this.#limit! },
    };
  }

  #nextLoad(): number | undefined {
    const { from, least, to, growth } = this.#range;
    const [held, over] = [this.#held, this.#over];
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
