/** The forms in which a check's report is written to files. */
import { object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { type CheckReport, checkReportJson } from "../../report/check_report.ts";
import { type FlagValue, valueFlag } from "../flag.ts";
import { openForms, type ReportOutputs } from "../report_outputs.ts";

const file: FlagValue<string> = { metavar: "FILE", read: (value) => value, isFile: true };

/** The flags of those forms. */
export const checkReportFlags = object("Reports", {
  report: valueFlag(
    "--report",
    file,
    "Write the whole report as JSON. For this flag and each of the next ones: - is standard output, all else then goes " +
      "to standard error; the file is found writable before anything starts, and replaced when the report is whole.",
  ),
});

const writers = { report: checkReportJson } as const;
const titles = { report: "Report" } as const;

/** Opens the files of all forms that were asked for. @throws UsageError when one cannot be written */
export function openCheckOutputs(
  flags: Partial<InferValue<typeof checkReportFlags>>,
): Promise<ReportOutputs<CheckReport>> {
  return openForms(flags, writers, titles);
}
