/** The file with the operator's token: its permissions, its format, and the comparison with a request's token. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { AdminToken } from "../../../src/broker/access/admin_token.ts";

const token = "0123456789abcdef";

async function withFile(text: string, mode: number, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/token`, text);
    await Deno.chmod(`${folder}/token`, mode);
    await use(`${folder}/token`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const characters = "expected one line of 16 to 1,024 ASCII characters without spaces";

const refused: readonly [name: string, text: string, mode: number, why: string][] = [
  ["a file that others may read", token, 0o644, "its mode 0644 gives other users access; expected 0600"],
  ["a file that others may write", token, 0o602, "its mode 0602 gives other users access; expected 0600"],
  ["15 characters", token.slice(1), 0o600, characters],
  ["an empty file", "\n", 0o600, characters],
  ["two lines", `${token}\n${token}\n`, 0o600, characters],
  ["a character that is not ASCII", `${token}é`, 0o600, characters],
  ["1,025 characters", "x".repeat(1_025), 0o600, characters],
  ["a large file", "x".repeat(100_000), 0o600, characters],
];
for (const [name, text, mode, why] of refused) {
  Deno.test(`token file: refuses ${name}, without the token in the message`, () =>
    withFile(
      text,
      mode,
      (path) => assert.rejects(AdminToken.open(path), new UsageError(`Cannot use token file ${path}: ${why}`)),
    ));
}

Deno.test("token file: refuses a missing file and a folder in one sentence", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await assert.rejects(
      AdminToken.open(`${folder}/none`),
      new UsageError(
        `Cannot read token file ${folder}/none: there is no such file; expected a file with a token, mode 0600`,
      ),
    );
    await assert.rejects(AdminToken.open(folder), { name: "UsageError", message: /^Cannot (use|read) token file / });
  } finally {
    await Deno.remove(folder);
  }
});

Deno.test("token: only the complete token after Bearer matches", () =>
  withFile(`${token}\r\n`, 0o640, async (path) => {
    const held = await AdminToken.open(path);
    for (const field of [`Bearer ${token}`, `bearer  ${token}`, `BEARER ${token} `]) {
      assert.ok(held.matches(field), field);
    }
    const wrong = [
      "",
      token,
      "Bearer ",
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Bearer ${token.toUpperCase()}`,
      `Basic ${token}`,
      `Basic Bearer ${token}`,
      `Bearer ${token}, Bearer x`,
      `Bearer x ${token}`,
    ];
    for (const field of wrong) assert.ok(!held.matches(field), field);
  }));

Deno.test("token: the old token does not match after a new token is set", () =>
  withFile(token, 0o600, async (path) => {
    const held = await AdminToken.open(path);
    await Deno.writeTextFile(path, "another-token-16");
    const next = await held.read();
    assert.ok(held.matches(`Bearer ${token}`));
    held.take(next);
    assert.deepEqual([held.matches(`Bearer ${token}`), held.matches("Bearer another-token-16")], [false, true]);
  }));
