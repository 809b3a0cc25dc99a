/**
 * The file of `--record`: the program tests before the run that it is writable, restarts it with the first line, and
 * writes during the run, so that the events survive a crash of the run.
 */
import { resolve } from "node:path";
import { UsageError } from "../../base/failure.ts";
import { presentAt, writeFault } from "../process/written_file.ts";

/** The destination of a recording. */
export interface RecordFile {
  readonly path: string;
  /** Writes lines after all others; resolves once they are written, or cannot be. */
  write(lines: string): Promise<void>;
  /** Nothing follows. @throws UsageError when something could not be written */
  close(): Promise<void>;
}

/**
 * Opens a file for a recording. Old content remains until the first line; an unused new file is removed.
 *
 * @param taken other files that the program will write
 * @throws UsageError when the path is not writable, or is taken
 */
export async function openRecordFile(path: string, taken: readonly string[] = []): Promise<RecordFile> {
  if (path === "" || path === "-") {
    throw new UsageError(`Cannot write recording ${JSON.stringify(path)}: expected a file`);
  }
  if (taken.some((other) => other !== "-" && resolve(other) === resolve(path))) {
    throw new UsageError(`Cannot write a recording and a report both to "${path}": expected a place for each`);
  }
  try {
    const found = await presentAt(path);
    if (found?.isDirectory) throw new UsageError(`Cannot write recording "${path}": it is a folder; expected a file`);
    const file = await Deno.open(path, { write: true, create: found === undefined });
    return new OpenRecord(path, file, found);
  } catch (error) {
    throw writeFault("recording", path, error);
  }
}

/** The methods of an open file that a recording needs. */
export type WritableFile = Pick<Deno.FsFile, "write" | "truncate" | "close">;

/** A recording on its way into an open file. */
export class OpenRecord implements RecordFile {
  readonly path: string;
  readonly #file: WritableFile;
  readonly #found: Pick<Deno.FileInfo, "isFile"> | undefined;
  /** Overwrites the old content, unless the path is a device or a pipe. */
  #begun = false;
  #last: Promise<void> = Promise.resolve();
  #fault: unknown;
  #closed = false;

  /** @param found the state of the path before the program opened the file */
  constructor(path: string, file: WritableFile, found: Pick<Deno.FileInfo, "isFile"> | undefined) {
    this.path = path;
    this.#file = file;
    this.#found = found;
  }

  write(lines: string): Promise<void> {
    this.#last = this.#last.then(() => this.#append(lines));
    return this.#last;
  }

  async #append(lines: string): Promise<void> {
    // After a gap nothing can be judged: a recording that fails once is cut there.
    if (this.#fault !== undefined || this.#closed) return;
    try {
      if (!this.#begun && (this.#found === undefined || this.#found.isFile)) await this.#file.truncate();
      this.#begun = true;
      const bytes = new TextEncoder().encode(lines);
      for (let at = 0; at < bytes.length;) at += await this.#file.write(bytes.subarray(at));
    } catch (error) {
      this.#fault = error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const last = this.#last;
    this.#last = last.then(() => void (this.#closed = true));
    await this.#last;
    this.#file.close();
    if (!this.#begun && this.#found === undefined) await Deno.remove(this.path);
    if (this.#fault !== undefined) throw writeFault("recording", this.path, this.#fault);
  }
}
