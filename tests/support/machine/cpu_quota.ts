/** A CPU quota of the kernel for a process and its children: a control group of version 1 or 2, which takes root. */

const periodUs = 20_000;

/** Limits a process and all its children to a share of one core, until it is disposed. */
export async function inQuota(pid: number, share: number): Promise<AsyncDisposable> {
  const quota = Math.round(periodUs * share);
  const name = `mqtt-sim-${pid}`;
  const first = await exists("/sys/fs/cgroup/cpu/cgroup.procs");
  const folder = first ? `/sys/fs/cgroup/cpu/${name}` : `/sys/fs/cgroup/${name}`;
  const home = first ? "/sys/fs/cgroup/cpu/cgroup.procs" : "/sys/fs/cgroup/cgroup.procs";
  await Deno.mkdir(folder);
  if (first) {
    await Deno.writeTextFile(`${folder}/cpu.cfs_period_us`, String(periodUs));
    await Deno.writeTextFile(`${folder}/cpu.cfs_quota_us`, String(quota));
  } else await Deno.writeTextFile(`${folder}/cpu.max`, `${quota} ${periodUs}`);
  for (const each of await withChildren(pid)) await Deno.writeTextFile(`${folder}/cgroup.procs`, String(each));
  return {
    async [Symbol.asyncDispose]() {
      const left = (await Deno.readTextFile(`${folder}/cgroup.procs`)).split("\n").filter((each) => each !== "");
      for (const each of left) await Deno.writeTextFile(home, each).catch(() => {});
      await Deno.remove(folder);
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The process, its children, and theirs. */
async function withChildren(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = [pid];
  for (const each of found) for (const [child, parent] of parents) if (parent === each) found.push(child);
  return found;
}
