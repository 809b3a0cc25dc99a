/**
 * The default bound over memory: a share of what this machine, or the container that the broker runs in, has.
 */
import v8 from "node:v8";
import { machineMemoryBytes } from "../../net/machine_memory.ts";

/** A quarter of the memory, and no more than half of the limit of the runtime's heap. */
const shares = { machine: 1 / 4, heap: 1 / 2 } as const;

/** Where the machine or its container does not say, in bytes. */
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
 * The limit of version 2 or version 1 of control groups; `max` is none. The runtime permits reading it under --allow-all
 * alone.
 */
function containerBytes(readText: (path: string) => string): number | undefined {
  const limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    .map((path) => attempt(readText, path).trim()).filter((text) => /^\d+$/.test(text));
  return limits.length === 0 ? undefined : Math.min(...limits.map(Number));
}

/** Empty where it cannot be read: on another system, or without permission. */
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
