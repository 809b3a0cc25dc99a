/** What all files that the program writes have in common: whether one is there already, and why one cannot be written. */
import { dirname } from "node:path";
import { UsageError } from "../../base/failure.ts";

/** What is at the path already; undefined where nothing is. Throws where its folder is not there either. */
export async function presentAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.stat(dirname(path));
    return undefined;
  }
}

/** An error of a file as the person reads it. @param what the kind of file, such as `report` */
export function writeFault(what: string, path: string, error: unknown): UsageError {
  if (error instanceof UsageError) return error;
  return new UsageError(`Cannot write ${what} "${path}": ${fileFault(path, error)}`);
}

/** Why a file could not be written, in words. */
export function fileFault(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    return `there is no folder "${dirname(path)}"; expected an existing folder`;
  }
  if (error instanceof Deno.errors.NotADirectory) return `"${dirname(path)}" is not a folder; expected a folder`;
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied; expected a writable file";
  return error instanceof Error ? error.message : String(error);
}
