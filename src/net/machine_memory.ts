/** The memory of this machine. */
import { readProc } from "../base/proc_file.ts";
import { loopOfThread } from "./epoll/epoll_loop.ts";

/**
 * In bytes; undefined if the runtime permits neither foreign function calls nor /proc, and on systems other than Linux.
 */
export function machineMemoryBytes(): number | undefined {
  return bytesByCall() ?? bytesOfText(readProc("/proc/meminfo") ?? "");
}

function bytesByCall(): number | undefined {
  try {
    const bytes = loopOfThread().libc.machineMemoryBytes();
    return bytes > 0 ? bytes : undefined;
  } catch {
    return undefined; // the epoll engine does not work here
  }
}

/** The memory in the text of /proc/meminfo, in bytes; undefined if there is none. */
export function bytesOfText(text: string): number | undefined {
  const kibibytes = /^MemTotal:\s+(\d+) kB/m.exec(text)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
