/**
 * Tries many mutants in one process: `deno run … tools/trial_process.ts PLAN`, where PLAN is JSON of {@link TrialPlan}.
 * The process loads the tests once and runs them for each mutant, which a number in `globalThis.mutant` enables. One
 * line on standard output answers each mutant: its number and `killed`, `survived` or `unsure`. After `unsure` the
 * process ends, since remains of the mutant could affect the next ones.
 */

/** The mutants and tests of one process. */
export interface TrialPlan {
  /** Paths of test files. */
  readonly tests: readonly string[];
  /** Numbers of mutants. */
  readonly mutants: readonly number[];
}

type Run = (context: Deno.TestContext) => void | Promise<void>;
interface Registered {
  readonly name: string;
  readonly run: Run;
}

/** A test that takes longer than this, and this many times its duration without a mutant, is unsure. */
const patienceMs = 2_000;
const patienceTimes = 20;

const registered: Registered[] = [];
const stray: unknown[] = [];
const shared = globalThis as { mutant?: number | undefined };

function register(first: string | Deno.TestDefinition, second?: Run): void {
  if (typeof first === "string") registered.push({ name: first, run: second! });
  else if (!first.ignore) registered.push({ name: first.name, run: first.fn });
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** How one test ends: undefined when it passes. */
async function failureOf({ run }: Registered, limitMs: number): Promise<"failed" | "endless" | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  stray.length = 0;
  try {
    const done = run({} as Deno.TestContext);
    if (!(done instanceof Promise)) return undefined;
    const late = new Promise<"endless">((resolve) => timer = setTimeout(() => resolve("endless"), limitMs));
    const ended = await Promise.race([done, late]);
    return ended ?? (stray.length > 0 ? "failed" : undefined);
  } catch {
    return "failed";
  } finally {
    clearTimeout(timer);
  }
}

async function trial(mutant: number, limitMs: number): Promise<"killed" | "survived" | "unsure"> {
  for (const test of registered) {
    shared.mutant = mutant;
    // deno-lint-ignore no-await-in-loop
    const failure = await failureOf(test, limitMs);
    shared.mutant = undefined;
    if (failure === "endless") return "unsure";
    // The same test passes without the mutant; otherwise the mutant did not cause the failure.
    // deno-lint-ignore no-await-in-loop
    if (failure === "failed") return await failureOf(test, limitMs) === undefined ? "killed" : "unsure";
  }
  return "survived";
}

async function main(): Promise<number> {
  const { tests, mutants }: TrialPlan = JSON.parse(Deno.args[0]!);
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    stray.push(event.reason);
  });
  Object.assign(Deno, { test: register });
  for (const path of tests) {
    // deno-lint-ignore no-await-in-loop
    await import(new URL(`../${path}`, import.meta.url).href);
  }
  let slowestMs = 0;
  for (const test of registered) {
    const fromMs = performance.now();
    // deno-lint-ignore no-await-in-loop
    if (await failureOf(test, 60_000) !== undefined) return 3;
    slowestMs = Math.max(slowestMs, performance.now() - fromMs);
  }
  print("ready");
  for (const mutant of mutants) {
    // deno-lint-ignore no-await-in-loop
    const outcome = await trial(mutant, patienceMs + patienceTimes * slowestMs);
    print(`${mutant} ${outcome}`);
    if (outcome === "unsure") break;
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
