/** The parser of shell commands that the tests of the pages use. */
import assert from "node:assert/strict";
import { shellCommands } from "./shell_words.ts";

Deno.test("shell words: quotes, comments, continued lines, redirections and separators", () => {
  const script = `
# a comment
deno task mqtt-sim fleet --threshold 'wills.late<3' \\
  --seed 7   # to the end of the line
for part in 1 2; do deno run --shard $part/2 --start-at "$at" > file & done
(umask 077 && openssl rand > token)
curl -H "Authorization: Bearer $(cat token)" http://host/a#b`;
  assert.deepEqual(shellCommands(script), [
    ["deno", "task", "mqtt-sim", "fleet", "--threshold", "wills.late<3", "--seed", "7"],
    ["for", "part", "in", "1", "2"],
    ["deno", "run", "--shard", "$part/2", "--start-at", "$at"],
    ["done"],
    ["umask", "077"],
    ["openssl", "rand"],
    ["curl", "-H", "Authorization: Bearer $(cat token)", "http://host/a#b"],
  ]);
});
