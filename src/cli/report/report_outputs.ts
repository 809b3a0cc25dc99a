/**
 * The forms in which a report is written to files: all of them opened before a run, and written whole after it.
 */
import { object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { UsageError } from "../../base/failure.ts";
import type { LifeRow } from "../../fleet/ledger/life_row.ts";
import { lifeRowsCsv, lifeRowsHead, livesCsv, modeCsv } from "../../report/export/csv.ts";
import { reportHdrLog } from "../../report/export/hdr_log.ts";
import { reportHtml } from "../../report/html/html.ts";
import { reportJson } from "../../report/export/json.ts";
import { reportJunit } from "../../report/export/junit.ts";
import { reportMarkdown } from "../../report/export/markdown.ts";
import type { Report } from "../../report/model/report.ts";
import { fileValue as file, valueFlag } from "../options/flag.ts";
import { openReportFile, type ReportFile } from "./report_file.ts";

/** The flag for the JSON report, of `fleet`, `check` and `report`. */
export const jsonFlag = valueFlag(
  "--report",
  file,
  "Write the whole report as JSON. For this flag and the next ones: - means standard output, and everything else then goes " +
    "to standard error; the file must be writable before the start, and is replaced when the report is complete.",
  "-o",
);

/** The flags of every command that writes a report of a fleet. */
export const reportFlags = object("Reports", {
  report: jsonFlag,
  html: valueFlag(
    "--html",
    file,
    "Write one self-contained HTML page: verdict, plots, tables, lives, plan. It loads no other file.",
  ),
  junit: valueFlag("--junit", file, "Write JUnit XML: a test case for each kind of fault, check and threshold."),
  markdown: valueFlag(
    "--markdown",
    file,
    'Write short Markdown, for a pull request or the summary of a CI job: --markdown - >> "$GITHUB_STEP_SUMMARY" adds to the file, and a name replaces its content.',
  ),
  csv: valueFlag("--csv", file, "Write comma-separated values: a row for each kill mode, and one for all."),
  csvLives: valueFlag(
    "--csv-lives",
    file,
    "Write comma-separated values: a row for every life of the run, written as it is judged. Of a saved report: its " +
      "samples of faults, at most 20 of each kind, and its 20 slowest wills on time.",
  ),
  hdr: valueFlag(
    "--hdr",
    file,
    "Write the latencies as an HdrHistogram interval log, in microseconds: all wills, each kill mode under its " +
      "tag, and all wills from the completed kill under the tag broker.",
  ),
});

/** Where the forms of a report go. */
export type ReportFlags = Partial<InferValue<typeof reportFlags>>;

/** A form, by its flag. */
export type Form = keyof ReportFlags;

const writers = {
  report: reportJson,
  html: reportHtml,
  junit: reportJunit,
  markdown: reportMarkdown,
  csv: modeCsv,
  csvLives: livesCsv,
  hdr: reportHdrLog,
} as const satisfies Readonly<Record<keyof ReportFlags, (report: Report) => string>>;

/** The name of each. */
export const formTitles: Readonly<Record<keyof ReportFlags, string>> = {
  report: "Report",
  html: "HTML page",
  junit: "JUnit XML",
  markdown: "Markdown",
  csv: "CSV",
  csvLives: "CSV of lives",
  hdr: "HdrHistogram log",
};

/** Files that wait for their report. */
export interface ReportOutputs<R = Report> {
  /** True when one form goes to standard output, which then carries no other text. */
  readonly usesStandardOutput: boolean;
  /** Writes every form; returns a line on each file. @throws UsageError when writing one fails after all */
  write(report: R, toStandardOutput: (text: string) => void): Promise<string[]>;
  /** Writes a part of one form before the rest comes. @throws UsageError when that fails */
  append(form: string, text: string, toStandardOutput: (text: string) => void): void;
  /** Leaves the files that were not written as they were. */
  discard(): Promise<void>;
}

/** Files that wait for the report of a run, and an optional one that receives its judged lives. */
export interface RunOutputs extends ReportOutputs {
  readonly onLives?: (rows: readonly LifeRow[]) => void;
}

/**
 * Opens the files of all requested forms.
 *
 * @throws UsageError when one is not writable, or two have the same path
 */
export function openReportOutputs(flags: ReportFlags): Promise<ReportOutputs> {
  return openForms(flags, writers, formTitles);
}

/**
 * The same for a run, whose lives the program writes during the run: all of them, without keeping any in memory.
 *
 * @throws UsageError as above
 */
export async function openRunOutputs(
  flags: ReportFlags,
  toStandardOutput: (text: string) => void,
): Promise<RunOutputs> {
  let hasHead = false;
  const head = () => {
    if (hasHead) return "";
    hasHead = true;
    return lifeRowsHead;
  };
  const outputs = await openForms<Report, Form>(flags, { ...writers, csvLives: head }, formTitles);
  if (flags.csvLives === undefined) return outputs;
  const onLives = (rows: readonly LifeRow[]) =>
    outputs.append("csvLives", head() + lifeRowsCsv(rows), toStandardOutput);
  return { ...outputs, onLives };
}

/** Opens the files of the forms of any report, with the writer and the name of each. Throws as above. */
export async function openForms<R, Form extends string>(
  flags: Partial<Readonly<Record<Form, string | undefined>>>,
  writers: Readonly<Record<Form, (report: R) => string>>,
  titles: Readonly<Record<Form, string>>,
): Promise<ReportOutputs<R>> {
  const asked = (Object.keys(writers) as Form[]).flatMap((form) => {
    const path = flags[form];
    return path === undefined ? [] : [{ form, write: writers[form], title: titles[form], path }];
  });
  checkPlaces(asked);
  const opened: (typeof asked[number] & { readonly file?: ReportFile })[] = [];
  const discard = async () => {
    for (const { file } of opened.splice(0)) await file?.discard();
  };
  try {
    for (const each of asked) {
      opened.push({ ...each, ...each.path !== "-" && { file: await openReportFile(each.path) } });
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    usesStandardOutput: asked.some(({ path }) => path === "-"),
    discard,
    append(form, text, toStandardOutput) {
      const one = opened.find((each) => each.form === form);
      if (one?.file === undefined) toStandardOutput(text);
      else one.file.append(text);
    },
    async write(report, toStandardOutput) {
      const written: string[] = [];
      const faults: string[] = [];
      for (let next = opened.shift(); next !== undefined; next = opened.shift()) {
        try {
          const text = next.write(report);
          if (next.file === undefined) toStandardOutput(text);
          else {
            await next.file.write(text);
            written.push(`${next.title}: ${next.path}`);
          }
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          faults.push(error.message);
        }
      }
      // One that cannot be written keeps none of the others from being written.
      if (faults.length > 0) throw new UsageError([...faults, ...written].join("\n"));
      return written;
    },
  };
}

/** The paths of the requested forms. */
export function reportPlaces(flags: ReportFlags): string[] {
  return (Object.keys(writers) as (keyof ReportFlags)[]).flatMap((form) => flags[form] ?? []);
}

function checkPlaces(asked: readonly { readonly title: string; readonly path: string }[]): void {
  const seen = new Map<string, string>();
  for (const { title, path } of asked) {
    const other = seen.get(path);
    if (other !== undefined) {
      const where = path === "-" ? "standard output" : `"${path}"`;
      throw new UsageError(`Cannot write ${other} and ${title} both to ${where}: expected a place for each`);
    }
    seen.set(path, title);
  }
}
