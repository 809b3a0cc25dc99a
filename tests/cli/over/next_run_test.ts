/** The runs that a part which stays joins. */
import assert from "node:assert/strict";
import { part } from "../../../src/cli/parts/part.ts";
import { isNamed, NextRun } from "../../../src/cli/parts/next_run.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { captured } from "../captured.ts";

Deno.test("stay: a name has a form", () => {
  assert.ok(["night", "night-1", "night-"].every((name) => isNamed(name, "night*")));
  assert.ok(["", "a", "a-1"].every((name) => isNamed(name, "*")));
  assert.ok(["anight", "nigh", "night.2"].every((name) => !isNamed(name, "night*")));
  assert.ok(isNamed("a-b-c", "a*c") && !isNamed("a-b-cd", "a*c"));
});

Deno.test("stay: a part joins each run once, while it gathers its parts, one after the other", () => {
  const next = new NextRun("n*");
  assert.equal(next.take(), undefined);
  next.beat({ run: "other", state: "gather" });
  next.beat({ run: "n0", state: "kill" });
  next.beat({ run: "n0", state: "gather" });
  assert.equal(next.take(), undefined, "another name, and a run that began without it");
  for (const run of ["n1", "n2", "n1"]) next.beat({ run, state: "gather" });
  assert.equal(next.take(), "n1");
  next.beat({ run: "n1", state: "gather" });
  assert.equal(next.take(), undefined, "a run that it has left does not take it again");
  next.beat({ run: "n2", state: "gather" });
  assert.equal(next.take(), "n2");
});

const refused: readonly [args: readonly string[], sentence: RegExp][] = [
  [["--run", "n*"], /^Cannot use --run "n\*" without --stay: expected the name of one run$/],
  [["--stay", "--report", "r.json"], /^Cannot use --report "r.json" with --stay/],
  [[], /^Cannot run a part without --over and --run/],
];
for (const [args, sentence] of refused) {
  Deno.test(`stay: refuses part ${args.join(" ")}`, async () => {
    const output = captured(80);
    const asked = readCommandLine(["part", "--over", "127.0.0.1:1", ...args], output);
    assert.ok(asked.command === "part");
    await assert.rejects(() => part(asked, output), (error: Error) => sentence.test(error.message));
  });
}
