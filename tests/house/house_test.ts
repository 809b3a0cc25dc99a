/** The sources of the project against the rules in ARCHITECTURE.md. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { programFlags } from "../../tools/tasks/program_flags.ts";
import { compileArguments } from "../../tools/program/compile.ts";
import { lockFor } from "../../tools/program/write_lock.ts";
import { readLaw } from "./law.ts";
import * as rules from "./rules.ts";
import { readFacts, type SourceFacts } from "./source_facts.ts";

const root = new URL("../../", import.meta.url);
const law = readLaw(readText("ARCHITECTURE.md"));
const sources = ["cli.ts", "mod.ts", ...filesUnder("src")].filter(isPresent).map(read);
const tests = filesUnder("tests").filter((path) => path.endsWith(".ts")).map(read);
const tools = filesUnder("tools").filter((path) => path.endsWith(".ts")).map(read);
const everyFile = [...sources, ...tests, ...tools].map((facts) => facts.path);

Deno.test("house: the rules find source files", () => {
  assert.ok(sources.some((facts) => facts.path === "src/base/clock.ts"));
  assert.ok(tests.some((facts) => facts.path === "tests/house/house_test.ts"));
});

Deno.test("house: imports point down, and packages are imported only where allowed", () => {
  none(sources.flatMap((facts) => rules.importFaults(facts, law)));
});

Deno.test("house: no import cycle exists", () => {
  none(rules.cycleFaults(sources));
});

Deno.test("house: no folder has more than 20 files, except folders of data", () => {
  none(rules.widthFaults(everyFile, law));
});

Deno.test("house: one file each reads the clock, draws random numbers, makes foreign calls and formats numbers by locale", () => {
  none(sources.flatMap((facts) => rules.privilegeFaults(facts, law)));
  for (const path of Object.values(law.only)) assert.ok(isPresent(path), `${path} exists`);
});

Deno.test("house: files and functions respect their limits of lines", () => {
  none([...sources, ...tests, ...tools].flatMap(rules.sizeFaults));
});

Deno.test("house: the binary has the same flags as the task", () => {
  const { tasks } = JSON.parse(readText("deno.json"));
  const start = 'MQTT_SIM_TASK="$npm_lifecycle_event:$INIT_CWD"';
  assert.equal(tasks["mqtt-sim"].command, start + " deno run $(cat tools/tasks/program_flags.txt) cli.ts");
  const flags = programFlags();
  assert.ok(flags.some((flag) => flag.startsWith("--v8-flags=")));
  const binary = compileArguments({ bundle: "bundle", output: "mqtt-sim", extra: [] });
  assert.deepEqual(flags.filter((flag) => !flag.startsWith("--config=") && !binary.includes(flag)), []);
});

Deno.test("house: each export has a name", () => {
  none([...sources, ...tests, ...tools].flatMap(rules.defaultExportFaults));
});

Deno.test("house: assertions are strict", () => {
  none(tests.flatMap(rules.assertionFaults));
});

Deno.test("house: file names are snake_case and none is index, util, helper, common or manager", () => {
  none(everyFile.flatMap(rules.nameFaults));
});

Deno.test("house: the import map has exactly the packages of ARCHITECTURE.md, from npm", () => {
  const { imports, scopes } = JSON.parse(readText("deno.json"));
  assert.equal(imports, undefined, "deno task would download what `imports` names: packages are in `scopes`");
  none(rules.importMapFaults(scopes["./"], law));
});

Deno.test("house: the program has the packages of the sources alone, at the same versions, with their own lock", () => {
  const { scopes }: { scopes: { "./": Record<string, string> } } = JSON.parse(readText("deno.json"));
  const ofSources = Object.entries(scopes["./"]).filter(([name]) => {
    return law.packages.get(name.replace(/\/$/, ""))!.some((place) => place !== "tests");
  });
  const { imports }: { imports: Record<string, string> } = JSON.parse(readText("tools/program/config.json"));
  assert.deepEqual(imports, Object.fromEntries(ofSources));
  const lock = lockFor(imports, JSON.parse(readText("deno.lock")));
  assert.ok(readText("tools/program/deno.lock") === lock, "tools/program/deno.lock is stale: run deno task lock");
});

Deno.test("house: the top folder has only the entries of ARCHITECTURE.md", () => {
  const ignored = readText(".gitignore").split("\n").map((line) => line.replaceAll("/", ""));
  const entries = [...Deno.readDirSync(root)].map((entry) => entry.name);
  none(rules.topFaults(entries.filter((name) => !name.endsWith(".log")), ignored, law));
});

Deno.test("house: fixtures contain data and no code", () => {
  none(filesUnder("fixtures").filter((path) => /\.[jt]sx?$/.test(path)));
});

Deno.test("house: a source file's test has the same path", () => {
  const homes = new Set([
    "sim",
    "fuzz",
    "e2e",
    "bench",
    "house",
    "support",
    "tools",
    "attack",
    "docs",
    "github",
    "deploy",
  ]);
  const folders = new Set(sources.map((facts) => posix.dirname(facts.path).replace(/^src\//, "")));
  const isThere = (folder: string) => [...folders].some((one) => one === folder || one.startsWith(`${folder}/`));
  const astray = tests.map((facts) => posix.dirname(facts.path).replace(/^tests\/?/, ""))
    .filter((folder) => folder !== "" && !homes.has(folder.split("/")[0]!) && !isThere(folder))
    .filter((folder) => folder !== "broker/statements"); // by statement: docs/statements.tsv
  none([...new Set(astray)].map((folder) => `tests/${folder}: there is no src/${folder}`));
});

function none(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `\n${faults.join("\n")}`);
}

function read(path: string): SourceFacts {
  return readFacts(path, readText(path));
}

function readText(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}

function isPresent(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isFile;
  } catch {
    return false;
  }
}

/** Each file below a folder, by its path from the top; empty if there is no such folder. */
function filesUnder(folder: string): string[] {
  let entries: Deno.DirEntry[] = [];
  try {
    entries = [...Deno.readDirSync(new URL(folder, root))];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? filesUnder(path) : [path];
  });
}
