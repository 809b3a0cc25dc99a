/** The CPU cores that this process uses while clients are killed. */
import process from "node:process";
import { monotonicClock } from "../../base/clock.ts";
import type { Progress } from "../../fleet/result/result.ts";

/** A shorter kill phase is not measured, in milliseconds. */
const leastMeasuredMs = 500;

/** The CPU time of this process from the first to the last report of the kill phase. */
export class CoreMeter {
  #from: { readonly atMs: number; readonly cpuMs: number } | undefined;
  #to: { readonly atMs: number; readonly cpuMs: number } | undefined;

  take({ phase }: Pick<Progress, "phase">): void {
    if (phase !== "kill") return;
    const { user, system } = process.cpuUsage();
    this.#to = { atMs: monotonicClock.nowMs(), cpuMs: (user + system) / 1_000 };
    this.#from ??= this.#to;
  }

  /** The cores that were busy on average; undefined where the phase was too short to measure. */
  get cores(): number | undefined {
    const [from, to] = [this.#from, this.#to];
    if (from === undefined || to === undefined || to.atMs - from.atMs < leastMeasuredMs) return undefined;
    return (to.cpuMs - from.cpuMs) / (to.atMs - from.atMs);
  }
}
