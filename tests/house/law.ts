/** The rules of ARCHITECTURE.md as data, read from its named code blocks. */
import assert from "node:assert/strict";

/** An action that only one file may perform. */
export type Privilege = "clock" | "chance" | "ffi" | "locale" | "escape";

/** Layers from top to bottom: an entry imports entries of lower layers only. An entry is a file or a folder. */
export interface Layering {
  /** The folder that the layers divide; empty for the whole repository. */
  readonly folder: string;
  readonly layers: readonly (readonly string[])[];
}

export interface Law {
  /** The layers of the repository, then those inside each big folder. */
  readonly layerings: readonly Layering[];
  /** Folders of data, which may have any number of files. */
  readonly wide: readonly string[];
  /** The one file that has each privilege. */
  readonly only: Readonly<Record<Privilege, string>>;
  /** By package, the files and folders that may import it; `tests` alone means no source file. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
  /** The permitted entries of the top folder. */
  readonly top: readonly string[];
  /** Words and phrases that no text may use. */
  readonly words: readonly string[];
  /** The terms of the glossary. */
  readonly glossary: readonly string[];
}

/** Reads the rules from the text of ARCHITECTURE.md. */
export function readLaw(text: string): Law {
  const packages = block(text, "packages").map(([name, ...places]) => [name!, places] as const);
  const only = new Map(block(text, "only").map(([privilege, file]) => [privilege, file!]));
  const clock = only.get("clock");
  const chance = only.get("chance");
  const ffi = only.get("ffi");
  const locale = only.get("locale");
  const escape = only.get("escape");
  assert.ok(
    clock && chance && ffi && locale && escape,
    "ARCHITECTURE.md: the block `only` names clock, chance, ffi, locale and escape",
  );
  return {
    layerings: [{ folder: "", layers: block(text, "layers") }, ...innerLayerings(text)],
    wide: block(text, "wide").flat(),
    only: { clock, chance, ffi, locale, escape },
    packages: new Map(packages),
    top: block(text, "top").flat(),
    words: block(text, "words").map((phrase) => phrase.join(" ")),
    glossary: block(text, "glossary").map((line) => termOf(line.join(" "))),
  };
}

/** The layers inside folders: code blocks named `layers` and the folder, with entries relative to it. */
function innerLayerings(text: string): Layering[] {
  return [...text.matchAll(/^```layers (\S+)$/gm)].map(([, folder]) => ({
    folder: folder!,
    layers: block(text, `layers ${folder}`).map((entries) => entries.map((entry) => `${folder}/${entry}`)),
  }));
}

/** The term of a glossary line such as `kill mode: how the fleet ends a connection`. */
function termOf(line: string): string {
  const [, term] = line.match(/^([a-z][a-z -]*): \S.*$/) ?? [];
  assert.ok(term, `ARCHITECTURE.md's code block glossary: expected "term: definition", not "${line}"`);
  return term;
}

/** The lines of the code block with that name, as words. */
function block(text: string, name: string): string[][] {
  const found = text.match(new RegExp("^```" + name + "\\n([^]*?)^```$", "m"));
  assert.ok(found, `ARCHITECTURE.md has a code block named ${name}`);
  const rows = found[1]!.split("\n").map((line) => line.split(/\s+/).filter(Boolean)).filter((words) => words.length);
  assert.ok(rows.length > 0, `ARCHITECTURE.md's code block ${name} says something`);
  return rows;
}
