/** The text of a report on its stream: the body, a line on each written file, and the verdict as the last line. */
import type { CheckReport } from "../../report/model/check_report.ts";
import type { Comparison } from "../../report/model/comparison.ts";
import { checkBody, checkVerdict } from "../../report/terminal/check_text.ts";
import { comparisonBody, comparisonVerdict } from "../../report/terminal/comparison_text.ts";
import { checkAnnotations, comparisonAnnotations } from "../../report/export/annotations.ts";
import { switchFlag, valueFlag, wordValue } from "../options/flag.ts";
import type { Stream } from "../process/output.ts";

/** The flag that {@link roomOn} needs. */
export const verboseFlag = switchFlag(
  "--verbose",
  "Print the whole report as text, also where it is longer than the terminal. Default: the parts that fit.",
);

/** The flag of {@link LastLines.annotations}. */
export const annotationsFlag = valueFlag(
  "--annotations",
  wordValue(["github"]),
  "Print an annotation for each kind of fault, threshold and failed case above the verdict; github: in the form of a GitHub workflow.",
);

/** The flags of a text. */
export interface TextFlags {
  readonly verbose?: boolean | undefined;
  readonly annotations?: "github" | undefined;
}

/** What follows the body of a text. */
export interface LastLines {
  /** Lines that a CI service reads; empty for none. */
  readonly annotations: string;
  readonly verdict: string;
}

/** The space that a text may take. */
export interface TextRoom {
  /** Columns of the body. */
  readonly width: number;
  /** Columns of the verdict: without a terminal it stays on one line, so that a log's last line is the whole verdict. */
  readonly verdictWidth: number;
  /** Lines of the body; absent where nothing limits them. */
  readonly rows?: number;
}

/** Lines of the screen for the prompt of the shell, for the verdict and for the empty line above it. */
const linesTaken = 5;

/**
 * The space on a stream.
 *
 * @param widest columns of the body, at most
 * @param files lines on written files that follow the body
 * @param whole whether the body may be longer than the screen
 */
export function roomOn(stream: Stream, widest: number, files: number, whole: boolean): TextRoom {
  const columns = stream.columns();
  const width = Math.min(columns ?? widest, widest);
  const rows = stream.rows();
  const taken = linesTaken + (files === 0 ? 0 : files + 1);
  return { width, verdictWidth: columns ?? Infinity, ...rows !== undefined && !whole && { rows: rows - taken } };
}

/**
 * Writes the body first: it is there even when a file cannot be written after all. The verdict follows in any case.
 *
 * @param writeFiles returns a line on each file
 * @throws UsageError when a file cannot be written
 */
export async function printReport(
  stream: Stream,
  body: string,
  { annotations, verdict }: LastLines,
  writeFiles: () => Promise<readonly string[]>,
): Promise<void> {
  if (body !== "") stream.draw(`${body}\n`);
  try {
    const lines = await writeFiles();
    if (lines.length > 0) stream.write(`${lines.join("\n")}\n\n`);
  } finally {
    if (annotations !== "") stream.write(`${annotations}\n`);
    stream.draw(verdict);
  }
}

/** Widest text of a comparison. */
const widestComparison = 120;

/** The same for a comparison. */
export async function printComparison(
  stream: Stream,
  comparison: Comparison,
  files: number,
  { verbose = false, annotations }: TextFlags,
  writeFiles: () => Promise<readonly string[]>,
): Promise<void> {
  const { style } = stream;
  const { width, verdictWidth, rows } = roomOn(stream, widestComparison, files, verbose);
  const body = comparisonBody(comparison, { width, style, ...rows !== undefined && { rows } });
  const last = {
    annotations: annotations === undefined ? "" : comparisonAnnotations(comparison),
    verdict: comparisonVerdict(comparison, { width: verdictWidth, style }),
  };
  await printReport(stream, body, last, writeFiles);
}

/** Widest text of a check. */
const widestCheck = 120;

/** The same for a check. */
export async function printCheck(
  stream: Stream,
  report: CheckReport,
  files: number,
  { verbose = false, annotations, wantsText = true }: TextFlags & { readonly wantsText?: boolean },
  writeFiles: () => Promise<readonly string[]>,
): Promise<void> {
  const { style } = stream;
  const { width, verdictWidth, rows } = roomOn(stream, widestCheck, files, verbose);
  const body = wantsText ? checkBody(report, { width, style, verbose, ...rows !== undefined && { rows } }) : "";
  const last = {
    annotations: annotations === undefined ? "" : checkAnnotations(report),
    verdict: checkVerdict(report, { width: verdictWidth, style }),
  };
  await printReport(stream, body, last, writeFiles);
}
