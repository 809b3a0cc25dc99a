/** The report as JSON, for programs. */
import { escapeJson } from "../../base/escape.ts";
import type { Report } from "../model/report.ts";

/** The whole report as one JSON document, indented, with a line end. */
export function reportJson(report: Report): string {
  return `${escapeJson(JSON.stringify(report, null, 2))}\n`;
}
