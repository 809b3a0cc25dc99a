/**
 * The load of other processes during a measurement, from Linux' own counters: it shows whose lateness a late result is.
 */

/** Counters of /proc at one time, in ticks of CPU. */
export interface LoadSample {
  readonly all: number;
  readonly busy: number;
  /** This process, and its children that have ended. */
  readonly own: number;
  /** The broker under test; absent where it is no separate process, or was restarted. */
  readonly broker?: number;
}

/** The work between two samples. */
export interface MachineLoad {
  /** The share of the machine's CPU that neither broker nor fleet used, from 0 to 1. */
  readonly othersShare: number;
  /** CPU that the broker used; absent if it is no separate process, or was restarted. */
  readonly brokerCpuMs?: number;
}

const msPerTick = 10;

/** The current counters. */
export async function sampleLoad(brokerPid?: number): Promise<LoadSample> {
  const [machine, own, broker] = await Promise.all([
    Deno.readTextFile("/proc/stat"),
    Deno.readTextFile("/proc/self/stat"),
    brokerPid === undefined ? undefined : Deno.readTextFile(`/proc/${brokerPid}/stat`),
  ]);
  return loadOf(machine, own, broker);
}

/** The counters from the texts of /proc. */
export function loadOf(machine: string, own: string, broker?: string): LoadSample {
  const [user, nice, system, idle, ioWait, ...interrupts] = machine.split("\n")[0]!.trim().split(/\s+/).slice(1, 9)
    .map(Number) as [number, number, number, number, number, ...number[]];
  const busy = user + nice + system + sum(interrupts);
  const ownTicks = ticks(own);
  return {
    busy,
    all: busy + idle + ioWait,
    own: sum(ownTicks),
    ...broker !== undefined && { broker: sum(ticks(broker).slice(0, 2)) },
  };
}

/** Ticks of one process: user, system, and the same of its ended children. Its name may contain spaces. */
function ticks(stat: string): number[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 15).map(Number);
}

/** The work between two samples. */
export function loadBetween(before: LoadSample, after: LoadSample): MachineLoad {
  const all = after.all - before.all;
  const broker = before.broker === undefined || after.broker === undefined || after.broker < before.broker
    ? undefined
    : after.broker - before.broker;
  const others = after.busy - before.busy - (after.own - before.own) - (broker ?? 0);
  return {
    othersShare: all <= 0 ? 0 : Math.max(0, others / all),
    ...broker !== undefined && { brokerCpuMs: broker * msPerTick },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((whole, value) => whole + value, 0);
}
