/** The data of judged lives that a later arrival needs: as little as possible, because a long run has millions of them. */
import type { WillMark } from "../life/life.ts";
import type { TallyMode } from "../result/will_counts.ts";

/** How the ledger closed a life. */
export interface Closed {
  readonly mode: TallyMode;
  /** A will was due, or a permitted one arrived: one more is one too many. */
  readonly due: boolean;
  /** The standard allows a will and none, and none had arrived. */
  readonly allowed: boolean;
}

const closings = new Map<TallyMode, Closed[]>();

/** One object for all lives with equal values. */
function closedAs(mode: TallyMode, due: boolean, allowed: boolean): Closed {
  let ofMode = closings.get(mode);
  if (ofMode === undefined) closings.set(mode, ofMode = []);
  return ofMode[(due ? 2 : 0) + (allowed ? 1 : 0)] ??= { mode, due, allowed };
}

export class ClosedLives {
  /** By client, its lives by incarnation: one map for all lives would be full after 16.7 million of them. */
  readonly #byClient = new Map<number, Closed[]>();

  /** Keeps how a life was closed, in place of an earlier value. */
  set({ client, incarnation }: WillMark, mode: TallyMode, due: boolean, allowed: boolean): void {
    let lives = this.#byClient.get(client);
    if (lives === undefined) this.#byClient.set(client, lives = []);
    lives[incarnation - 1] = closedAs(mode, due, allowed);
  }

  /** How the life of a mark was closed; undefined where it was not. */
  of(mark: WillMark | undefined): Closed | undefined {
    return mark && this.#byClient.get(mark.client)?.[mark.incarnation - 1];
  }
}
