/** An output that keeps the text written to it. */
import { escapeLines, escapeTerminal } from "../../src/base/escape.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import type { Output } from "../../src/cli/process/output.ts";

/** The text so far. */
export interface Captured extends Output {
  readonly written: { out: string; err: string };
}

/** A terminal only if `columns` is given. */
export function captured(columns?: number, rows = columns === undefined ? undefined : 24): Captured {
  const written = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write: (text: string) => void (written[name] += escapeLines(text)),
    draw: (text: string) => void (written[name] += escapeTerminal(text)),
    writeRaw: (text: string) => void (written[name] += text),
    style: plainStyle,
    moves: columns !== undefined,
    columns: () => columns,
    rows: () => rows,
  });
  return { written, out: stream("out"), err: stream("err") };
}
