/** The limit of open files, as the operating system reports it. */
import assert from "node:assert/strict";
import { limitOfText, openFilesLimit } from "../../src/net/open_files.ts";
import { ffiFlags } from "../support/brokers/granted.ts";

Deno.test("open files: the soft limit is parsed from the text of /proc/self/limits", () => {
  const head = "Limit                     Soft Limit           Hard Limit           Units     \n";
  const line = (soft: string) =>
    `${head}Max open files            ${soft}                 4096                 files     \n`;
  assert.equal(limitOfText(line("1024")), 1_024);
  assert.equal(limitOfText(line("unlimited")), undefined);
  assert.equal(limitOfText(""), undefined);
});

Deno.test({
  name: "open files: with permission for foreign calls it equals what a child process inherits",
  ignore: ffiFlags.length === 0 || Deno.build.os !== "linux",
  fn: async () => {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", "ulimit -n"] }).output();
    assert.equal(openFilesLimit(), Number(new TextDecoder().decode(stdout)));
  },
});
