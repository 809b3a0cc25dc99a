/** The forms in which a check's report is written to files. */
import { object } from "@optique/core/constructs";
import type { InferValue } from "@optique/core/parser";
import { checkHtml } from "../../report/html/check_html.ts";
import { checkJunit } from "../../report/export/check_junit.ts";
import { checkMarkdown } from "../../report/export/check_markdown.ts";
import { type CheckReport, checkReportJson } from "../../report/model/check_report.ts";
import { fileValue as file, valueFlag } from "../options/flag.ts";
import { jsonFlag, openForms, type ReportOutputs } from "./report_outputs.ts";

/** The flags of those forms. */
export const checkReportFlags = object("Reports", {
  report: jsonFlag,
  html: valueFlag(
    "--html",
    file,
    "Write one self-contained HTML page: verdict, what failed with its transcript, every rule. It loads no other file.",
  ),
  junit: valueFlag("--junit", file, "Write JUnit XML: a suite for each version, a test case for each case."),
  markdown: valueFlag("--markdown", file, "Write Markdown: verdict, what failed with its transcript, every rule."),
});

const writers = { report: checkReportJson, html: checkHtml, junit: checkJunit, markdown: checkMarkdown } as const;
const titles = { report: "Report", html: "HTML page", junit: "JUnit XML", markdown: "Markdown" } as const;

/** Opens the files of all requested forms. @throws UsageError when one cannot be written */
export function openCheckOutputs(
  flags: Partial<InferValue<typeof checkReportFlags>>,
): Promise<ReportOutputs<CheckReport>> {
  return openForms(flags, writers, titles);
}

/** The files of the requested forms. */
export function checkPlaces(flags: Partial<InferValue<typeof checkReportFlags>>): string[] {
  return (Object.keys(writers) as (keyof typeof writers)[]).flatMap((form) => flags[form] ?? []);
}
