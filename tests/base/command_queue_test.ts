/** The queue of the user's commands, and how their placeholders are filled in. */
import assert from "node:assert/strict";
import { CommandQueue } from "../../src/base/command_queue.ts";
import { filledCommand } from "../../src/base/shell_command.ts";

Deno.test("command queue: eight tasks run at the same time, the others follow in their order", async () => {
  const queue = new CommandQueue();
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  for (let task = 0; task < 10; task++) {
    queue.add(() => {
      begun.push(task);
      return new Promise((resolve) => ends.push(resolve));
    });
  }
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7]);
  ends[3]!();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(begun.slice(8), [8]);
  for (const end of ends.slice(0, 3)) end();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(begun.slice(8), [8, 9]);
});

Deno.test("filled command: a value is one word of the shell, and none of its text is a placeholder", () => {
  const values = { client_id: "a; rm -rf {client}", client: "7" };
  assert.equal(filledCommand("kick {client_id} {client} {other}", values), "kick 'a; rm -rf {client}' 7 {other}");
});
