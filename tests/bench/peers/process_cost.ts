/** The cost of a process as the operating system counts it: CPU time of all its threads, and memory. Linux only. */

/** Microseconds in a tick of /proc/PID/stat: 100 ticks a second on every current Linux. */
const tickUs = 10_000;

/** The figures of /proc for a process at one time. */
export interface CpuSample {
  /** By number of each living thread: microseconds on a CPU, from `schedstat`, exact to the nanosecond. */
  readonly threads: ReadonlyMap<string, number>;
  /** Of all threads, ended ones included, in user mode and in the kernel; each rounded down to a tick. */
  readonly userUs: number;
  readonly kernelUs: number;
}

/** The CPU time of a running thread has a resolution of a few milliseconds: sample an idle process. */
export function cpuSample(pid: number): CpuSample {
  const threads = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const [ns] = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ");
      threads.set(name, Number(ns) / 1_000);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) && !/os error 3\b/.test(String(error))) throw error;
      // The thread has ended since it was listed.
    }
  }
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { threads, userUs: Number(fields[11]) * tickUs, kernelUs: Number(fields[12]) * tickUs };
}

/**
 * Adds up the CPU time of a process between samples. A thread that ends between two samples loses its last figure; the
 * ticks still include it, so the difference is added, exact to two ticks.
 */
export class CpuCount {
  #last: CpuSample;
  #us = 0;

  constructor(first: CpuSample) {
    this.#last = first;
  }

  /** Microseconds since the first sample. */
  add(sample: CpuSample): number {
    const { threads } = this.#last;
    let passed = 0;
    for (const [thread, us] of sample.threads) passed += us - (threads.get(thread) ?? 0);
    const hasEnded = [...threads.keys()].some((thread) => !sample.threads.has(thread));
    const ticked = sample.userUs + sample.kernelUs - this.#last.userUs - this.#last.kernelUs;
    this.#us += hasEnded ? Math.max(passed, ticked - 2 * tickUs) : passed;
    this.#last = sample;
    return this.#us;
  }
}

/** The CPU time of a process from now on. */
export class CpuClock {
  readonly #pid: number;
  readonly #count: CpuCount;

  constructor(pid: number) {
    this.#pid = pid;
    this.#count = new CpuCount(cpuSample(pid));
  }

  get us(): number {
    return this.#count.add(cpuSample(this.#pid));
  }

  /** The kernel's time for the process since its start, to a tick. */
  get kernelUs(): number {
    return cpuSample(this.#pid).kernelUs;
  }
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = Deno.readTextFileSync(`/proc/${pid}/status`).match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status tells no VmRSS`);
  return Number(kilobytes) * 1024;
}

/** Pins a process with all its threads to one core, so that the generator and the broker do not share one. */
export async function pin(pid: number, core: number): Promise<void> {
  const args = ["-a", "-p", "-c", String(core), String(pid)];
  const { success } = await new Deno.Command("taskset", { args, stdin: "null", stdout: "null", stderr: "null" })
    .output();
  if (!success) throw new Error(`taskset cannot tie process ${pid} to core ${core}`);
}
