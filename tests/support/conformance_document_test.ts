import assert from "node:assert/strict";
import { catalog } from "../../src/conformance/catalog.ts";
import { checkSample } from "../report/check_sample.ts";
import { brokerPage, conformancePage, readConfirmed } from "./conformance_document.ts";

const folder = new URL("../../docs/conformance/", import.meta.url);
const confirmed = readConfirmed(Deno.readTextFileSync(new URL("confirmed.tsv", folder)));

Deno.test("a confirmation is of a case, and in one line", () => {
  const ids = new Set<string>(catalog.map(({ id }) => id));
  assert.ok(confirmed.size > 0);
  for (const [id, line] of confirmed) assert.ok(ids.has(id) && /^.{20,}\.$/.test(line), `${id}: ${line}`);
});

Deno.test("every failure on the pages is confirmed", () => {
  const pages = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".md"));
  assert.equal(pages.length, 5);
  for (const { name } of pages) {
    assert.doesNotMatch(Deno.readTextFileSync(new URL(name, folder)), /Nobody has confirmed/, name);
  }
});

Deno.test("a page tells each failure with its word, or that there is none", () => {
  const broker = { name: "some", version: "1.2", configuration: "as it comes", report: checkSample() };
  assert.match(
    brokerPage(broker, new Map([["will/two", "It is due."]])),
    /`will\/two`.*\n\n {2}Confirmed: It is due\./,
  );
  assert.match(brokerPage(broker, new Map()), /Nobody has confirmed this by its transcript yet\./);
  assert.match(
    conformancePage([broker]),
    /\| \[some\]\(conformance\/some\.md\) \| 1\.2 \| as it comes \| 3 \| 1 \| 1 \| 1 \|/,
  );
});
