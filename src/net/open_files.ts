/**
 * The limit of open files of a process; each link uses one. The runtime raises the soft limit to the hard limit when it
 * starts.
 */
import { readProc } from "../base/proc_file.ts";
import { loopOfThread } from "./epoll/epoll_loop.ts";

/**
 * The limit of this process; undefined if the runtime permits neither foreign function calls nor /proc, and on systems
 * other than Linux.
 */
export function openFilesLimit(): number | undefined {
  return limitByCall() ?? limitOfText(readProc("/proc/self/limits") ?? "");
}

function limitByCall(): number | undefined {
  try {
    const limit = loopOfThread().libc.openFilesLimit();
    return limit > 0 ? limit : undefined;
  } catch {
    return undefined; // the epoll engine does not work here
  }
}

/** The soft limit in the text of /proc/self/limits; undefined if there is none. */
export function limitOfText(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+)\s/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
