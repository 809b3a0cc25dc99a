/** The common part of all files that the program writes: whether a file exists, and why it is not writable. */
import { dirname } from "node:path";
import { UsageError } from "../../base/failure.ts";

/** The kind of the existing file; undefined where there is none. Throws where its folder does not exist. */
export async function presentAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.stat(dirname(path));
    return undefined;
  }
}

/** An error of a file as the user reads it. @param what the kind of file, such as `report` */
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
