/**
 * Runs the script of a workflow step as GitHub does, in a folder of its own. Programs that would change something are
 * substitutes that record how they are called; of the real programs only harmless ones are on the PATH, so that a script
 * that calls another one fails.
 */
import assert from "node:assert/strict";
import { evaluated, type ShellStep } from "./workflow_file.ts";

/** Programs of the machine that a script may call. */
const realPrograms = [
  ...[
    "bash",
    "cat",
    "chmod",
    "cp",
    "find",
    "jq",
    "mkdir",
    "mktemp",
    "mv",
    "node",
    "printf",
    "rm",
    "sha256sum",
    "tr",
    "xargs",
  ],
];

/** What surrounds a step. */
export interface StepSetting {
  /** The values of the expressions in its variables. */
  readonly values?: Readonly<Record<string, string>>;
  /** The files in its folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** The substitutes, and the script of each. */
  readonly programs: Readonly<Record<string, string>>;
}

/** What a step did. */
export interface StepRun {
  readonly code: number;
  /** Standard output and standard error. */
  readonly printed: string;
  /** The calls of the substitutes, each as one line with quotes where words need them. */
  readonly calls: readonly string[];
  /** What it wrote for the summary of the job. */
  readonly summary: string;
  /** What it wrote for later steps. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The texts of all files that are left, by path: `work` is the folder of the step, `temp` that of the runner. */
  readonly files: ReadonlyMap<string, string>;
}

/** Runs a step and removes its folder. */
export async function runStep(step: ShellStep, { values = {}, files = {}, programs }: StepSetting): Promise<StepRun> {
  assert.equal(step.shell, "bash", step.place);
  const folder = await Deno.makeTempDir({ prefix: "step" });
  const [work, bin, calls] = [`${folder}/work`, `${folder}/bin`, `${folder}/calls`];
  try {
    await Promise.all([work, bin, `${folder}/temp`].map((path) => Deno.mkdir(path)));
    await Deno.writeTextFile(calls, "");
    for (const path of await programPaths()) await Deno.symlink(path, `${bin}/${nameOf(path)}`);
    for (const [name, script] of Object.entries(programs)) writeProgram(`${bin}/${name}`, substitute(name, script));
    for (const [path, text] of Object.entries(files)) {
      Deno.mkdirSync(`${work}/${path}`.replace(/\/[^/]+$/, ""), { recursive: true });
      writeProgram(`${work}/${path}`, text);
    }
    const [summary, outputs] = [`${folder}/summary`, `${folder}/outputs`];
    await Promise.all([summary, outputs].map((path) => Deno.writeTextFile(path, "")));
    const all = { "github.action_path": "/action", "runner.temp": `${folder}/temp`, ...values };
    const own = Object.entries(step.env).map(([name, text]) => [name, evaluated(text, all)]);
    // By its path: the permission to run it is for the one on the PATH of the tests.
    const command = new Deno.Command((await programPaths()).find((path) => nameOf(path) === "bash")!, {
      args: ["--noprofile", "--norc", "-euo", "pipefail", "-c", step.script],
      cwd: work,
      clearEnv: true,
      env: {
        PATH: bin,
        CALLS: calls,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_OUTPUT: outputs,
        ...Object.fromEntries(own),
      },
      stdin: "null",
    });
    const { code, stdout, stderr } = await command.output();
    const plain = (text: string) => text.replaceAll(folder, "FOLDER").replaceAll(/mqtt-sim\.\w{6}\b/g, "mqtt-sim.X");
    return {
      code,
      printed: plain(`${new TextDecoder().decode(stdout)}${new TextDecoder().decode(stderr)}`),
      calls: plain(Deno.readTextFileSync(calls)).split("\n").filter((line) => line !== ""),
      summary: Deno.readTextFileSync(summary),
      outputs: Object.fromEntries(
        plain(Deno.readTextFileSync(outputs)).split("\n").filter((line) => line !== "").map((line) => line.split("=")),
      ),
      files: new Map(below(folder).map((path) => [plain(path).slice("FOLDER/".length), Deno.readTextFileSync(path)])),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A program that records its call, and then runs a script. */
function substitute(name: string, script: string): string {
  return `#!/bin/bash\nprintf '%s\\n' "${name}\${*:+ }\${*@Q}" >>"$CALLS"\n${script}\n`;
}

function writeProgram(path: string, text: string): void {
  Deno.writeTextFileSync(path, text);
  Deno.chmodSync(path, 0o755);
}

let located: Promise<readonly string[]> | undefined;

/** The paths of the real programs. */
function programPaths(): Promise<readonly string[]> {
  located ??= (async () => {
    const find = realPrograms.map((program) => `command -v ${program} || true`).join("\n");
    const { stdout } = await new Deno.Command("bash", { args: ["-c", `enable -n printf\n${find}`] }).output();
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  })();
  return located;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function below(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory, isFile }) =>
    isDirectory ? below(`${folder}/${name}`) : isFile ? [`${folder}/${name}`] : []
  );
}
