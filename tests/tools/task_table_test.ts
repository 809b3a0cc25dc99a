/** The tasks of `deno.json` fit on one line, and those that need several commands are in `tools/tasks/task_table.ts`. */
import assert from "node:assert/strict";
import { runTask } from "../../tools/tasks/run_task.ts";
import { type TaskLines, taskTable } from "../../tools/tasks/task_table.ts";

const root = new URL("../../", import.meta.url);
const { tasks }: { tasks: Record<string, { description: string; command: string }> } = JSON.parse(
  Deno.readTextFileSync(new URL("deno.json", root)),
);
const runner = "deno run --quiet --allow-run --allow-read tools/tasks/run_task.ts";
const table = taskTable({ deno: "/path/deno" });

Deno.test("tasks: each command line has at most 100 characters, and each task a description", () => {
  for (const [name, { command, description }] of Object.entries(tasks)) {
    assert.ok(command.length <= 100, `${name}: ${command.length} characters`);
    assert.ok(description.length > 0, `${name}: no description`);
  }
});

Deno.test("tasks: deno.json and the table name the same tasks", () => {
  const called = Object.entries(tasks).filter(([, { command }]) => command.startsWith(runner));
  for (const [name, { command }] of called) assert.equal(command, `${runner} ${name}`);
  assert.deepEqual(called.map(([name]) => name).sort(), [...table.keys()].sort());
});

Deno.test("tasks: every file and every task in a command line exists", () => {
  for (const [name, { steps }] of table) {
    for (const { args, last } of steps) {
      const paths = [...args, last ?? ""].filter((word) => /^(src|tests|tools)\/|^cli\.ts$/.test(word));
      for (const path of paths) assert.ok(Deno.statSync(new URL(path, root)), `${name}: ${path}`);
      if (args[0] === "task") assert.ok(args[1]! in tasks, `${name}: no task ${args[1]}`);
    }
  }
});

Deno.test("tasks: a task ends at the first command that fails, with its exit code and its line", async () => {
  const gates = table.get("gates")!;
  const failed = await played(gates, [], (args) => args[0] === "lint" ? 3 : 0);
  assert.deepEqual(failed, { code: 3, ran: ["fmt --check", "lint"], printed: ["gates: lint falls short"] });
  const passed = await played(table.get("ok")!, [], () => 0);
  assert.deepEqual(passed.printed, ["ok: every gate is passed"]);
});

Deno.test("tasks: the user's arguments go to the last command, or to all where the task has it", async () => {
  const last = await played(table.get("gates")!, ["--quiet"], () => 0);
  assert.deepEqual(last.ran, ["fmt --check", "lint", "check", "doc --lint mod.ts --quiet"]);
  const all = await played(table.get("test:peers")!, ["--filter", "kills"], () => 0);
  assert.deepEqual(
    all.ran,
    ["test:peers:brokers", "test:peers:program", "test:pages"].map((name) => `task ${name} --filter kills`),
  );
});

Deno.test("tasks: deno task passes the arguments on and returns the exit code of the command", async () => {
  const helped = await run(["bench", "--help"]);
  assert.equal(helped.code, 0);
  assert.match(helped.output, /deno bench/);
  assert.notEqual((await run(["house", "--no-such-flag"])).code, 0);
  assert.notEqual((await run(["no-such-task"])).code, 0);
});

async function played(task: TaskLines, extra: readonly string[], codeOf: (args: readonly string[]) => number) {
  const ran: string[] = [];
  const printed: string[] = [];
  const code = await runTask(task, extra, {
    run: (step, given) => {
      ran.push([...step.args, ...given].join(" "));
      return Promise.resolve(codeOf(step.args));
    },
    print: (line) => void printed.push(line),
  });
  return { code, ran, printed };
}

async function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  const [, ...words] = runner.split(" ");
  const command = new Deno.Command(Deno.execPath(), {
    args: [...words, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  });
  const { code, stdout } = await command.output();
  return { code, output: new TextDecoder().decode(stdout) };
}
