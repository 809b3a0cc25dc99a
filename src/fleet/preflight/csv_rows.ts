/**
 * Reads CSV as RFC 4180 describes it: quoted fields, line ends of either kind, and a byte order mark, which it skips.
 */
import { UsageError } from "../../base/failure.ts";

/** One record with the number of the line on which it begins, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * The records of a text; empty lines are none.
 *
 * @throws UsageError for a quote that is not closed, or text after one that is
 */
export function* csvRows(text: string, path: string): Generator<CsvRow> {
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const fields: string[] = [];
    const first = line;
    for (let more = true; more;) {
      const field = text[at] === '"' ? quoted(text, at, path, line) : plain(text, at);
      fields.push(field.text);
      line += field.lines;
      at = field.to + 1;
      more = text[field.to] === ",";
      if (text[field.to] === "\r" && text[at] === "\n") at++;
    }
    line++;
    if (fields.length > 1 || fields[0] !== "") yield { line: first, fields };
  }
}

/** A field with the position of the character after it. */
interface Field {
  readonly text: string;
  readonly to: number;
  readonly lines: number;
}

function plain(text: string, from: number): Field {
  let to = from;
  while (to < text.length) {
    const unit = text.charCodeAt(to);
    if (unit === comma || unit === lineFeed || unit === carriageReturn) break;
    to++;
  }
  return { text: text.slice(from, to), to, lines: 0 };
}

function quoted(text: string, from: number, path: string, line: number): Field {
  let value = "";
  for (let at = from + 1;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new UsageError(`Cannot read ${path}, line ${line}: a quote is not closed`);
    value += text.slice(at, quote);
    if (text[quote + 1] === '"') {
      value += '"';
      at = quote + 2;
      continue;
    }
    const to = quote + 1;
    if (to < text.length && !",\r\n".includes(text[to]!)) {
      throw new UsageError(`Cannot read ${path}, line ${line}: expected a comma or a line end after a closing quote`);
    }
    return { text: value, to, lines: value.split("\n").length - 1 };
  }
}
