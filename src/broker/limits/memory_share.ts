/** The default memory limit: a share of the memory of this machine, or of the broker's container. */
import v8 from "node:v8";
import { machineMemoryBytes } from "../../net/machine_memory.ts";

/** A quarter of the memory, and at most half of the runtime's heap limit. */
const shares = { machine: 1 / 4, heap: 1 / 2 } as const;

/** Assumed memory if neither the machine nor its container reports it, in bytes. */
const unknownBytes = 1024 * 1024 * 1024;
const mebibyte = 1024 * 1024;

/** The default of `--max-memory`, in bytes; whole mebibytes. */
export function memoryShare(
  readText: (path: string) => string = readOwn,
  machineBytes: () => number | undefined = machineMemoryBytes,
): number {
  const known = [machineBytes(), containerBytes(readText)].filter((bytes) => bytes !== undefined);
  const share = known.length === 0 ? unknownBytes : Math.min(...known) * shares.machine;
  const bytes = Math.min(share, v8.getHeapStatistics().heap_size_limit * shares.heap);
  return Math.floor(bytes / mebibyte) * mebibyte;
}

/**
 * The memory limit of control groups version 2 or 1; `max` means no limit. The runtime permits reading it only under
 * --allow-all.
 */
function containerBytes(readText: (path: string) => string): number | undefined {
  const limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    .map((path) => attempt(readText, path).trim()).filter((text) => /^\d+$/.test(text));
  return limits.length === 0 ? undefined : Math.min(...limits.map(Number));
}

/** Empty if the file cannot be read: on another system, or without permission. */
function attempt(readText: (path: string) => string, path: string): string {
  try {
    return readText(path);
  } catch {
    return "";
  }
}

function readOwn(path: string): string {
  return Deno.readTextFileSync(path);
}
