/** CPU time of a process and all its threads, as Linux counts it: by the nanosecond, and no system call of its own. */

/** In milliseconds, since it began; threads that have ended are not in it. */
export function cpuMsOf(pid: number): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const [onCpuNs] = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ");
    sum += Number(onCpuNs) / 1e6;
  }
  return sum;
}
