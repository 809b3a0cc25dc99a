/** Paths in the pages for contributors: each path in backticks is a file or a folder of the repository. */
import assert from "node:assert/strict";
import { proseOf } from "./doc_page.ts";

const root = new URL("../../", import.meta.url);
const guides = ["ARCHITECTURE.md", "CONTRIBUTING.md", "tests/README.md"];
/** Paths that the tests create, or placeholders for any path. */
const path = /`((?:src|tests|tools|docs|fixtures|\.ci|\.github)(?:\/[\w.-]+)+\/?|\w+\.(?:ts|json|md))`/g;

Deno.test("docs: every path in the guides for contributors exists", () => {
  for (const guide of guides) assert.deepEqual(missing(guide, proseOf(guide)), []);
  const found = guides.map((guide) => [...proseOf(guide).matchAll(path)].length);
  assert.ok(found.every((count) => count > 10), `paths found: ${found}`);
});

Deno.test("docs: a path that does not exist is found", () => {
  assert.deepEqual(missing("page", "`src/none.ts` `src/fleet` `cli.ts` `none.ts`"), [
    "page: src/none.ts",
    "page: none.ts",
  ]);
});

function missing(guide: string, text: string): string[] {
  return [...text.matchAll(path)].map(([, each]) => each!).filter((each) => !exists(each)).map((each) =>
    `${guide}: ${each}`
  );
}

function exists(each: string): boolean {
  try {
    Deno.statSync(new URL(each, root));
    return true;
  } catch {
    return false;
  }
}
