/**
 * Escapes external text for output: text from clients, brokers, servers and files, escaped for each destination. Every
 * escape of the program is here, except that of labels in Prometheus' format, which prom-client escapes. The writer to
 * a destination calls its escape, once.
 *
 * Every destination gets a control character as text, such as `\u001b`: C0, DEL and C1, which a terminal interprets,
 * the line separators of Unicode, and format characters, of which those for bidirectional text make a line look like
 * another one.
 */

const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const controlsInLines = /(?!\n|\t|\r\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text for one line. */
export function escapeLine(text: string): string {
  return text.replaceAll(controls, visible);
}

/** Text of several lines: line ends and tabs are kept. */
export function escapeLines(text: string): string {
  return text.replaceAll(controlsInLines, visible);
}

/** JSON's escape in a string: JSON stays JSON with the same values. */
function visible(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  if (short !== character) return short;
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Escapes every text in plain data, names included, as one line: for data that is laid out as text afterwards. */
export function escapeData<Data>(data: Data): Data {
  return escapedData(data) as Data;
}

function escapedData(data: unknown): unknown {
  if (typeof data === "string") return escapeLine(data);
  if (Array.isArray(data)) return data.map(escapedData);
  if (typeof data !== "object" || data === null || Object.getPrototypeOf(data) !== Object.prototype) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [escapeLine(name), escapedData(value)]));
}

/** The sequences that `report/style.ts` and `report/live.ts` write, and a carriage return at either end. */
// deno-lint-ignore no-control-regex
const ownSequences = /^\r|\r$|\x1b\[(?:[12]m|22m|3[1239]m|\?25[lh]|[KJ]|\d{1,5}A\r)/.source;
const ownOrControl = new RegExp(`(${ownSequences})|${controlsInLines.source}`, "gu");

/** For everything on standard output and standard error: of the control sequences, only the program's own are kept. */
export function escapeTerminal(text: string): string {
  return text.replaceAll(ownOrControl, (found: string, own: string | undefined) => own ?? visible(found));
}

/** For a document that is already JSON. */
export function escapeJson(json: string): string {
  return escapeLines(json);
}

/** A value in a line of text: unchanged if it is unambiguous, otherwise in quotes. */
export function escapeLogValue(text: string): string {
  return /^[\w.:/@%+-]+$/.test(text) ? text : quoteLine(text);
}

/** Text in quotes, on one line. */
export function quoteLine(text: string): string {
  return escapeLine(JSON.stringify(text));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return escapeLines(text).replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** Text for XML 1.0, in elements and in quoted attributes; characters that XML cannot represent are replaced. */
export function escapeXml(text: string): string {
  return escapeHtml(text.toWellFormed().replaceAll(/[\ufffe\uffff]/g, "\ufffd"));
}

/** A value as JSON for a script element. */
export function scriptJson(value: unknown): string {
  return escapeLine(JSON.stringify(value)).replaceAll("<", "\\u003c");
}

/** Text without meaning to Markdown: it mentions no user and closes no table; white space becomes one space. */
export function escapeMarkdown(text: string): string {
  return escapeLine(text.replaceAll(/\s+/g, " ")).replaceAll(/[\\`*_{}[\]<>#|~&!]/g, "\\$&").replaceAll("@", "&#64;");
}

/** A cell of comma-separated values (RFC 4180) that no spreadsheet reads as a formula: an apostrophe makes it text. */
export function escapeCsv(value: string): string {
  const text = escapeLines(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The message of an annotation in the log of a GitHub workflow: one line, in which `%` begins an escape. */
export function escapeAnnotation(text: string): string {
  return escapeLine(text).replaceAll("%", "%25");
}

/** The title of an annotation: a property, which a colon or a comma would end. */
export function escapeAnnotationTitle(text: string): string {
  return escapeAnnotation(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** A word of a command for a POSIX shell. */
export function quoteShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const posixQuote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** How each shell writes any word, between quotes. */
export const shellQuotes = {
  bash: posixQuote,
  zsh: posixQuote,
  fish: (word: string) => `'${word.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
  nu: (word: string) => JSON.stringify(word),
  pwsh: (word: string) => `'${word.replaceAll("'", "''")}'`,
} as const;
