/**
 * What a process has cost so far, as the operating system counts it: CPU time of all its threads, and memory. Linux only.
 */

/** Ticks of `utime` and `stime` in a second; 100 on every Linux of today. */
const ticksPerSecond = 100;

/** CPU time of a process, all threads, those that have ended too; in microseconds, to 10 ms. */
export function cpuUs(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1e6 / ticksPerSecond;
}

/** Resident memory of a process now, in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = Deno.readTextFileSync(`/proc/${pid}/status`).match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status tells no VmRSS`);
  return Number(kilobytes) * 1024;
}

/** Ties a process and all its threads to one core, so that the generator and the broker do not share one. */
export async function pin(pid: number, core: number): Promise<void> {
  const args = ["-a", "-p", "-c", String(core), String(pid)];
  const { success } = await new Deno.Command("taskset", { args, stdin: "null", stdout: "null", stderr: "null" })
    .output();
  if (!success) throw new Error(`taskset cannot tie process ${pid} to core ${core}`);
}
