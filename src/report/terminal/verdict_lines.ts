/** The last lines of every text: the verdict and its reason. */
import { wrapped } from "./table.ts";
import type { Style } from "./style.ts";

/** A verdict of any report, and its reason. */
export interface Judged {
  readonly verdict: "pass" | "fail" | "void";
  /** The verdict for people: `PASS`, `PASS with 76 deviations`, `FAIL` or `VOID`. */
  readonly verdictText: string;
  readonly reason: string;
}

/**
 * The verdict with its reason.
 *
 * @param isClean false where a pass has deviations
 * @param width columns of a line; Infinity for one line
 */
export function verdictLines(
  { verdict, verdictText, reason }: Judged,
  isClean: boolean,
  width: number,
  style: Style,
): string[] {
  const paint = verdict !== "pass" || isClean
    ? { pass: style.good, fail: style.bad, void: style.unsure }[verdict]
    : style.unsure;
  const [first = "", ...rest] = wrapped(`${verdictText}  ${reason}`, width, "      ");
  return [paint(style.strong(first)), ...rest.map((line) => paint(line))];
}

/** Parts of a text, each with a line end, and an empty line between them; parts without lines are left out. */
export function textOfParts(parts: readonly (readonly string[])[]): string {
  return parts.filter((lines) => lines.length > 0).map((lines) => `${lines.join("\n")}\n`).join("\n");
}

/** The body of a text, then its verdict. */
export function bodyAndVerdict(body: string, verdict: string): string {
  return body === "" ? verdict : `${body}\n${verdict}`;
}

/** Says that a small screen leaves out parts. */
export const leftOut = "The screen is too small for the whole report: --verbose prints it.";
