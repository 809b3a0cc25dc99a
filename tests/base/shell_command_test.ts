import assert from "node:assert/strict";
import { monotonicClock } from "../../src/base/clock.ts";
import { checkShell, runShell, shellFault, type ShellOptions } from "../../src/base/shell_command.ts";

const options = { clock: monotonicClock, limitMs: 60_000 };
const run = (command: string, more: Partial<ShellOptions> = {}) =>
  runShell(command, "--restart-command", { ...options, ...more });

Deno.test("shell command: runs a command in the shell and returns its exit code", async () => {
  const { end, errorTail } = await run("true && echo one >&2; echo nothing; exit 7");
  assert.deepEqual(end, { kind: "exit", code: 7 });
  assert.equal(errorTail, "one", "standard output is not among it");
  const fine = await run("exit 0");
  assert.deepEqual(fine.end, { kind: "exit", code: 0 });
  assert.equal(shellFault(fine), undefined);
});

Deno.test("shell command: returns the signal that ended a command", async () => {
  const { end } = await run("kill -9 $$");
  assert.deepEqual(end, { kind: "signal", signal: "SIGKILL" });
});

Deno.test("shell command: kills a command at its time limit or at a stop", async () => {
  assert.deepEqual((await run("exec sleep 600", { limitMs: 50 })).end, { kind: "timeout" });
  assert.deepEqual((await run("exec sleep 600", { stop: AbortSignal.abort() })).end, { kind: "timeout" });
});

Deno.test("shell command: keeps the end of standard error", async () => {
  const { errorTail } = await run("i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done");
  assert.ok(errorTail.endsWith("line 1999"));
  assert.ok(errorTail.length <= 2_048 && errorTail.length > 1_000, `${errorTail.length}`);
});

Deno.test({
  name: "shell command: does not wait for a child process that holds its standard error",
  // The process that holds the pipe ends after this test.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const { end, errorTail, tookMs } = await run("echo first >&2; sleep 3 & exit 0");
    assert.deepEqual({ end, errorTail }, { end: { kind: "exit", code: 0 }, errorTail: "first" });
    assert.ok(tookMs < 2_900, `${tookMs} ms`);
  },
});

Deno.test("shell command: formats a failure with the last lines of standard error", () => {
  const failed = { end: { kind: "exit", code: 5 }, tookMs: 12, errorTail: "a\nb\n\n  c\nd" } as const;
  assert.equal(shellFault(failed), "ended with exit code 5 after 12.0 ms: c / d");
  const killed = { end: { kind: "timeout" }, tookMs: 30_000, errorTail: "" } as const;
  assert.equal(shellFault(killed), "had not ended, and was killed after 30.0 s");
  const signal = { end: { kind: "signal", signal: "SIGTERM" }, tookMs: 1, errorTail: "bye" } as const;
  assert.equal(shellFault(signal), "was ended by SIGTERM after 1.00 ms: bye");
});

Deno.test({
  name: "shell command: without permission to run programs, one sentence says so and gives the cure",
  permissions: { run: false },
  fn: async () => {
    await assert.rejects(checkShell("--restart-command", monotonicClock), {
      name: "UsageError",
      message:
        'Cannot run --restart-command ":": this process is not allowed to run programs; start it with --allow-run=sh',
    });
  },
});
