/** Measures a piece of work. */
import type { Figures, Stage } from "./workload.ts";
import type { Swarm } from "./swarm.ts";

/** How the measurement differs from the default. */
export interface MeasuringOptions {
  /** Records the arrival time of each message. */
  readonly isStamped?: boolean;
  /** The work has begun already, so the measurement does not wait for an idle broker. */
  readonly atOnce?: boolean;
}

/**
 * The time from the start of the work to its last message, and the CPU time until the broker is idle again.
 *
 * @param work may return how many milliseconds the generator took to reset clients
 */
export async function measured(
  stage: Stage,
  swarm: Swarm,
  asked: number,
  work: () => Promise<number | void>,
  { isStamped = false, atOnce = false }: MeasuringOptions = {},
): Promise<Figures> {
  if (!atOnce) await stage.rest();
  const before = [stage.brokerCpuUs, stage.brokerKernelUs, stage.generatorCpuUs] as const;
  swarm.forget(isStamped);
  const fromMs = performance.now();
  const resetMs = await work();
  const generatorUs = stage.generatorCpuUs - before[2];
  const ms = swarm.lastMs - fromMs;
  await stage.rest();
  stage.spans.push({ fromMs, toMs: fromMs + ms });
  return {
    done: swarm.messages,
    asked,
    ms,
    cpuUs: stage.brokerCpuUs - before[0],
    kernelUs: stage.brokerKernelUs - before[1],
    generatorUs,
    ...resetMs !== undefined && { resetMs },
  };
}

/** Several measurements as one. */
export function summed(all: readonly Figures[]): Figures {
  const sum = (of: (figures: Figures) => number | undefined) => all.reduce((so, each) => so + (of(each) ?? 0), 0);
  return {
    done: sum(({ done }) => done),
    asked: sum(({ asked }) => asked),
    ms: sum(({ ms }) => ms),
    cpuUs: sum(({ cpuUs }) => cpuUs),
    kernelUs: sum(({ kernelUs }) => kernelUs),
    generatorUs: sum(({ generatorUs }) => generatorUs),
    resetMs: sum(({ resetMs }) => resetMs),
  };
}
