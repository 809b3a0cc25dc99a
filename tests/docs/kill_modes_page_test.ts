/** The pages that count and list the kill modes, against the modes of the code. */
import assert from "node:assert/strict";
import { killModes } from "../../src/fleet/plan/kill_mode.ts";
import { anyEnding } from "../../src/profiles/endings.ts";
import { textOf } from "./doc_page.ts";

Deno.test("docs: the first table of kill-modes.md has each kill mode, in the order of the code", () => {
  const table = textOf("docs/kill-modes.md").split("\n\n").find((part) => part.startsWith("| mode"))!;
  assert.deepEqual([...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, mode]) => mode), [...killModes]);
});

Deno.test("docs: README.md states the number of kill modes that make a will due", () => {
  assert.equal(anyEnding.length, 13, "both numbers of README.md");
  const text = textOf("README.md").replaceAll(/\s+/g, " ");
  assert.match(text, /kills them in thirteen ways/);
  assert.match(text, /\| mqtt-sim \| all properties, one topic a client \| 13, repeatable by seed \|/);
});
