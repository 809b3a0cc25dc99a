/** Memory of a process over time, as Linux counts it. */

export interface ProcessMemory {
  readonly residentBytes: number;
  /** The peak of resident memory since the process began. */
  readonly peakBytes: number;
}

const everyMs = 50;

/** Zeros for a process that has ended. */
export function memoryOf(pid: number): ProcessMemory {
  try {
    return memoryIn(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || /os error 3\b/.test(String(error))) return none;
    throw error;
  }
}

const none: ProcessMemory = { residentBytes: 0, peakBytes: 0 };

/** From the text of /proc/PID/status; a process that is ending has no such lines. */
export function memoryIn(status: string): ProcessMemory {
  const kilobytes = (name: string) => Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"))?.[1] ?? 0);
  return { residentBytes: kilobytes("VmRSS") * 1024, peakBytes: kilobytes("VmHWM") * 1024 };
}

export interface MemoryWatch {
  stop(): { readonly peakBytes: number; readonly isCapped: boolean };
}

/** Watches the peak of a process, and ends the process above a cap. */
export function watchMemory(pid: number, capBytes: number): MemoryWatch {
  let peakBytes = 0;
  let isCapped = false;
  const look = () => {
    const memory = memoryOf(pid);
    peakBytes = Math.max(peakBytes, memory.peakBytes);
    if (memory.residentBytes <= capBytes || isCapped) return;
    isCapped = true;
    Deno.kill(pid, "SIGKILL");
  };
  const timer = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(timer);
      look();
      return { peakBytes, isCapped };
    },
  };
}
