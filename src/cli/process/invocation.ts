/**
 * How the user started the program: the words to repeat, and the folder that relative paths start from. The task of
 * `deno.json` and the launcher of the npm package say so in two variables of the environment.
 */
import { basename, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { quoteShell } from "../../base/escape.ts";
import { UsageError } from "../../base/failure.ts";

/** The variable with the words before the command, such as `npx mqtt-sim`: of a launcher, or of a wrapper of the user. */
const programVariable = "MQTT_SIM_PROGRAM";
/**
 * The variable of the task: `npx` or nothing, a colon, and the folder in which the user started the task. `deno task`
 * itself changes to the folder of `deno.json`.
 */
const taskVariable = "MQTT_SIM_TASK";

/** The program's own view of its process. */
export interface ProcessFacts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True in the compiled binary. */
  readonly standalone: boolean;
  /** The first word of the command line, as typed. */
  readonly argv0: string;
  /** The path of the program's main file, and the folder of the process. */
  readonly mainFile: string;
  readonly folder: string;
  readonly denoVersion: string;
}

/** How the user started the program. */
export interface Invocation {
  /** The words to type before the command and its flags. */
  readonly program: string;
  /** The folder to change to; undefined to stay. */
  readonly folder: string | undefined;
}

/** Reads the invocation out of the facts. */
export function invocationOf(facts: ProcessFacts): Invocation {
  const { [programVariable]: named, [taskVariable]: task } = facts.environment;
  if (task !== undefined) {
    const [, starter, folder] = /^([^:]*):(.*)$/s.exec(task) ?? [];
    const deno = starter === "npx" ? `npx -y deno@${facts.denoVersion}` : "deno";
    return { program: `${deno} task mqtt-sim`, folder: folder || undefined };
  }
  return { program: named || withoutVariables(facts), folder: undefined };
}

let current: Invocation | undefined;

/** The words to type before a command and its flags, to start this program as the user did. */
export function programName(): string {
  current ??= invocationOf(processFacts());
  return current.program;
}

/**
 * Changes to the folder in which the user stood. Removes the variables, so that no command of the user inherits them.
 *
 * @throws UsageError when the folder is not there any more
 */
export function enterInvocation(): void {
  const { folder } = current = invocationOf(processFacts());
  for (const name of [programVariable, taskVariable]) if (isReadable(name)) Deno.env.delete(name);
  if (folder === undefined) return;
  try {
    Deno.chdir(folder);
  } catch (error) {
    throw new UsageError(`Cannot change to the folder "${folder}" of the task: ${(error as Error).message}`);
  }
}

/** How a script starts this program. */
export interface SelfCall {
  readonly words: readonly string[];
  /** The word that users type. */
  readonly name: string;
}

/** How a script starts this program: by the name in the user's search path, or the same files again. */
export function selfCall(): SelfCall {
  const [last = ""] = programName().split(/[\s/\\]/).slice(-1);
  const name = /^\w[\w-]*$/.test(last) ? last : "mqtt-sim";
  if (Deno.build.standalone) {
    const { argv0 } = process;
    const isInPath = !/[/\\]/.test(argv0);
    return { words: [isInPath ? argv0 : Deno.execPath()], name: basename(argv0).replace(/\.exe$/i, "") };
  }
  const config = fileURLToPath(new URL("tools/program/config.json", Deno.mainModule));
  const flags = [
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-read",
    "--ignore-env",
    ...exists(config) ? [`--config=${config}`] : [],
  ];
  return { words: [Deno.execPath(), ...flags, fileURLToPath(Deno.mainModule)], name };
}

/** The config file is in a clone, not in the npm package. */
function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function processFacts(): ProcessFacts {
  const main = Deno.mainModule;
  return {
    environment: Object.fromEntries([programVariable, taskVariable].map((name) => [name, variable(name)])),
    standalone: Deno.build.standalone,
    argv0: process.argv0,
    mainFile: main.startsWith("file:") ? fileURLToPath(main) : main,
    folder: Deno.cwd(),
    denoVersion: Deno.version.deno,
  };
}

function variable(name: string): string | undefined {
  return isReadable(name) ? Deno.env.get(name) : undefined;
}

function isReadable(name: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
}

/** Where `deno install --global` wrote a command, its name is unknown here: the line shows what that command runs. */
function withoutVariables({ standalone, argv0, mainFile, folder }: ProcessFacts): string {
  if (standalone) return quoteShell(argv0);
  const path = relative(folder, mainFile);
  return `deno run -A ${quoteShell(path.startsWith("..") ? mainFile : path)}`;
}
