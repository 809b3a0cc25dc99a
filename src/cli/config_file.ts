/**
 * Config files in YAML: settings by the names of their flags. A file is checked whole, and all that is wrong with it is
 * told at once, each with line and column.
 */
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { z } from "zod";
import { findSimilar } from "@optique/core/suggestion";
import { UsageError } from "../base/failure.ts";
import type { Setting } from "./setting.ts";

type Settings = ReadonlyMap<string, Setting<unknown>>;
type Values = Readonly<Record<string, unknown>>;

/**
 * Reads the settings of a file.
 *
 * @throws UsageError when it cannot be read, or with every error that is in it
 */
export async function readConfig(path: string, settings: Settings): Promise<Values> {
  return parseConfig(await textOf(path), path, settings);
}

/** Reads the settings of a file's text; `path` is what errors call the file. @throws UsageError as {@link readConfig} */
export function parseConfig(text: string, path: string, settings: Settings): Values {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const faults: Fault[] = document.errors.map(({ pos, message }) => ({
    at: pos[0],
    sentence: message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, ""),
  }));
  if (faults.length > 0) refuse(path, faults, lines);
  const parsed = schemaOf(settings).safeParse(document.toJS() ?? {}, { error: (issue) => sentenceOf(issue, settings) });
  if (parsed.success) return parsed.data;
  return refuse(path, parsed.error.issues.flatMap((issue) => faultsOf(issue, document, settings)), lines);
}

/** The JSON Schema of a config file, for editors and checks. */
export function configJsonSchema(title: string, settings: Settings): unknown {
  return { ...z.toJSONSchema(schemaOf(settings), { io: "input" }), title };
}

interface Fault {
  /** Where in the text, in characters. */
  readonly at: number;
  readonly sentence: string;
}

function schemaOf(settings: Settings) {
  return z.strictObject(
    Object.fromEntries([...settings].map(([name, setting]) => [name, setting.schema(name).optional()])),
  );
}

function sentenceOf({ path = [], input }: z.core.$ZodRawIssue, settings: Settings): string {
  const [name] = path;
  if (name === undefined) return `Cannot read ${JSON.stringify(input)}: expected settings such as port: 1883`;
  const allowed = settings.get(String(name))?.allowed ?? "a setting";
  return `Cannot read ${String(name)} ${JSON.stringify(input)}: expected ${allowed}`;
}

function faultsOf(issue: z.core.$ZodIssue, document: Document, settings: Settings): Fault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ at: keyAt(document, key), sentence: unknown(key, settings) }));
  }
  const node = document.getIn(issue.path, true) as Node | undefined;
  return [{ at: node?.range?.[0] ?? 0, sentence: issue.message }];
}

function keyAt({ contents }: Document, name: string): number {
  if (!isMap(contents)) return 0;
  const pair = contents.items.find(({ key }) => isScalar(key) && String(key.value) === name);
  return (pair?.key as Node | undefined)?.range?.[0] ?? 0;
}

function unknown(key: string, settings: Settings): string {
  const [similar] = findSimilar(key, settings.keys());
  const meant = similar === undefined ? "" : `; did you mean ${similar}?`;
  return `Cannot read setting ${JSON.stringify(key)}: there is none of that name${meant}`;
}

function refuse(path: string, faults: readonly Fault[], lines: LineCounter): never {
  const told = faults.toSorted((one, other) => one.at - other.at).map(({ at, sentence }) => {
    const { line, col } = lines.linePos(at);
    return `  ${path}:${line}:${col}: ${sentence}`;
  });
  const count = told.length === 1 ? "one error" : `${told.length} errors`;
  throw new UsageError([`Cannot use config file "${path}": ${count}`, ...told].join("\n"));
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const fault = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read config file "${path}": ${fault}`);
  }
}
