/** When a squad judges the lives that are complete, and starts canaries during the kills. */
import type { SquadRecorder } from "../ledger/squad_recorder.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { WatcherPool } from "../watch/watcher_pool.ts";

/** Interval of the judging of lives whose will is decided, in milliseconds. */
const settleEveryMs = 100;
/** Interval between kills of canaries for each watcher during the kill phase, in milliseconds. */
const canaryEveryMs = 5_000;
/** At high kill rates a few lives at a time, so that a kill waits for no more: the length of such a slice. */
const sliceMs = 5;

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

  /** Canaries start now, and again after their interval. */
  startCanaries(nowMs: number): void {
    this.#watchers.startCanaries(nowMs);
    this.countFrom(nowMs);
  }

  /** Counts the interval of the canaries from here. */
  countFrom(nowMs: number): void {
    this.#canaryMs = nowMs;
  }

  /** @param paused the broker restarts */
  turn(nowMs: number, paused: boolean): void {
    const { nextCloseMs } = this.#recorder.ledger;
    if (nowMs >= this.nextMs) {
      this.#settledMs = this.#slicedMs = nowMs;
      this.#recorder.settle(nowMs);
      this.#canaryAgain(nowMs, paused);
    } else if (!paused && nextCloseMs <= nowMs && nowMs >= this.#slicedMs + sliceMs) {
      this.#slicedMs = nowMs;
      this.#recorder.settle(Math.min(nowMs, nextCloseMs + sliceMs));
    }
  }

  /** During the kills, canaries show that the watchers still receive wills. */
  #canaryAgain(nowMs: number, paused: boolean): void {
    const { phase } = this.#recorder;
    if (phase !== "watch" && phase !== "control") this.#watchers.settleCanaries(nowMs);
    const everyMs = Math.max(canaryEveryMs, 2 * this.#plan.lateAfterMs);
    if (phase === "kill" && !paused && nowMs >= this.#canaryMs + everyMs) this.startCanaries(nowMs);
  }
}
