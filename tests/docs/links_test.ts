/** Links between the pages: each leads to an existing file and heading. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { anchorsOf, pages, proseOf, textOf } from "./doc_page.ts";

const root = new URL("../../", import.meta.url);

Deno.test("docs: every link and picture leads to a file of the repository, and to a heading in it", () => {
  const faults = pages().flatMap((page) => linkFaults(page, proseOf(page)));
  assert.deepEqual(faults, []);
});

Deno.test("docs: a link to a file or a heading that does not exist is found", () => {
  const text = "[a](docs/none.md) [b](docs/fleet.md#no-such-heading) [c](#install) ![d](docs/images/none.png)";
  assert.deepEqual(linkFaults("README.md", text), [
    "README.md: docs/none.md does not exist",
    "README.md: docs/fleet.md has no heading #no-such-heading",
    "README.md: docs/images/none.png does not exist",
  ]);
});

Deno.test("docs: the README links every page in docs", () => {
  const linked = new Set([...textOf("README.md").matchAll(/\]\((docs\/[\w.-]+\.md)/g)].map(([, path]) => path));
  assert.deepEqual(pages().filter((page) => page.startsWith("docs/") && !linked.has(page)), []);
});

function linkFaults(page: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    .filter((target) => !/^(https?|mailto):/.test(target))
    .flatMap((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : posix.join(posix.dirname(page), path);
      if (!exists(file)) return [`${page}: ${file} does not exist`];
      const known = anchor === undefined || !file.endsWith(".md") || anchorsOf(file).includes(anchor);
      return known ? [] : [`${page}: ${file} has no heading #${anchor}`];
    });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch {
    return false;
  }
}
