/** `--store` and `--on-shutdown`, from the command line to the file. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { Database } from "../../../src/broker/store/database.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { broker } from "../../../src/cli/broker/broker.ts";
import type { BrokerFlags } from "../../../src/cli/broker/broker_flags.ts";
import { captured } from "../captured.ts";

async function runUntilStopped(...args: string[]): Promise<string> {
  const output = captured();
  const early = new AbortController();
  const interrupts = { early: early.signal, atOnce: new AbortController().signal, close() {} };
  const flags = readCommandLine(["broker", "--port", "0", ...args], output) as BrokerFlags;
  const done = broker(flags, output, { openInterrupts: () => interrupts });
  setTimeout(() => early.abort());
  await done;
  return output.written.out;
}

Deno.test("broker: the start line shows the store's path, and a clean stop is in the file", async () => {
  const directory = await Deno.makeTempDir({ prefix: "mqtt-sim-store-" });
  const path = `${directory}/store.db`;
  try {
    for (const onShutdown of ["publish", "keep"]) {
      const out = await runUntilStopped("--store", path, "--on-shutdown", onShutdown, "--store-outlives", "process");
      assert.ok(out.includes(`sessions in ${path};`), out);
      const database = Database.open({ path });
      assert.equal(typeof database.prepare("SELECT stopped_ms FROM broker").get()!.stopped_ms, "number");
      database.close();
    }
    await Deno.writeTextFile(path, "something else".repeat(100));
    await assert.rejects(runUntilStopped("--store", path), (error) => error instanceof UsageError);
    assert.ok((await runUntilStopped("--store", "memory")).includes("sessions in memory;"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
