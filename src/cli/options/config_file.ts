/**
 * Config files in YAML: settings by the names of their flags. All faults of a file are reported at once, each with line
 * and column.
 */
import { type Document, isCollection, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { z } from "zod";
import { UsageError } from "../../base/failure.ts";
import { withMaskedUrls, withoutSecrets } from "../../net/endpoint.ts";
import { readInputText } from "../process/input_file.ts";
import { schemaOf } from "./nested_entry.ts";
import { meant } from "./similar.ts";
import type { Entries } from "./setting.ts";

type Values = Readonly<Record<string, unknown>>;

/** The name of a kind of file, and of a line in it. */
export interface FileKind {
  readonly name: string;
  readonly example: string;
}

const configFile: FileKind = { name: "config file", example: "port: 1883" };

/** A file with a valid form: its values, and a function that reports a conflict between them with its position. */
export interface ConfigText {
  readonly values: Values;
  /** Refuses the file; each path is of names and places, and the longest part of it that is there is pointed at. */
  refuse(faults: readonly { readonly path: readonly (string | number)[]; readonly sentence: string }[]): never;
}

/**
 * Reads the settings of a file.
 *
 * @throws UsageError when it cannot be read, or with every error that is in it
 */
export async function readConfig(path: string, settings: Entries): Promise<Values> {
  return parseConfig(await textOf(path), path, settings);
}

/**
 * Reads the settings of a file's text; `path` is the file's name in errors. @throws UsageError as {@link readConfig}
 */
export function parseConfig(text: string, path: string, settings: Entries): Values {
  return parseText(text, path, settings, configFile).values;
}

/** As {@link parseConfig}, for any kind of file, and for callers with further checks. */
export function parseText(text: string, path: string, settings: Entries, kind: FileKind): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const refuseAll = (faults: readonly SettingFault[]) =>
    refuse(`${kind.name} ${JSON.stringify(path)}`, path, faults, lines);
  const faults: SettingFault[] = document.errors.map(({ code, pos, message }) => ({
    at: code === "MISSING_CHAR" ? openedAt(document, pos[0]) : pos[0],
    sentence: message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, ""),
  }));
  if (faults.length > 0) refuseAll(faults);
  const error = (issue: z.core.$ZodRawIssue) => sentenceOf(issue, settings, kind);
  const parsed = schemaOf(settings).safeParse(valuesOf(document, refuseAll), { error });
  if (!parsed.success) return refuseAll(parsed.error.issues.flatMap((issue) => faultsOf(issue, document, settings)));
  return {
    values: parsed.data,
    refuse: (found) => refuseAll(found.map(({ path, sentence }) => ({ at: placeOf(document, path), sentence }))),
  };
}

/** Where a quotation or a list begins whose end is missing: the parser notices that much later. */
function openedAt(document: Document, noticedAt: number): number {
  let at = noticedAt;
  visit(document, (_, node) => {
    if (!isScalar(node) && !isCollection(node)) return;
    const isOpened = isScalar(node) ? node.type?.startsWith("QUOTE_") === true : node.flow === true;
    const [start = noticedAt, end = start] = node.range ?? [];
    if (isOpened && start < noticedAt && end >= noticedAt) at = start;
  });
  return at;
}

/** The JSON Schema of a config file, for editors and checks. */
export function configJsonSchema(title: string, settings: Entries): unknown {
  return { ...z.toJSONSchema(schemaOf(settings), { io: "input" }), title };
}

/** The value of the document. Refuses a file whose aliases repeat themselves without bound. */
function valuesOf(document: Document, refuseAll: (faults: readonly SettingFault[]) => never): unknown {
  try {
    return document.toJS({ maxAliasCount: mostAliases }) ?? {};
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuseAll([{ at: 0, sentence: `Cannot read its aliases: ${why}` }]);
  }
}

const mostAliases = 100;
/** The length to which an error cuts a value, in characters. */
const longestTold = 200;

/** A value as an error shows it: cut, and without secrets. */
function toldValue(name: string, input: unknown): string {
  if (["password", "ws-header", "auth-data"].includes(name)) return '"…"';
  let text: string;
  try {
    text = withMaskedUrls(JSON.stringify(typeof input === "string" ? withoutSecrets(input) : input) ?? String(input));
  } catch {
    text = "an alias that refers to itself";
  }
  return text.length <= longestTold ? text : `${text.slice(0, longestTold)}… (${text.length} characters)`;
}

interface SettingFault {
  /** Where in the text, in characters. */
  readonly at: number;
  readonly sentence: string;
}

function sentenceOf({ path = [], input }: z.core.$ZodRawIssue, settings: Entries, { example }: FileKind): string {
  const name = path.findLast((step) => typeof step === "string");
  if (name === undefined) return `Cannot read ${toldValue("", input)}: expected settings such as ${example}`;
  const entry = entriesAt(path.slice(0, path.lastIndexOf(name)), settings)?.get(name);
  const allowed = entry?.allowed ?? "a setting";
  if (input === undefined) return `Cannot find ${name}: expected ${allowed}`;
  return `Cannot read ${name} ${toldValue(name, input)}: expected ${allowed}`;
}

/** The entries that a place allows; undefined where it allows none. */
function entriesAt(path: readonly PropertyKey[], settings: Entries): Entries | undefined {
  return path.reduce<Entries | undefined>(
    (entries, step) => typeof step === "number" ? entries : entries?.get(String(step))?.inner,
    settings,
  );
}

function faultsOf(issue: z.core.$ZodIssue, document: Document, settings: Entries): SettingFault[] {
  if (issue.code === "unrecognized_keys") {
    const known = entriesAt(issue.path, settings) ?? settings;
    return issue.keys.map((key) => ({ at: keyAt(document, issue.path, key), sentence: unknown(key, known) }));
  }
  return [{ at: placeOf(document, issue.path), sentence: issue.message }];
}

/** The position of the longest existing part of a path. */
function placeOf(document: Document, path: readonly PropertyKey[]): number {
  for (let steps = path.length; steps > 0; steps--) {
    const node = document.getIn(path.slice(0, steps), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}

function keyAt(document: Document, path: readonly PropertyKey[], name: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return 0;
  const pair = map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
  return (pair?.key as Node | undefined)?.range?.[0] ?? 0;
}

function unknown(key: string, settings: Entries): string {
  return `Cannot read setting ${JSON.stringify(key)}: unknown setting${meant(key, settings.keys())}`;
}

function refuse(what: string, path: string, faults: readonly SettingFault[], lines: LineCounter): never {
  const sentences = faults.toSorted((one, other) => one.at - other.at).map(({ at, sentence }) => {
    const { line, col } = lines.linePos(at);
    return `  ${path}:${line}:${col}: ${sentence}`;
  });
  const count = sentences.length === 1 ? "one error" : `${sentences.length} errors`;
  throw new UsageError([`Cannot use ${what}: ${count}`, ...sentences].join("\n"));
}

/** The text of a file. @throws UsageError when it cannot be read */
export async function textOf(path: string, { name }: FileKind = configFile): Promise<string> {
  try {
    return await readInputText(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const fault = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read ${name} "${path}": ${fault}`);
  }
}
