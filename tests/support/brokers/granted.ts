/**
 * The permissions determine the engine of the tests: with `--allow-ffi` the program chooses epoll, without it the
 * runtime's sockets. A child process of a test has the permissions of the test.
 */
const granted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";

/** The permission for foreign calls, for a child process with single permissions. */
export const ffiFlags: readonly string[] = granted ? ["--allow-ffi"] : [];

/** The permissions of a task for a child process, without those that this process lacks. */
export function asGranted(flags: readonly string[]): string[] {
  return flags.filter((flag) => granted || flag !== "--allow-ffi");
}
