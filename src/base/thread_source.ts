/** The source file of a thread, which the runtime reads under `--allow-read` when the thread starts. */
import { UsageError } from "./failure.ts";

/**
 * Answers the file where it may be read. The runtime itself would write the refusal to standard error and end the thread.
 *
 * @throws UsageError when it may not
 */
export function threadSource(file: URL): URL {
  if (file.protocol !== "file:" || Deno.permissions.querySync({ name: "read", path: file }).state === "granted") {
    return file;
  }
  throw new UsageError(`Cannot start a thread: Requires read access to "${file.pathname}", allow it with --allow-read`);
}
