/**
 * The table of normative statements, docs/statements.tsv, and the tests that it names. Each row is one numbered
 * statement: version, number, the party that it binds, its tests (`path: name`, separated by ` | `), a note. The name
 * is that of the test without its tags, exactly as in the source, `${…}` included.
 */

/** The party that a statement binds; `none` for statements that concern no part of this program. */
export type Bound = "server" | "client" | "both" | "none";

export interface Statement {
  readonly line: number;
  readonly version: string;
  readonly number: string;
  readonly binds: Bound;
  readonly tests: readonly string[];
  readonly note: string;
}

/** A test in its source. */
export interface SourceTest {
  /** `path: name`, the name without tags. */
  readonly called: string;
  /** Its source, and the source between the previous test and it: its cases and comments. */
  readonly text: string;
}

/** Reads the table; lines that begin with # are its head. */
export function readStatements(table: string): Statement[] {
  return table.split("\n").flatMap((text, index) => {
    if (text === "" || text.startsWith("#")) return [];
    const [version = "", number = "", binds = "", tests = "", note = ""] = text.split("\t");
    const named = tests === "" ? [] : tests.split(" | ");
    return [{ line: index + 1, version, number, binds: binds as Bound, tests: named, note }];
  });
}

/** The tests of one file, as the formatter leaves them. */
export function readTests(path: string, source: string): SourceTest[] {
  const lines = source.split("\n");
  const tests: SourceTest[] = [];
  let from = 0;
  for (const [at, line] of lines.entries()) {
    const start = line.match(/^(\s*)Deno\.test\((["`])(.*?)\2,/);
    if (start === null) continue;
    const end = line.endsWith(");") ? at : lines.indexOf(`${start[1]}});`, at);
    tests.push({ called: `${path}: ${withoutTags(start[3]!)}`, text: lines.slice(from, end + 1).join("\n") });
    from = end + 1;
  }
  return tests;
}

function withoutTags(name: string): string {
  return name.replaceAll(/\s*\[MQTT(5|311) [\d.]+-\d+\]/g, "").trim();
}

const tagNames: Readonly<Record<string, string>> = { "5.0": "MQTT5", "3.1.1": "MQTT311" };
const bounds: readonly string[] = ["server", "client", "both", "none"];

/** One sentence for each row that is wrong or open. */
export function statementFaults(statements: readonly Statement[], tests: readonly SourceTest[]): string[] {
  const byName = new Map(tests.map((test) => [test.called, test]));
  const seen = new Set<string>();
  return statements.flatMap((statement) => {
    const { line, version, number } = statement;
    const row = `docs/statements.tsv:${line}: ${version} ${number}`;
    const key = `${version} ${number}`;
    const twice = seen.has(key) ? [`${row}: stands there twice`] : [];
    seen.add(key);
    return [...twice, ...rowFaults(statement, row), ...testFaults(statement, row, byName)];
  });
}

function rowFaults({ version, number, binds, tests, note }: Statement, row: string): string[] {
  const faults: string[] = [];
  if (tagNames[version] === undefined || !/^\d+(\.\d+)+-\d+$/.test(number)) faults.push(`${row}: no such number`);
  if (!bounds.includes(binds)) faults.push(`${row}: binds "${binds}": expected ${bounds.join(", ")}`);
  const bindsServer = binds === "server" || binds === "both";
  if (bindsServer && tests.length === 0) faults.push(`${row}: binds a server, and no test holds it`);
  if (!bindsServer && note === "") faults.push(`${row}: binds no server, and no note says why`);
  return faults;
}

function testFaults(
  { version, number, tests }: Statement,
  row: string,
  byName: ReadonlyMap<string, SourceTest>,
): string[] {
  const tag = `[${tagNames[version]} ${number}]`;
  return tests.flatMap((called) => {
    const test = byName.get(called);
    if (test === undefined) return [`${row}: there is no test "${called}"`];
    return test.text.includes(tag) ? [] : [`${row}: test "${called}" nowhere says ${tag}`];
  });
}
