/** The wording of the repository, and the rules of wording on bad and good samples. */
import assert from "node:assert/strict";
import { readLaw } from "./law.ts";
import { glossaryFaults, wordFaults } from "./wording.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const law = readLaw(read("ARCHITECTURE.md"));
const documents = [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => name.endsWith(".md"));
const roots = ["cli.ts", "mod.ts", "deno.json", ...documents];
/** Texts of third parties: the licences of packages, and files generated from them. */
const foreign = ["docs/licences.md", "docs/sbom.cdx.json", "src/report/html/assets"];

function textsUnder(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (foreign.includes(path)) return [];
    if (isDirectory) return textsUnder(path);
    return /\.(ts|js|sh|py|md|tsv|json|txt|html|xml|csv|ya?ml)$/.test(name) ? [path] : [];
  });
}

Deno.test("wording: no text uses a word of the list in ARCHITECTURE.md", () => {
  const paths = [...roots, ...["src", "tests", "tools", "docs", "fixtures/reports"].flatMap(textsUnder)];
  assert.ok(paths.length > 500 && paths.includes("README.md") && paths.includes("src/cli/main.ts"));
  const own = ["tests/house/wording_test.ts"]; // it plants violations
  const faults = paths.filter((path) => !own.includes(path)).flatMap((path) => wordFaults(path, read(path), law.words));
  assert.equal(faults.length, 0, `\n${faults.join("\n")}`);
});

Deno.test("wording: every term of the glossary is in use in src", () => {
  assert.ok(law.glossary.length >= 30, `${law.glossary.length} terms`);
  const sources = textsUnder("src").filter((path) => path.endsWith(".ts")).map(read);
  assert.deepEqual(glossaryFaults(law.glossary, sources), []);
});

Deno.test("wording: a listed word is found in code, in comments across lines and in capitals", () => {
  const words = ["anew", "so-manieth", "all the same"];
  const found = (text: string) => wordFaults("a.ts", text, words);
  assert.deepEqual(found("// starts again\n// written anew\n"), ['a.ts:2: "anew" is in the list of words not to use']);
  assert.deepEqual(found("the so-manieth time").length, 1);
  assert.deepEqual(found('help: "Whatever: ANEW"').length, 1);
  assert.deepEqual(found("/**\n * It ends all the\n * same.\n */"), [
    'a.ts:2: "all the same" is in the list of words not to use',
  ]);
  assert.deepEqual(found("  // all\n  // the same"), ['a.ts:1: "all the same" is in the list of words not to use']);
});

Deno.test("wording: parts of words and the lists themselves are no faults", () => {
  const words = ["anew", "all the same"];
  assert.deepEqual(wordFaults("a.ts", "renewed, meanewhat, overall the same", words), []);
  const listed = "# Style\n```words\nanew\nall the same\n```\nplain\n";
  assert.deepEqual(wordFaults("ARCHITECTURE.md", listed, words), []);
  assert.deepEqual(wordFaults("ARCHITECTURE.md", `${listed}anew`, words), [
    'ARCHITECTURE.md:7: "anew" is in the list of words not to use',
  ]);
});

Deno.test("wording: a term that no source uses, and one that is defined twice, are faults", () => {
  const sources = ["const killMode = 1;", "/** One squad of the\n * fleet. */", "class LateSubscriber {}"];
  assert.deepEqual(glossaryFaults(["kill mode", "squad", "late subscriber"], sources), []);
  assert.deepEqual(glossaryFaults(["kill mode", "oracle"], sources), ['glossary: no source uses "oracle"']);
  assert.deepEqual(glossaryFaults(["squad", "squad"], sources), ['glossary: "squad" is defined twice']);
});

Deno.test("wording: a glossary line without a definition is refused", () => {
  const text = read("ARCHITECTURE.md").replace(/^```glossary$/m, "```glossary\noracle");
  assert.throws(() => readLaw(text), /expected "term: definition", not "oracle"/);
});
