/** The source file of a thread, which the runtime reads under `--allow-read` when the thread starts. */
import { UsageError } from "./failure.ts";

/**
 * Returns the file if it may be read. The runtime itself would write the error to standard error and end the thread.
 *
 * @throws UsageError if it may not be read
 */
export function threadSource(file: URL): URL {
  if (file.protocol !== "file:" || Deno.permissions.querySync({ name: "read", path: file }).state === "granted") {
    return file;
  }
  throw new UsageError(`Cannot start a thread: Requires read access to "${file.pathname}", allow it with --allow-read`);
}
