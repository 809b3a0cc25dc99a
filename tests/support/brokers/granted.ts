/**
 * The permission alone decides the engine of the tests: with `--allow-ffi` the program chooses epoll by itself, without
 * it the runtime's own sockets. A child process of a test has the permissions of the test.
 */
const granted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";

/** For a child process that is given its permissions one by one. */
export const ffiFlags: readonly string[] = granted ? ["--allow-ffi"] : [];

/** Permissions of a task, for a child process: those that this process has not got are left out. */
export function asGranted(flags: readonly string[]): string[] {
  return flags.filter((flag) => granted || flag !== "--allow-ffi");
}
