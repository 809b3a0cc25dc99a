/** When a squad judges the lives that are complete, and starts canaries during the kills. */
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";

/** Interval of the judging of lives whose will is decided, in milliseconds. */
const settleEveryMs = 100;
/** Interval between kills of canaries for each watcher during the kill phase, in milliseconds. */
const canaryEveryMs = 5_000;
/** A few lives at a time, so that a kill waits for no more: the length of such a slice, and where kills are closer. */
const sliceMs = 5;
const shortSliceMs = 1;
/** Judging waits for the next kill if that is nearer, and so does the rest of what is not urgent. */
export const roomMs = 1;
/** Where kills are so close, a short slice needs this time before the next. */
const shortRoomMs = 0.1;
/** Judging waits no longer than this. */
const mostWaitMs = 50;

export class SquadSettling {
  readonly #plan: FleetPlan;
  readonly #recorder: SquadRecorder;
  readonly #watchers: WatcherPool;
  #settledMs = 0;
  #slicedMs = 0;
  #canaryMs = 0;

  constructor(plan: FleetPlan, recorder: SquadRecorder, watchers: WatcherPool) {
    this.#plan = plan;
    this.#recorder = recorder;
    this.#watchers = watchers;
  }

  get nextMs(): number {
    return this.#settledMs + settleEveryMs;
  }

  /**
   * When the judging needs a turn of its own.
   *
   * @param isQuiet no will can come: lives that are complete already can wait for any turn
   */
  nextMsOf(isQuiet: boolean): number {
    return isQuiet ? Math.max(this.nextMs, this.#recorder.ledger.nextCloseMs) : this.nextMs;
  }

  /** Canaries start now, and again after their interval. */
  startCanaries(nowMs: number): void {
    this.#watchers.startCanaries(nowMs);
    this.countFrom(nowMs);
  }

  /** Counts the interval of the canaries from here. */
  countFrom(nowMs: number): void {
    this.#canaryMs = nowMs;
  }

  /**
   * @param paused the broker restarts
   * @param freeMs the time until the next kill is due
   */
  turn(nowMs: number, paused: boolean, freeMs: number): void {
    const { nextCloseMs } = this.#recorder.ledger;
    if (nowMs >= this.nextMs) {
      if (freeMs < roomMs && nowMs < this.nextMs + mostWaitMs) return;
      this.#settledMs = this.#slicedMs = nowMs;
      this.#recorder.settle(nowMs);
      this.#canaryAgain(nowMs, paused);
    } else if (!paused && nextCloseMs <= nowMs) this.#slice(nowMs, nextCloseMs, freeMs);
  }

  /** Judges the lives that have waited longest, in the time before the next kill. */
  #slice(nowMs: number, nextCloseMs: number, freeMs: number): void {
    const lengthMs = freeMs < roomMs ? shortSliceMs : sliceMs;
    if (nowMs < this.#slicedMs + lengthMs) return;
    if (freeMs < shortRoomMs && nowMs < nextCloseMs + mostWaitMs) return;
    this.#slicedMs = nowMs;
    this.#recorder.settle(Math.min(nowMs, nextCloseMs + lengthMs));
  }

  /** During the kills, canaries show that the watchers still receive wills. */
  #canaryAgain(nowMs: number, paused: boolean): void {
    const { phase } = this.#recorder;
    if (phase !== "watch" && phase !== "control") this.#watchers.settleCanaries(nowMs);
    const everyMs = Math.max(canaryEveryMs, 2 * this.#plan.lateAfterMs);
    if (phase === "kill" && !paused && nowMs >= this.#canaryMs + everyMs) this.startCanaries(nowMs);
  }
}
