/** How a piece of work is measured. */
import type { Figures, Stage } from "./workload.ts";
import type { Swarm } from "./swarm.ts";

/** How it is measured, where that is not as usual. */
export interface MeasuringOptions {
  /** Each message that comes is stamped. */
  readonly isStamped?: boolean;
  /** What is measured has begun already: nobody waits for the broker to come to rest first. */
  readonly atOnce?: boolean;
}

/**
 * The time from the start of the work to the last that came of it; the CPU time until the broker is at rest again.
 *
 * @param work what is done; may answer for how many milliseconds the generator reset clients
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
