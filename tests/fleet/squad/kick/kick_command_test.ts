/** The command of kill mode kicked: its checks, the client's name in the shell, its order, and its failures. */
import assert from "node:assert/strict";
import { UsageError } from "../../../../src/base/failure.ts";
import { makePlan } from "../../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../../src/fleet/plan/plan.ts";
import { checkKick, KickCommands } from "../../../../src/fleet/squad/kick/kick_command.ts";

const kicked: PlanRequest = { run: "r", seed: 1, killShares: [{ mode: "kicked", weight: 1 }] };

Deno.test("kicked: a plan without a command needs the caller's own broker", async () => {
  await checkKick(makePlan({ run: "r", seed: 1 }), false);
  await checkKick(makePlan(kicked), true);
  await assert.rejects(
    checkKick(makePlan(kicked), false),
    new UsageError(
      "Cannot use --kill-mode kicked on this broker: expected a --kick-command that has the broker end the connection of {client_id}",
    ),
  );
});

Deno.test("kicked: a command without a kick, or without the client, is refused", async () => {
  await assert.rejects(
    checkKick(makePlan({ run: "r", seed: 1, kickCommand: "kick {client_id}" }), true),
    /^UsageError: Cannot use --kick-command "kick \{client_id\}": expected --kill-mode with a share for kicked$/,
  );
  await assert.rejects(
    checkKick(makePlan({ ...kicked, kickCommand: "kick all" }), true),
    /^UsageError: Cannot use --kick-command "kick all": expected \{client_id\} or \{client\} in it/,
  );
  await checkKick(makePlan({ ...kicked, kickCommand: "kick {client}" }), false);
});

Deno.test("kicked: the command has the number and the quoted identifier, for each client once; a failure is one sentence", async () => {
  const path = await Deno.makeTempFile();
  try {
    const commands = new KickCommands(`printf '%s\\n' {client}:{client_id} >> ${path}; test {client} -ne 7`);
    const faults: string[] = [];
    for (let number = 0; number < 20; number++) {
      commands.kick({ number, clientId: `it's $HOME ${number}` }, (sentence) => void faults.push(sentence));
    }
    const lines = async () => (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
    while ((await lines()).length < 20 || faults.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const expected = Array.from({ length: 20 }, (_, number) => `${number}:it's $HOME ${number}`);
    assert.deepEqual((await lines()).sort(), expected.sort());
    assert.equal(faults.length, 1);
    assert.match(faults[0]!, /^--kick-command ".*" ended with exit code 1/s);
  } finally {
    await Deno.remove(path);
  }
});
