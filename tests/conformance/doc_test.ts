/** The excerpts in docs/check.md equal the files that they quote. */
import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));

Deno.test("docs: the excerpts of files in docs/check.md are in those files", () => {
  const shown = [...read("docs/check.md").matchAll(/`((?:src|tests)\/[^`]+)`:\n\n```ts ignore\n([^`]+)```/g)];
  assert.equal(shown.length, 2);
  for (const [, path, block] of shown) {
    const plain = (text: string) => text.replaceAll(/^ +/gm, "");
    assert.ok(plain(read(path!)).includes(plain(block!)), path!);
  }
});
