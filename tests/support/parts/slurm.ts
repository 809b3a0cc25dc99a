/**
 * A Slurm of one node as child processes, in its own folder: munged, slurmctld and slurmd, as root on loopback. The paths
 * are those of Debian's packages slurmctld, slurmd and munge.
 */
import { ChildProcess } from "../machine/child_process.ts";
import { freePort } from "../machine/free_port.ts";
import { find, type Peer } from "../brokers/peers.ts";

const install = "apt-get install slurmctld slurmd slurm-client munge";
export const slurm: readonly Peer[] = [
  await find(["/usr/sbin/munged"], ["--version"], install, 0),
  await find(["/usr/sbin/slurmctld"], ["-V"], install, 0),
  await find(["/usr/sbin/slurmd"], ["-V"], install, 0),
  await find(["/usr/bin/sbatch"], ["--help"], install),
];

/** A Slurm that runs. */
export interface Slurm extends AsyncDisposable {
  /** Submits a job and waits for its end. `lines` of its output are in the file that `--output` names. */
  sbatch(args: readonly string[]): ChildProcess;
}

function configOf(folder: string, host: string): string {
  return [
    "ClusterName=test",
    `SlurmctldHost=${host}(127.0.0.1)`,
    ...["SlurmUser=root", "SlurmdUser=root", "AuthType=auth/munge", `AuthInfo=socket=${folder}/munge.socket`],
    ...[`StateSaveLocation=${folder}/state`, `SlurmdSpoolDir=${folder}/spool`],
    ...[`SlurmctldPidFile=${folder}/slurmctld.pid`, `SlurmdPidFile=${folder}/slurmd.pid`],
    ...[`SlurmctldPort=${freePort()}`, `SlurmdPort=${freePort()}`],
    ...["ProctrackType=proctrack/pgid", "TaskPlugin=task/none", "JobAcctGatherType=jobacct_gather/none"],
    ...["AccountingStorageType=accounting_storage/none", "SelectType=select/cons_tres"],
    ...["SelectTypeParameters=CR_Core", "SchedulerType=sched/backfill", "JobRequeue=0", "MpiDefault=none"],
    ...["SlurmdParameters=config_overrides", "SchedulerParameters=sched_interval=1,batch_sched_delay=0"],
    `NodeName=${host} NodeAddr=127.0.0.1 CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=8 ThreadsPerCore=1 ` +
    "RealMemory=4000 State=UNKNOWN",
    `PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES`,
    "",
  ].join("\n");
}

/** Starts it. */
export async function startSlurm(): Promise<Slurm> {
  const folder = await Deno.makeTempDir({ prefix: "slurm" });
  const children: ChildProcess[] = [];
  const end = async () => {
    for (const child of children.toReversed()) await child[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    const host = (await Deno.readTextFile("/etc/hostname")).trim();
    await Deno.chmod(folder, 0o755);
    for (const name of ["state", "spool"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeFile(`${folder}/munge.key`, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o600 });
    await Deno.writeTextFile(`${folder}/slurm.conf`, configOf(folder, host));
    const [munged, slurmctld, slurmd, sbatch] = slurm.map(({ program }) => program) as [string, string, string, string];
    const places = [`--socket=${folder}/munge.socket`, `--pid-file=${folder}/munged.pid`, `--seed-file=${folder}/seed`];
    const env = { env: { SLURM_CONF: `${folder}/slurm.conf` } };
    children.push(
      new ChildProcess(munged, ["--foreground", "--force", `--key-file=${folder}/munge.key`, ...places]),
    );
    while (!await exists(`${folder}/munge.socket`)) await new Promise((resolve) => setTimeout(resolve, 20));
    children.push(new ChildProcess(slurmctld, ["-D", "-i"], env));
    children.push(new ChildProcess(slurmd, ["-D", "-N", host], env));
    return { sbatch: (args) => new ChildProcess(sbatch, args, env), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
