/**
 * Runs a task of `tools/tasks/task_table.ts` by its name: `deno task` calls it. It passes on the arguments after the
 * name. Ends with the exit code of the command that failed, or 0.
 */
import { type TaskLines, type TaskStep, taskTable } from "./task_table.ts";

/** The effects of a task on its environment. */
export interface TaskHooks {
  /** Runs one command and returns its exit code. */
  readonly run: (step: TaskStep, extra: readonly string[]) => Promise<number>;
  readonly print: (line: string) => void;
}

/**
 * Runs the commands of a task up to the first that fails.
 *
 * @param extra the arguments of the user, for the last command or for all
 * @returns the exit code of the task
 */
export async function runTask(task: TaskLines, extra: readonly string[], { run, print }: TaskHooks): Promise<number> {
  for (const [at, step] of task.steps.entries()) {
    // The next command depends on the result of this one.
    // deno-lint-ignore no-await-in-loop
    const code = await run(step, task.passesToAll || at === task.steps.length - 1 ? extra : []);
    if (code === 0) continue;
    if (step.failure !== undefined) print(step.failure);
    return code;
  }
  if (task.success !== undefined) print(task.success);
  return 0;
}

/** Commands that load packages: deno.lock pins each of them. The program has its own lock file, beside its config. */
const loading = ["run", "test", "bench", "check"];

/** The arguments of a step with deno.lock, which deno.json does not name: `deno task` would download all that is in it. */
export function withLock([command = "", ...rest]: readonly string[]): string[] {
  return [command, ...loading.includes(command) ? ["--lock=deno.lock", "--frozen"] : [], ...rest];
}

async function runStep({ args, last, env = {} }: TaskStep, extra: readonly string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...withLock(args), ...extra, ...last === undefined ? [] : [last]],
    cwd: new URL("../../", import.meta.url),
    env,
  });
  return (await command.spawn().status).code;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  // Ctrl-C reaches the command too, and the exit code of the command is the answer.
  Deno.addSignalListener("SIGINT", () => {});
  const [name = "", ...extra] = Deno.args;
  const task = taskTable({ deno: Deno.execPath() }).get(name);
  if (task === undefined) throw new Error(`Cannot run the task "${name}": tools/tasks/task_table.ts does not have it`);
  Deno.exit(await runTask(task, extra, { run: runStep, print }));
}
