/** Trials of mutants: the tests run on a copy of the repository, so that the repository itself never holds a mutant. */

/** What the tests make of a mutant. A mutant that makes them run without end is caught as well. */
export type Outcome = "killed" | "timeout" | "survived";

const permissions = ["--allow-net=127.0.0.1,localhost", "--allow-ffi", "--allow-read", "--allow-write", "--ignore-env"];
const skipped = new Set(["node_modules", "dist"]);

export class Workspace {
  readonly #folder: string;

  /** Copies the repository's files; hidden ones and build output are left out. */
  constructor() {
    this.#folder = Deno.makeTempDirSync({ prefix: "mutate-" });
    for (const { name } of Deno.readDirSync(".")) {
      if (!name.startsWith(".") && !skipped.has(name)) copy(name, `${this.#folder}/${name}`);
    }
  }

  remove(): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }

  /** Runs the tests with one file's text replaced, group by group, until one fails. */
  async try(path: string, text: string, groups: readonly string[][], limitsMs: readonly number[]): Promise<Outcome> {
    const target = `${this.#folder}/${path}`;
    const original = Deno.readTextFileSync(target);
    Deno.writeTextFileSync(target, text);
    try {
      for (const [at, files] of groups.entries()) {
        const outcome = await this.#run(files, limitsMs[at]!);
        if (outcome !== "survived") return outcome;
      }
      return "survived";
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
      child.kill("SIGKILL");
    }, limitMs);
    const { success } = await child.status;
    clearTimeout(timer);
    return late ? "timeout" : success ? "survived" : "killed";
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
