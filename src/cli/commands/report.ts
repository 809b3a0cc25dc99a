/** `mqtt-sim report`: saved report, or several → report → forms → the run's exit code. */
import { UsageError } from "../../base/failure.ts";
import { mergeReports } from "../../report/merge_reports.ts";
import type { Report } from "../../report/report.ts";
import { reportText } from "../../report/text.ts";
import type { Output } from "../output.ts";
import { openReportOutputs, type ReportOutputs } from "../report_outputs.ts";
import { readSaved } from "../saved_record.ts";
import type { DrawAsked } from "./report_flags.ts";

/** Widest text of a report. */
const widest = 100;

/**
 * Writes a saved report, or several merged, in the forms that were asked for; answers the run's exit code.
 *
 * @throws UsageError when a report cannot be read, parts do not fit, or a file cannot be written
 */
export async function report(asked: DrawAsked, output: Output): Promise<number> {
  const whole = await wanted(asked);
  const outputs = await openReportOutputs(asked);
  try {
    return await writeAll(whole, asked, outputs, output);
  } finally {
    await outputs.discard();
  }
}

async function wanted(asked: DrawAsked): Promise<Report> {
  if (asked.command === "report") {
    return await readSaved(asked.file, asked.threshold.length === 0 ? undefined : asked.threshold);
  }
  if (asked.files.length === 0) {
    throw new UsageError(
      "Cannot draw a report without its file: expected what mqtt-sim fleet --report or --record wrote",
    );
  }
  const parts = [];
  for (const name of asked.files) parts.push({ name, report: await readSaved(name) });
  return mergeReports(parts);
}

async function writeAll(
  whole: Report,
  { text, report, html, junit, markdown, csv, csvLives, hdr }: DrawAsked,
  outputs: ReportOutputs,
  { out, err }: Output,
): Promise<number> {
  const stream = outputs.usesStandardOutput ? err : out;
  const others = [report, html, junit, markdown, csv, csvLives, hdr];
  if (text || others.every((path) => path === undefined)) {
    stream.write(reportText(whole, { width: Math.min(stream.columns() ?? widest, widest), style: stream.style }));
  }
  const told = await outputs.write(whole, (form) => out.write(form));
  for (const line of told) stream.write(`${line}\n`);
  return whole.exitCode;
}
