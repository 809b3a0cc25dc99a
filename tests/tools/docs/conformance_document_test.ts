import assert from "node:assert/strict";
import { catalog } from "../../../src/conformance/catalog.ts";
import { escapeMarkdown } from "../../../src/base/escape.ts";
import { profileOf } from "../../../src/profiles/profiles.ts";
import { checkSample } from "../../report/check_sample.ts";
import { brokerPage, conformancePage, readConfirmed, unmatched } from "../../../tools/docs/conformance_document.ts";

const folder = new URL("../../../docs/conformance/", import.meta.url);
const confirmed = readConfirmed(Deno.readTextFileSync(new URL("confirmed.tsv", folder)));

Deno.test("conformance page: each confirmation belongs to a case and is one line", () => {
  const ids = new Set<string>(catalog.map(({ id }) => id));
  assert.ok(confirmed.size > 0);
  for (const [key, line] of confirmed) {
    const [, broker, id] = /^(?:([a-z0-9-]+):)?(.+)$/.exec(key)!;
    assert.ok(broker === undefined || profileOf(broker) !== undefined, key);
    // A fault of the broker beside the cases has an id of its own.
    const isKnown = ids.has(id!) || id!.startsWith("broker/");
    assert.ok(isKnown && /^.{20,}\.$/.test(line), `${key}: ${line}`);
  }
});

Deno.test("conformance page: every failure has a confirmation", () => {
  const pages = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".md"));
  assert.equal(pages.length, 7);
  for (const { name } of pages) {
    assert.doesNotMatch(Deno.readTextFileSync(new URL(name, folder)), /Nobody has confirmed/, name);
  }
});

Deno.test("conformance page: shows each failure with its confirmation, or says that none exists", () => {
  const broker = { name: "some", version: "1.2", configuration: "as it comes", report: checkSample() };
  assert.match(
    brokerPage(broker, new Map([["will/two", "It is due."]])),
    /`will\/two`.*\n\n {2}Confirmed: It is due\./,
  );
  assert.match(brokerPage(broker, new Map()), /Nobody has confirmed this by its transcript yet\./);
  assert.match(
    conformancePage([broker]),
    /\| \[some\]\(conformance\/some\.md\) \| 1\.2 \| as it comes \| 4 \| 1 \| 1 \| 1 \|/,
  );
});

Deno.test("conformance page: every confirmation belongs to a failure on the pages, unless it calls the failure intermittent", () => {
  const pages = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".md"))
    .map(({ name }) => Deno.readTextFileSync(new URL(name, folder)).replaceAll(/\s+/g, " "));
  const shown = (line: string) => pages.some((page) => page.includes(`Confirmed: ${escapeMarkdown(line)}`));
  const idle = [...confirmed].filter(([, line]) => !line.startsWith("At times") && !shown(line));
  assert.deepEqual(idle.map(([key]) => key), []);
});

Deno.test("conformance page: detects failures without a confirmation, and confirmations without a failure", () => {
  const broker = { name: "some", version: "1.2", configuration: "as it comes", report: checkSample() };
  const failed = unmatched([broker], new Map()).unconfirmed;
  assert.ok(failed.includes("some: will/two"), failed.join());
  const lines = (keys: readonly string[], line = "It is due.") => new Map(keys.map((key) => [key, line]));
  const all = lines(failed.map((each) => each.replace("some: ", "")));
  assert.deepEqual(unmatched([broker], all), { unconfirmed: [], idle: [] });
  assert.deepEqual(unmatched([broker], lines([...all.keys(), "some:will/two"])).idle, ["will/two"]);
  assert.deepEqual(unmatched([broker], lines([...all.keys(), "other:will/two"])).idle, ["other:will/two"]);
  const rare = new Map([...all, ["other:will/two", "At times it is late."]]);
  assert.deepEqual(unmatched([broker], rare).idle, []);
});
