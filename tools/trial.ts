/** Trials of mutants: the tests run on a copy of the repository, which itself never contains a mutant. */
import { TextLineStream } from "../tests/support/machine/text_line_stream.ts";
import { type Mutant, withSwitches } from "./mutants.ts";
import type { TrialPlan } from "./trial_process.ts";

/** The outcome of a mutant in the tests. The tests also kill a mutant that makes them run without end. */
export type Outcome = "killed" | "timeout" | "survived";

const permissions = ["--allow-net=127.0.0.1,localhost", "--allow-ffi", "--allow-read", "--allow-write", "--ignore-env"];
const skipped = new Set(["node_modules", "dist"]);
/** How long a process with many mutants may take for its start, and for one mutant. */
const silenceMs = 60_000;

export class Workspace {
  readonly #folder: string;

  /** Copies the repository's files; hidden ones and build output are left out. */
  constructor() {
    this.#folder = Deno.makeTempDirSync({ prefix: "mutate-" });
    for (const { name } of Deno.readDirSync(".")) {
      if (!name.startsWith(".") && !skipped.has(name)) copy(name, `${this.#folder}/${name}`);
    }
  }

  /** The text of a file as it was when the copy was made. */
  read(path: string): string {
    return Deno.readTextFileSync(`${this.#folder}/${path}`);
  }

  remove(): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }

  /** Runs the tests with one file's text replaced, group by group, until one fails: a process for each group. */
  async try(path: string, text: string, groups: readonly string[][], limitsMs: readonly number[]): Promise<Outcome> {
    return await this.#with(path, text, async () => {
      for (const [at, files] of groups.entries()) {
        // deno-lint-ignore no-await-in-loop
        const outcome = await this.#run(files, limitsMs[at]!);
        if (outcome !== "survived") return outcome;
      }
      return "survived";
    });
  }

  /**
   * Tries mutants one after another with few processes, and reports those that are certainly killed. The others may be
   * killed too: where a test did not end, or a mutant acts as a file is loaded.
   */
  async tryMany(
    path: string,
    text: string,
    mutants: readonly Mutant[],
    groups: readonly string[][],
  ): Promise<Mutant[]> {
    const killed = new Set<number>();
    await this.#with(path, withSwitches(text, mutants), async () => {
      for (const tests of groups) {
        let open = [...mutants.keys()].filter((number) => mutants[number]!.place !== undefined && !killed.has(number));
        while (open.length > 0) {
          // deno-lint-ignore no-await-in-loop
          const answered = await this.#answers({ tests, mutants: open });
          if (answered === undefined) break;
          for (const [number, outcome] of answered) if (outcome === "killed") killed.add(number);
          open = open.slice(answered.length);
        }
      }
    });
    return mutants.filter((_, number) => killed.has(number));
  }

  /** The answers of one process, one at least; undefined where it does not begin. */
  async #answers(plan: TrialPlan): Promise<[mutant: number, outcome: string][] | undefined> {
    const script = "tools/trial_process.ts";
    const child = this.#command(["run", "--no-check", "--no-prompt", ...permissions, runPermission(), script], plan);
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    let timer = setTimeout(() => end(child), silenceMs);
    const answered: [number, string][] = [];
    let began = false;
    for await (const line of lines) {
      clearTimeout(timer);
      timer = setTimeout(() => end(child), silenceMs);
      const [number, outcome] = line.split(" ");
      if (line === "ready") began = true;
      else if (outcome !== undefined) answered.push([Number(number), outcome]);
    }
    await child.status;
    clearTimeout(timer);
    if (!began) return undefined;
    if (answered.length < plan.mutants.length && answered.at(-1)?.[1] !== "unsure") {
      answered.push([plan.mutants[answered.length]!, "unsure"]); // it ended the process, or did not end
    }
    return answered;
  }

  #command(args: readonly string[], plan: TrialPlan): Deno.ChildProcess & { readonly stdout: ReadableStream } {
    return new Deno.Command(Deno.execPath(), {
      args: [...args, JSON.stringify(plan)],
      cwd: this.#folder,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  }

  async #with<Found>(path: string, text: string, act: () => Promise<Found>): Promise<Found> {
    const target = `${this.#folder}/${path}`;
    const original = Deno.readTextFileSync(target);
    Deno.writeTextFileSync(target, text);
    try {
      return await act();
    } finally {
      Deno.writeTextFileSync(target, original);
    }
  }

  async #run(files: readonly string[], limitMs: number): Promise<Outcome> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", "--quiet", "--fail-fast", "--no-check", "--no-prompt", ...permissions, runPermission(), ...files],
      cwd: this.#folder,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end(child);
    }, limitMs);
    const { success } = await child.status;
    clearTimeout(timer);
    return late ? "timeout" : success ? "survived" : "killed";
  }
}

/** Ends a process, unless it has ended by itself. */
function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

function runPermission(): string {
  return `--allow-run=${Deno.execPath()},sh`;
}

function copy(from: string, to: string): void {
  if (Deno.statSync(from).isFile) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(`${from}/${name}`, `${to}/${name}`);
}
