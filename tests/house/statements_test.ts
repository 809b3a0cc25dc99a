/** Each statement of both standards that binds a server names a test, and the test names the statement. */
import assert from "node:assert/strict";
import { readStatements, readTests, type SourceTest, statementFaults } from "./statements.ts";
import { eachCase } from "../support/steps.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const statements = readStatements(read("docs/statements.tsv"));

function testsUnder(folder: string): SourceTest[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return testsUnder(path);
    return name.endsWith("_test.ts") ? readTests(path, read(path)) : [];
  });
}

Deno.test("statements: none is open, and each named test exists and has the number", () => {
  const faults = statementFaults(statements, testsUnder("tests"));
  assert.equal(faults.length, 0, `\n${faults.join("\n")}`);
});

Deno.test("statements: the table has all numbers of both standards", () => {
  const count = (version: string) => statements.filter((each) => each.version === version).length;
  assert.deepEqual([count("5.0"), count("3.1.1")], [251, 141]);
});

Deno.test("statements: the table contains no sentence of the standards", () => {
  for (const { number, note } of statements) {
    assert.ok(!/\bMUST\b/.test(note) && note.length <= 160, `${number}: ${note}`);
  }
});

Deno.test("statements: the rules detect each fault of the table", async (t) => {
  const source = [
    "const cases = [1]; // [MQTT5 9.9.9-2]",
    'Deno.test("a: holds [MQTT5 9.9.9-1]", () => {',
    "  // [MQTT5 9.9.9-3]",
    "});",
    "for (const each of cases) {",
    "  Deno.test(`b: ${each}`, () => true);",
    "}",
    "// [MQTT311 9.9.9-1]",
    'Deno.test("c: plain", () => {',
    "});",
  ].join("\n");
  const tests = readTests("t.ts", source);
  assert.deepEqual(tests.map(({ called }) => called), ["t.ts: a: holds", "t.ts: b: ${each}", "t.ts: c: plain"]);
  const faultsOf = (...row: string[]) => statementFaults(readStatements(row.join("\t")), tests).length;
  await eachCase(t, ["9.9.9-1", "9.9.9-2", "9.9.9-3"], (number) => {
    assert.equal(faultsOf("5.0", number, "server", "t.ts: a: holds"), 0);
  });
  assert.equal(faultsOf("3.1.1", "9.9.9-1", "both", "t.ts: c: plain", "a note"), 0);
  assert.equal(faultsOf("5.0", "9.9.9-1", "client", "", "a client's"), 0);
  assert.equal(faultsOf("5.0", "9.9.9-1", "server", "t.ts: c: plain"), 1); // the tag is absent
  assert.equal(faultsOf("5.0", "9.9.9-1", "server", "t.ts: d"), 1);
  assert.equal(faultsOf("5.0", "9.9.9-1", "server", ""), 1);
  assert.equal(faultsOf("5.0", "9.9.9-1", "client", ""), 1);
  assert.equal(faultsOf("5.0", "9.9.9-1", "anyone", "t.ts: a: holds", "a note"), 1);
  assert.equal(faultsOf("5.1", "x", "client", "", "a note"), 1);
  const twice = readStatements("5.0\t9.9.9-1\tclient\t\tone\n5.0\t9.9.9-1\tclient\t\ttwo");
  assert.equal(statementFaults(twice, tests).length, 1);
});
