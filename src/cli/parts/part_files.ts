/** The files of one part: a recording, and a table of its lives. All parts have one command line, so each name has {part}. */
import { UsageError } from "../../base/failure.ts";
import type { RecordSink } from "../../fleet/recording/run_record.ts";
import type { FleetHooks } from "../../fleet/squad/fleet_hooks.ts";
import type { Report, ReportContext } from "../../report/model/report.ts";
import { openRecordFile } from "../fleet/record_file.ts";
import { openRunOutputs } from "../report/report_outputs.ts";

/** The flags of these files. */
export interface PartFilesAsked {
  readonly record?: string | undefined;
  readonly csvLives?: string | undefined;
}

/** The open files. */
export interface PartFiles {
  readonly hooks: Pick<FleetHooks, "onLives" | "record">;
  /** Nothing follows. @throws UsageError when something could not be written */
  finish(report: Report): Promise<void>;
  /** Closes the files of a part that has no report. */
  discard(): Promise<void>;
}

/** @throws UsageError for a name that several parts would write to */
export function checkPartFiles({ record, csvLives }: PartFilesAsked): void {
  for (const [flag, path] of [["--record", record], ["--csv-lives", csvLives]] as const) {
    if (path === undefined || path.includes("{part}")) continue;
    throw new UsageError(
      `Cannot use ${flag} ${JSON.stringify(path)} for a part: expected a file with {part} in its name`,
    );
  }
}

/** Opens the files of a part. @throws UsageError when one is not writable */
export async function openPartFiles(
  { record, csvLives }: PartFilesAsked,
  { run, part }: { readonly run: string; readonly part: number },
  context: ReportContext,
): Promise<PartFiles> {
  const named = (path: string) => path.replaceAll("{part}", String(part)).replaceAll("{run}", run);
  const lives = csvLives === undefined ? undefined : named(csvLives);
  const outputs = await openRunOutputs(lives === undefined ? {} : { csvLives: lives }, () => {});
  try {
    const file = record === undefined
      ? undefined
      : await openRecordFile(named(record), lives === undefined ? [] : [lives]);
    const sink: RecordSink | undefined = file && { context, write: (lines) => file.write(lines) };
    return {
      hooks: { ...outputs.onLives && { onLives: outputs.onLives }, ...sink && { record: sink } },
      finish: async (report) => {
        await outputs.write(report, () => {});
        await file?.close();
      },
      discard: async () => {
        await outputs.discard();
        await file?.close();
      },
    };
  } catch (error) {
    await outputs.discard();
    throw error;
  }
}
