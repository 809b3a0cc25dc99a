/**
 * Which engine the tests run on is decided by permission alone: with `--allow-ffi` the program chooses epoll by itself,
 * without it the runtime's own sockets. What a test starts as a child process has what the test has.
 */
const granted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";

/** For a child process that is given its permissions one by one. */
export const ffiFlags: readonly string[] = granted ? ["--allow-ffi"] : [];

/** Permissions of a task, for a child process: those that this process has not got are left out. */
export function asGranted(flags: readonly string[]): string[] {
  return flags.filter((flag) => granted || flag !== "--allow-ffi");
}
