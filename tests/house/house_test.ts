/** The project's own sources, held against ARCHITECTURE.md. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { programFlags } from "../../tools/tasks/program_flags.ts";
import { taskTable } from "../../tools/tasks/task_table.ts";
import { readLaw } from "./law.ts";
import * as rules from "./rules.ts";
import { readFacts, type SourceFacts } from "./source_facts.ts";

const root = new URL("../../", import.meta.url);
const law = readLaw(readText("ARCHITECTURE.md"));
const sources = ["cli.ts", "mod.ts", ...filesUnder("src")].filter(isPresent).map(read);
const tests = filesUnder("tests").filter((path) => path.endsWith(".ts")).map(read);
const tools = filesUnder("tools").filter((path) => path.endsWith(".ts")).map(read);
const everyFile = [...sources, ...tests, ...tools].map((facts) => facts.path);

Deno.test("there is something to hold", () => {
  assert.ok(sources.some((facts) => facts.path === "src/base/clock.ts"));
  assert.ok(tests.some((facts) => facts.path === "tests/house/house_test.ts"));
});

Deno.test("imports point down, and packages are imported where they may be", () => {
  none(sources.flatMap((facts) => rules.importFaults(facts, law)));
});

Deno.test("no file imports itself through others", () => {
  none(rules.cycleFaults(sources));
});

Deno.test("no folder has more than 20 files, except folders of data", () => {
  none(rules.widthFaults(everyFile, law));
});

Deno.test("one file reads the clock, one draws chance, one makes foreign calls, and one writes numbers by locale", () => {
  none(sources.flatMap((facts) => rules.privilegeFaults(facts, law)));
  for (const path of Object.values(law.only)) assert.ok(isPresent(path), `${path} exists`);
});

Deno.test("files and functions are small enough to read at once", () => {
  none([...sources, ...tests, ...tools].flatMap(rules.sizeFaults));
});

Deno.test("the binary is made with the flags that the task runs with", () => {
  const { tasks } = JSON.parse(readText("deno.json"));
  assert.equal(tasks["mqtt-sim"].command, "deno run $(cat tools/tasks/program_flags.txt) cli.ts");
  const flags = programFlags();
  assert.ok(flags.some((flag) => flag.startsWith("--v8-flags=")));
  const [binary] = taskTable({ deno: "deno", programFlags: flags }).get("compile")!.steps;
  assert.deepEqual(flags.filter((flag) => !binary!.args.includes(flag)), []);
});

Deno.test("every export has a name", () => {
  none([...sources, ...tests, ...tools].flatMap(rules.defaultExportFaults));
});

Deno.test("assertions are strict", () => {
  none(tests.flatMap(rules.assertionFaults));
});

Deno.test("files are named in snake_case, after what they hold", () => {
  none(everyFile.flatMap(rules.nameFaults));
});

Deno.test("the import map names the packages of ARCHITECTURE.md, from npm, exactly", () => {
  none(rules.importMapFaults(JSON.parse(readText("deno.json")).imports, law));
});

Deno.test("nothing stands at the top but what ARCHITECTURE.md lists", () => {
  const ignored = readText(".gitignore").split("\n").map((line) => line.replaceAll("/", ""));
  const entries = [...Deno.readDirSync(root)].map((entry) => entry.name);
  none(rules.topFaults(entries.filter((name) => !name.endsWith(".log")), ignored, law));
});

Deno.test("fixtures hold data, no code", () => {
  none(filesUnder("fixtures").filter((path) => /\.[jt]sx?$/.test(path)));
});

Deno.test("a source file's test stands at the same path", () => {
  const homes = new Set(["sim", "fuzz", "e2e", "bench", "house", "support", "tools", "attack", "docs"]);
  const folders = new Set(sources.map((facts) => posix.dirname(facts.path).replace(/^src\//, "")));
  const isThere = (folder: string) => [...folders].some((one) => one === folder || one.startsWith(`${folder}/`));
  const astray = tests.map((facts) => posix.dirname(facts.path).replace(/^tests\/?/, ""))
    .filter((folder) => folder !== "" && !homes.has(folder.split("/")[0]!) && !isThere(folder))
    .filter((folder) => folder !== "broker/statements"); // by number of the standard: docs/statements.tsv
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

/** Every file in a folder and its folders, by path from the top; none when there is no such folder. */
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
