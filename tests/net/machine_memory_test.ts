/** The memory of the machine, as the operating system reports it. */
import assert from "node:assert/strict";
import { bytesOfText, machineMemoryBytes } from "../../src/net/machine_memory.ts";
import { ffiFlags } from "../support/brokers/granted.ts";

Deno.test("machine memory: is parsed from the text of /proc/meminfo", () => {
  assert.equal(bytesOfText("MemTotal:     1048576 kB\nMemFree:  1 kB\n"), 1024 ** 3);
  assert.equal(bytesOfText("MemFree:  1 kB\n"), undefined);
});

Deno.test({
  name: "machine memory: with permission for foreign calls it equals what a child process reads",
  ignore: ffiFlags.length === 0 || Deno.build.os !== "linux",
  fn: async () => {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", "cat /proc/meminfo"] }).output();
    assert.equal(machineMemoryBytes(), bytesOfText(new TextDecoder().decode(stdout)));
  },
});
