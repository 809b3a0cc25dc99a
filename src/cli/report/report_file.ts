/**
 * The file of `--report`: found writable before the run, and replaced only by a whole report.
 */
import { basename, dirname } from "node:path";
import { UsageError } from "../../base/failure.ts";
import { unguessable } from "../process/new_file.ts";
import { presentAt, writeFault } from "../process/written_file.ts";

/** Where a report will go. `write` or `discard` is called, once. */
export interface ReportFile {
  /** Writes a part of it at once, before the rest comes. @throws UsageError when that fails */
  append(text: string): void;
  /** Writes the report. @throws UsageError when that fails after all */
  write(text: string): Promise<void>;
  /** Leaves things as they were. */
  discard(): Promise<void>;
}

/**
 * Opens a file for a later report. Old content remains until the report is complete.
 *
 * @throws UsageError when the path is not writable
 */
export async function openReportFile(path: string): Promise<ReportFile> {
  if (path === "") throw new UsageError('Cannot write report "": expected a file, or - for standard output');
  try {
    const found = await presentAt(path);
    if (found === undefined) return await openBeside(path);
    if (found.isDirectory) throw new UsageError(`Cannot write report "${path}": it is a folder; expected a file`);
    // Devices and pipes are written to; nothing may take their place.
    if (!found.isFile) return await openInPlace(path);
    // A file that may not be written is not to be replaced either.
    (await Deno.open(path, { write: true })).close();
    return await openBeside(await Deno.realPath(path));
  } catch (error) {
    throw writeFault("report", path, error);
  }
}

async function openBeside(path: string): Promise<ReportFile> {
  const { file, path: partial } = await openNew(`${dirname(path)}/.${basename(path)}`);
  return {
    append: (text) => appendTo(file, path, text),
    async write(text) {
      try {
        await writeWhole(file, text);
        await Deno.rename(partial, path);
      } catch (error) {
        await removeIfPresent(partial);
        throw writeFault("report", path, error);
      }
    },
    async discard() {
      file.close();
      await removeIfPresent(partial);
    },
  };
}

/** A file beside another, with an unpredictable name, so that it cannot be a prepared link. */
async function openNew(beside: string): Promise<{ readonly file: Deno.FsFile; readonly path: string }> {
  const path = unguessable(beside);
  return { file: await Deno.open(path, { write: true, createNew: true }), path };
}

async function openInPlace(path: string): Promise<ReportFile> {
  const file = await Deno.open(path, { write: true });
  return {
    append: (text) => appendTo(file, path, text),
    write: (text) => writeWhole(file, text).catch((error) => Promise.reject(writeFault("report", path, error))),
    discard: () => Promise.resolve(file.close()),
  };
}

function appendTo(file: Deno.FsFile, path: string, text: string): void {
  try {
    for (let rest = new TextEncoder().encode(text); rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
  } catch (error) {
    throw writeFault("report", path, error);
  }
}

async function writeWhole(file: Deno.FsFile, text: string): Promise<void> {
  const writer = file.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
