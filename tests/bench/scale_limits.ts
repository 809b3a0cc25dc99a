/**
 * The bottleneck of a run over several processes on this machine, from the figures of /proc: CPU, open files or source
 * ports.
 */

/** The kernel's figures for a process at one time. */
export interface Sample {
  /** Seconds of USER_HZ, which is 100. */
  readonly cpuS: number;
  readonly rssMiB: number;
  readonly files: number;
  readonly atMs: number;
}

/** The peaks of one process. */
export interface Peak {
  readonly name: string;
  /** Threads that carry its load, and so the cores that it can use. */
  readonly threads: number;
  /** Cores in use during the busiest interval. */
  readonly cores: number;
  readonly cpuS: number;
  readonly rssMiB: number;
  readonly files: number;
  readonly filesLimit: number;
}

/** The source ports that one shard uses and has. */
export interface Ports {
  readonly taken: number;
  readonly had: number;
}

/** mosquitto for many clients. A line of log for each packet would block it as soon as the reader of its log is late. */
export const busyMosquitto: readonly string[] = [
  ...["max_queued_messages 1000000", "max_connections -1"],
  ...["log_type none", "log_type information", "connection_messages false"],
];

/** The share of a resource from which it counts as the bottleneck. */
const nearly = 0.85;

/** The usage of a process so far. */
export function sampleOf(pid: number, nowMs: number): Sample {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  const rssKiB = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? 0;
  const files = filesOf(pid);
  return {
    cpuS: (Number(stat[11]) + Number(stat[12])) / 100,
    rssMiB: Math.round(Number(rssKiB) / 1_024),
    files,
    atMs: nowMs,
  };
}

/** The open files of a process. Linux 6.2 states their number as the size of the folder; a list costs CPU for each. */
function filesOf(pid: number): number {
  const { size } = Deno.statSync(`/proc/${pid}/fd`);
  return size > 0 ? size : [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** The limit of open files of a process. */
export function filesLimitOf(pid: number): number {
  const limit = /Max open files\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/limits`))?.[1];
  return limit === undefined ? Infinity : Number(limit);
}

/** Samples one process, and keeps the maximum of each figure. */
export class Gauge {
  readonly #stretchMs: number;
  #samples: Sample[] = [];
  #first: Sample | undefined;
  #peak = { cores: 0, cpuS: 0, rssMiB: 0, files: 0 };

  constructor(readonly name: string, readonly threads: number, readonly filesLimit: number, stretchMs = 2_000) {
    this.#stretchMs = stretchMs;
  }

  add(sample: Sample): void {
    this.#first ??= sample;
    this.#samples.push(sample);
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= sample.atMs - this.#stretchMs) this.#samples.shift();
    const [from] = this.#samples;
    const passedMs = sample.atMs - from!.atMs;
    const cores = passedMs < this.#stretchMs ? 0 : (sample.cpuS - from!.cpuS) / passedMs * 1_000;
    this.#peak = {
      cores: Math.max(this.#peak.cores, cores),
      cpuS: sample.cpuS - this.#first.cpuS,
      rssMiB: Math.max(this.#peak.rssMiB, sample.rssMiB),
      files: Math.max(this.#peak.files, sample.files),
    };
  }

  get firstRssMiB(): number {
    return this.#first?.rssMiB ?? 0;
  }

  get peak(): Peak {
    const { name, threads, filesLimit } = this;
    return { name, threads, filesLimit, ...this.#peak };
  }
}

/** Samples a process each 0.5 s, until it ends or `over` is true. */
export function gauged(name: string, threads: number, child: { readonly pid: number }, over: AbortSignal): Gauge {
  const gauge = new Gauge(name, threads, filesLimitOf(child.pid));
  const look = () => {
    try {
      const sample = sampleOf(child.pid, performance.now());
      // An ended process has no memory, even before its exit code is read.
      if (sample.rssMiB > 0) gauge.add(sample);
    } catch {
      // The process has ended; its last sample counts.
    }
  };
  look();
  const timer = setInterval(look, 500);
  over.addEventListener("abort", () => clearInterval(timer));
  return gauge;
}

/** The peaks of a process in one line. */
export function peakText(peak: Peak, more = ""): string {
  return `${peak.name}: ${more}${peak.cpuS.toFixed(1)} s of CPU, at most ${peak.cores.toFixed(2)} cores, ` +
    `${peak.rssMiB} MiB, ${peak.files} files`;
}

/** One line that names the bottleneck, or says that there is none. */
export function limitText(peaks: readonly Peak[], ports: Ports, cores: number): string {
  const percent = (share: number) => `${Math.round(share * 100)}%`;
  const [tightest] = peaks.toSorted((one, other) => other.files / other.filesLimit - one.files / one.filesLimit);
  if (tightest !== undefined && tightest.files >= nearly * tightest.filesLimit) {
    return `limited by descriptors: ${tightest.name} has ${tightest.files} of ${tightest.filesLimit} files open`;
  }
  if (ports.taken >= nearly * ports.had) {
    return `limited by ports: a shard takes ${ports.taken} of ${ports.had} source ports`;
  }
  const share = ({ cores: used, threads }: Peak) => used / Math.min(threads, cores);
  const [busiest] = peaks.toSorted((one, other) => share(other) - share(one));
  if (busiest === undefined) return "limit not found: no process was seen";
  const used = peaks.reduce((sum, peak) => sum + peak.cores, 0);
  const use = `${busiest.name} at ${percent(share(busiest))} of its ${Math.min(busiest.threads, cores)}`;
  if (share(busiest) >= nearly) return `limited by CPU: ${use} cores`;
  if (used >= nearly * cores) {
    const [most] = peaks.toSorted((one, other) => other.cores - one.cores);
    return `limited by CPU: all together use ${used.toFixed(1)} of ${cores} cores, ${most!.name} most, ` +
      `${most!.cores.toFixed(1)}`;
  }
  return `limit not found: CPU is nearest, ${use} cores; files ${tightest!.files} of ${tightest!.filesLimit}, ` +
    `ports ${ports.taken} of ${ports.had}`;
}
