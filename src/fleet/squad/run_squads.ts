/**
 * The squads of one run on their threads, kept in step.
 */
import { monotonicClock } from "../../base/clock.ts";
import type { Restarts } from "./broker_restart.ts";
import type { FleetHooks } from "./fleet_hooks.ts";
import { mergeProgress } from "../merge/merge.ts";
import type { Progress } from "../result/result.ts";
import { phases } from "../result/run_phase.ts";
import type { RunRecord, Usage } from "../recording/run_record.ts";
import type { SquadResult, SquadTask } from "../result/squad_task.ts";
import { SquadThread } from "./squad_thread.ts";

/** The common data of the squads of a run. */
export interface SquadsDeps {
  readonly hooks: FleetHooks;
  readonly record: RunRecord | undefined;
  readonly usage: () => Usage;
  readonly restarts: Restarts;
}

/** Runs the tasks, each on its thread; all begin to kill together, and pause together for a restart. */
export async function runSquads(
  tasks: readonly SquadTask[],
  { hooks, record, usage, restarts }: SquadsDeps,
): Promise<SquadResult[]> {
  let [waiting, still] = [tasks.length, 0];
  const over = new AbortController();
  const failure = Promise.withResolvers<never>();
  const act = async (step: number) => {
    const how = await restarts.act(step, over.signal);
    if (how !== undefined) record?.restarted(how);
    for (const thread of threads) {
      if (how?.kind === "failed") thread.giveUp(how.sentence);
      else thread.stepDone();
    }
  };
  const latest = new Map<number, Progress>();
  const wanted = {
    ...hooks.onLives && { lives: true },
    ...hooks.onFaults && { faults: true },
    ...hooks.detail && { detail: true },
    ...record && { record: true },
  };
  const threads = tasks.map((task): SquadThread => {
    const thread = new SquadThread({ ...task, ...wanted }, {
      onReady: () => {
        if (--waiting === 0) goTogether(threads, hooks).catch(failure.reject);
      },
      onStep: (step) => {
        if (++still < tasks.length) return;
        still = 0;
        act(step).catch(failure.reject);
      },
      onProgress: (progress) => {
        latest.set(task.number, progress);
        record?.use(usage, monotonicClock.nowMs());
        if (latest.size === tasks.length) hooks.onProgress(mergeProgress([...latest.values()], phases));
      },
      onLives: (rows) => hooks.onLives?.(rows),
      onFaults: (batch) => hooks.onFaults?.(batch),
      onKick: (clientId) => kick(hooks, clientId),
      onRecord: (lines) => void record?.write(lines).then(() => thread.written(lines.length)),
    });
    return thread;
  });
  const interrupt = () => {
    over.abort();
    threads.forEach((thread) => thread.interrupt());
  };
  for (const signal of [hooks.interrupt, hooks.stop]) {
    signal?.addEventListener("abort", interrupt);
    if (signal?.aborted) interrupt();
  }
  try {
    return await Promise.race([Promise.all(threads.map((thread) => thread.result)), failure.promise]);
  } finally {
    over.abort();
    hooks.interrupt?.removeEventListener("abort", interrupt);
    hooks.stop?.removeEventListener("abort", interrupt);
  }
}

/** A client that stays connected makes the run void. */
function kick({ disconnectClient }: FleetHooks, clientId: string): void {
  void disconnectClient?.(clientId).catch(() => {});
}

/** Lets the squads kill: at once, or at the instant that the gate names. */
async function goTogether(threads: readonly SquadThread[], { gate }: FleetHooks): Promise<void> {
  const killMs = await gate?.();
  for (const thread of threads) thread.go(killMs);
}
