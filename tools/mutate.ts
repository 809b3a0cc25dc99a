/**
 * `deno task mutate`: mutation testing of the code that judges brokers, and of the broker's wills.
 *
 *   deno task mutate [FILE...] [--jobs 2] [--fresh]
 *
 * `tools/mutation_plan.json` lists the files with their tests, quickest first. Each mutant is one small change; it is
 * killed when a test fails or does not end. Outcomes are kept in `.mutation`; `--fresh` forgets them. The exit code is 1
 * when a file's tests kill less than 95 % of its mutants, a survivor is not in `tools/equivalent_mutants.json`, or an
 * entry of that list is stale.
 */
import { type Equivalent, lineOf, type Sorted, sortSurvivors, type Tried } from "./equivalents.ts";
import type { Mutant } from "./mutants.ts";
import { MutationRun, type Target } from "./mutation_run.ts";
import { OutcomeStore } from "./outcome_store.ts";
import { Workspace } from "./trial.ts";

const leastKilled = 0.95;

interface Asked {
  readonly files: readonly string[];
  readonly jobs: number;
  readonly fresh: boolean;
}

interface FileResult extends Sorted {
  readonly file: string;
  readonly text: string;
  readonly tried: readonly Tried[];
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function readJson<T>(path: string): T {
  return JSON.parse(Deno.readTextFileSync(path));
}

function readArguments(args: readonly string[], known: readonly string[]): Asked | string {
  const files: string[] = [];
  let jobs = 2, fresh = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--fresh") fresh = true;
    else if (arg === "--jobs") {
      jobs = Number(args[++at]);
      if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64) return `--jobs ${args[at]}: must be a number from 1 to 64`;
    } else if (known.includes(arg)) files.push(arg);
    else return `${arg}: not a file of tools/mutation_plan.json, --jobs or --fresh`;
  }
  return { files: files.length > 0 ? files : known, jobs, fresh };
}

/** The syntax tree exists under `deno test` only. */
function listMutants(files: readonly string[]): Record<string, Mutant[]> {
  const output = Deno.makeTempFileSync();
  try {
    const { success, stdout } = new Deno.Command(Deno.execPath(), {
      args: ["test", "--quiet", "--no-prompt", "--allow-read", "--allow-write", "tools/list_mutants.ts", "--", output]
        .concat(files),
    }).outputSync();
    if (!success) throw new Error(`Cannot list the mutants: ${new TextDecoder().decode(stdout)}`);
    return readJson(output);
  } finally {
    Deno.removeSync(output);
  }
}

function printSurvivors({ file, text, explained, unexplained, stale }: FileResult): void {
  const say = (mutant: Mutant, label: string) =>
    print(`${file}:${mutant.line}: ${label}\n    ${lineOf(mutant, text)}\n    ${mutant.was} => ${mutant.becomes}`);
  for (const [mutant, { reason }] of explained) say(mutant, `equivalent: ${reason}`);
  for (const mutant of unexplained) say(mutant, "SURVIVED");
  for (const { entry, why } of stale) {
    print(`${file}: STALE ENTRY: ${why}\n    ${entry.line}\n    ${entry.was} => ${entry.becomes}`);
  }
}

function count({ tried }: FileResult, outcome: Tried["outcome"]): number {
  return tried.filter((each) => each.outcome === outcome).length;
}

function isFine(result: FileResult): boolean {
  const killed = result.tried.length - count(result, "survived");
  return result.unexplained.length === 0 && result.stale.length === 0 && killed >= leastKilled * result.tried.length;
}

function printTable(results: readonly FileResult[]): void {
  print(`\n${"file".padEnd(44)} mutants  killed  timeout  survived  equivalent    rate`);
  for (const result of results) {
    const [killed, late, survived] = (["killed", "timeout", "survived"] as const).map((each) => count(result, each));
    const cells = [result.tried.length, killed, late, survived, result.explained.size];
    const rate = `${(100 * (1 - survived! / result.tried.length)).toFixed(1)} %`;
    const widths = [7, 8, 9, 10, 12];
    const row = cells.map((cell, at) => String(cell).padStart(widths[at]!)).join("");
    print(`${result.file.padEnd(44)} ${row}${rate.padStart(8)}${isFine(result) ? "" : "  falls short"}`);
  }
}

async function main(): Promise<number> {
  const plan = readJson<Record<string, Target>>("tools/mutation_plan.json");
  const asked = readArguments(Deno.args, Object.keys(plan));
  if (typeof asked === "string") {
    print(`mutate: ${asked}`);
    return 2;
  }
  const lists = listMutants(asked.files);
  const equivalents = readJson<Equivalent[]>("tools/equivalent_mutants.json");
  const spaces = Array.from({ length: asked.jobs }, () => new Workspace());
  const results: FileResult[] = [];
  try {
    const run = new MutationRun(spaces, new OutcomeStore(asked.fresh));
    for (const file of asked.files) {
      const text = spaces[0]!.read(file);
      const tried = await run.tryAll(file, plan[file]!, lists[file]!);
      const result = { file, text, tried, ...sortSurvivors(file, text, tried, equivalents) };
      printSurvivors(result);
      results.push(result);
    }
  } finally {
    for (const space of spaces) space.remove();
  }
  printTable(results);
  return results.every(isFine) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
