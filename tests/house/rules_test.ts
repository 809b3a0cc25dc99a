/** The house rules can fail: each test tries one on a bad sample and on a good one. */
import assert from "node:assert/strict";
import { eachCase } from "../support/steps.ts";
import { readLaw } from "./law.ts";
import * as rules from "./rules.ts";
import { readFacts } from "./source_facts.ts";

const law = readLaw(`
\`\`\`layers
cli.ts  mod.ts
src/cli
src/fleet  src/broker
src/mqtt
src/base
\`\`\`
\`\`\`layers src/fleet
run_fleet.ts
squad  watch
client  oracle
plan
\`\`\`
\`\`\`wide
src/profiles
\`\`\`
\`\`\`only
clock   src/base/clock.ts   and why
chance  src/base/random.ts
ffi     src/net/epoll/libc.ts
locale  src/base/units.ts
escape  src/base/escape.ts
\`\`\`
\`\`\`packages
mqtt-packet  src/mqtt/codec/codec.ts
@scope/name  src/cli
pure-rand    src/base/random.ts
mqtt         tests
\`\`\`
\`\`\`top
deno.json  src
\`\`\`
\`\`\`words
sloth
\`\`\`
\`\`\`glossary
oracle: the judge
\`\`\`
`);

const downward = `
import { a } from "./tick.ts";
import type { B } from "../mqtt/packet.ts";
export * from "../base/clock.ts";
export { c } from "../base/units.ts";
import { readFileSync } from "node:fs";
const worker = new Worker(new URL("./broker_worker.ts", import.meta.url), { type: "module" });
const late = await import("../mqtt/codec.ts");
type D = import("../base/random.ts").Random;
`;

Deno.test("rules: imports that point down or stay in their layer are no fault", () => {
  const facts = readFacts("src/broker/handle/connect.ts", downward.replaceAll('"../', '"../../'));
  assert.equal(facts.imports.length, 8);
  assert.deepEqual(rules.importFaults(facts, law), []);
  assert.deepEqual(rules.importFaults(readFacts("cli.ts", `import { main } from "./src/cli/main.ts";`), law), []);
});

const forbiddenImports = [
  ["src/base/units.ts", `import { a } from "../mqtt/topic.ts";`, "src/mqtt stands above src/base"],
  ["src/base/units.ts", `import type { A } from "../mqtt/topic.ts";`, "src/mqtt stands above src/base"],
  ["src/base/units.ts", `export * from "../mqtt/topic.ts";`, "src/mqtt stands above src/base"],
  ["src/base/units.ts", `export { a } from "../mqtt/topic.ts";`, "src/mqtt stands above src/base"],
  ["src/base/units.ts", `import "../mqtt/topic.ts";`, "src/mqtt stands above src/base"],
  ["src/base/units.ts", `const a = await import("../mqtt/topic.ts");`, "src/mqtt stands above src/base"],
  ["src/base/units.ts", `type A = import("../mqtt/topic.ts").A;`, "src/mqtt stands above src/base"],
  ["src/base/units.ts", `new Worker(new URL("../mqtt/topic.ts", import.meta.url));`, "src/mqtt stands above src/base"],
  [
    "src/fleet/oracle/oracle.ts",
    `import { a } from "../../broker/wills.ts";`,
    "src/fleet and src/broker never import one another",
  ],
  [
    "src/broker/wills.ts",
    `import type { A } from "../fleet/plan.ts";`,
    "src/broker and src/fleet never import one another",
  ],
  ["cli.ts", `import { a } from "./mod.ts";`, "cli.ts and mod.ts never import one another"],
  ["src/base/units.ts", `import { a } from "../../tests/support/a.ts";`, "stands in no layer of ARCHITECTURE.md"],
  ["src/mqtt/topic.ts", `import { a } from "mqtt-packet";`, "only for src/mqtt/codec/codec.ts"],
  ["src/base/clock.ts", `import { a } from "pure-rand/generator/mersenne";`, "only for src/base/random.ts"],
  ["src/fleet/squad/squad.ts", `import { a } from "mqtt";`, "only for tests"],
  ["src/fleet/squad/squad.ts", `import { a } from "@scope/name/deep";`, "only for src/cli"],
  [
    "src/fleet/squad/squad.ts",
    `import { a } from "npm:left-pad@1.3.0";`,
    "is no package of ARCHITECTURE.md and the import map",
  ],
  [
    "src/fleet/squad/squad.ts",
    `import { a } from "jsr:@std/assert";`,
    "is no package of ARCHITECTURE.md and the import map",
  ],
  [
    "src/fleet/squad/squad.ts",
    "const a = await import(`../../mqtt/${name}.ts`);",
    "is no package of ARCHITECTURE.md and the import map",
  ],
] as const;

for (const [path, text, fault] of forbiddenImports) {
  Deno.test(`${path} may not say ${text}`, () => {
    const found = rules.importFaults(readFacts(path, text), law);
    assert.equal(found.length, 1);
    assert.ok(found[0]!.startsWith(`${path}:1: imports `) && found[0]!.endsWith(`: ${fault}`), found.join());
  });
}

const innerImports = [
  ["src/fleet/plan/plan.ts", "../squad/squad.ts", "src/fleet/squad stands above src/fleet/plan"],
  ["src/fleet/watch/watcher.ts", "../squad/squad.ts", "src/fleet/watch and src/fleet/squad never import one another"],
  ["src/fleet/plan/plan.ts", "../run_fleet.ts", "src/fleet/run_fleet.ts stands above src/fleet/plan"],
  ["src/fleet/squad/squad.ts", "../misc/a.ts", "stands in no layer of src/fleet in ARCHITECTURE.md"],
] as const;

for (const [path, target, fault] of innerImports) {
  Deno.test(`inner layers: ${path} may not import ${target}`, () => {
    const found = rules.importFaults(readFacts(path, `import type { A } from "${target}";`), law);
    assert.deepEqual(found, [`${path}:1: imports ${target}: ${fault}`]);
  });
}

Deno.test("inner layers: imports that point down, stay in a folder or leave it are no fault", () => {
  const text = ["../plan/plan.ts", "./ramp.ts", "../../mqtt/topic.ts"].map((to) => `import { a } from "${to}";`);
  assert.deepEqual(rules.importFaults(readFacts("src/fleet/squad/squad.ts", text.join("\n")), law), []);
  assert.deepEqual(rules.importFaults(readFacts("src/fleet/misc/a.ts", ""), law), [
    "src/fleet/misc/a.ts: stands in no layer of src/fleet in ARCHITECTURE.md",
  ]);
});

Deno.test("rules: detect an import cycle, type imports included", () => {
  const file = (path: string, ...to: string[]) =>
    readFacts(path, to.map((one) => `import type { A } from "${one}";`).join(""));
  const free = [file("src/a.ts", "./b.ts", "./c.ts"), file("src/b.ts", "./c.ts"), file("src/c.ts", "npm:zod")];
  assert.deepEqual(rules.cycleFaults(free), []);
  const bound = [
    file("src/a.ts", "./b.ts"),
    file("src/b.ts", "./sub/c.ts"),
    file("src/sub/c.ts", "../a.ts"),
    file("src/d.ts", "./a.ts"),
  ];
  assert.deepEqual(rules.cycleFaults(bound), [
    "src/a.ts, src/b.ts, src/sub/c.ts: these files import each other in a circle",
  ]);
  assert.equal(rules.cycleFaults([file("src/a.ts", "./a.ts")]).length, 1);
});

Deno.test("rules: detect a folder of more than 20 files, unless it contains data", () => {
  const files = (folder: string, count: number) => Array.from({ length: count }, (_, at) => `${folder}/f${at}.ts`);
  assert.deepEqual(rules.widthFaults([...files("src/base", 20), ...files("src/profiles", 21)], law), []);
  assert.deepEqual(rules.widthFaults(files("src/base", 21), law), ["src/base: 21 files, at most 20"]);
});

Deno.test("rules: detect a file outside each layer", () => {
  assert.deepEqual(rules.importFaults(readFacts("src/misc/a.ts", ""), law), [
    "src/misc/a.ts: stands in no layer of ARCHITECTURE.md",
  ]);
});

const clockReads = [
  "Date.now();",
  "const at = new Date();",
  "const at = Date();",
  "const take = Date;",
  "performance.now();",
  "const { now } = performance;",
  "globalThis.performance.now();",
  "process.hrtime();",
  "Temporal.Now.instant();",
  `import { performance } from "node:perf_hooks";`,
];

Deno.test("rules: detect each way to read the clock outside the clock", async (t) => {
  await eachCase(t, clockReads, (text) => {
    const faults = rules.privilegeFaults(readFacts("src/fleet/client/kill.ts", text), law);
    assert.ok(faults.length >= 1, text);
    assert.ok(faults[0]!.endsWith("only src/base/clock.ts may"), faults.join());
    assert.deepEqual(rules.privilegeFaults(readFacts("src/base/clock.ts", text), law), []);
  });
});

const chanceDraws = [
  "Math.random();",
  "crypto.getRandomValues(new Uint8Array(1));",
  "crypto.randomUUID();",
  `import { randomBytes } from "node:crypto";`,
  `import * as all from "node:crypto"; all.randomInt(3);`,
];

Deno.test("rules: detect each way to draw random numbers outside random", async (t) => {
  await eachCase(t, chanceDraws, (text) => {
    const faults = rules.privilegeFaults(readFacts("src/fleet/client/kill.ts", text), law);
    assert.equal(faults.length, 1, text);
    assert.ok(faults[0]!.endsWith("only src/base/random.ts may"), faults.join());
    assert.deepEqual(rules.privilegeFaults(readFacts("src/base/random.ts", text), law), []);
  });
});

const escapes = [
  'const entities = { "<": "&lt;" };',
  'text.replaceAll(/[<]/g, "&#39;");',
  "text.replaceAll(/\\p{Cc}/gu, shown);",
  "const separators = /[\\p{Zl}]/u;",
  "text.replaceAll('\"', '\"\"');",
  "word.replaceAll(\"'\", \"'\\\\''\");",
  "text.replaceAll(/[\\x00-\\x1f]/g, shown);",
  'text.replace("\\u2028", "");',
];

Deno.test("rules: detect each escape of text outside the one file", async (t) => {
  await eachCase(t, escapes, (text) => {
    const faults = rules.privilegeFaults(readFacts("src/report/html/html.ts", text), law);
    assert.equal(faults.length, 1, text);
    assert.ok(faults[0]!.endsWith("only src/base/escape.ts may"), faults.join());
    assert.deepEqual(rules.privilegeFaults(readFacts("src/base/escape.ts", text), law), []);
  });
});

const foreignCalls = [
  'Deno.dlopen("libc.so.6", {});',
  "const { dlopen } = Deno;",
  "new Deno.UnsafePointerView(where).getInt32();",
  "Deno.UnsafePointer.of(bytes);",
  "new Deno.UnsafeFnPointer(where, definition);",
  "const { UnsafePointer: Pointer } = Deno;",
];

Deno.test("rules: detect a number formatted by locale outside units", async (t) => {
  await eachCase(t, ['count.toLocaleString("en-US");', "(-leftMs / 1_000).toLocaleString();"], (text) => {
    const faults = rules.privilegeFaults(readFacts("src/fleet/client/kill.ts", text), law);
    assert.deepEqual(faults, ["src/fleet/client/kill.ts:1: toLocaleString: only src/base/units.ts may"]);
    assert.deepEqual(rules.privilegeFaults(readFacts("src/base/units.ts", text), law), []);
  });
});

Deno.test("rules: detect each foreign call outside the one file", async (t) => {
  await eachCase(t, foreignCalls, (text) => {
    const faults = rules.privilegeFaults(readFacts("src/fleet/client/kill.ts", text), law);
    assert.ok(faults.length >= 1, text);
    assert.ok(faults[0]!.endsWith("only src/net/epoll/libc.ts may"), faults.join());
    assert.deepEqual(rules.privilegeFaults(readFacts("src/net/epoll/libc.ts", text), law), []);
  });
});

Deno.test("rules: dates as types and in arithmetic are no fault, nor are words in comments and strings", () => {
  const text = `
    // Date.now() and Math.random() would be wrong here
    interface Run { readonly startedAt: Date; readonly performance: number }
    const text = (at: Date): string => at.toISOString() + "new Date()";
    const at = new Date(0), of = Date.parse("2026-01-01"), is = (x: unknown) => x instanceof Date;
    const share = (run: Run) => run.performance + Math.round(1.5) + Math.max(1, 2);
    const named = { performance: 1 };`;
  assert.deepEqual(rules.privilegeFaults(readFacts("src/fleet/client/kill.ts", text), law), []);
});

Deno.test("rules: a file of 400 lines is no fault, one of 401 is", () => {
  const ofLines = (lines: number) => rules.sizeFaults(readFacts("src/base/a.ts", "let a;\n".repeat(lines)));
  assert.deepEqual(ofLines(400), []);
  assert.deepEqual(ofLines(401), ["src/base/a.ts: 401 lines, at most 400"]);
});

const functionForms = [
  ["long", "function long() {", "}"],
  ["long", "class A { long() {", "} }"],
  ["long", "class A { #long() {", "} }"],
  ["long", "const long = () => {", "};"],
  ["long", "const all = { long: function () {", "} };"],
  ["a function", "call(async () => {", "});"],
] as const;

Deno.test("rules: a function of 60 lines is no fault, one of 61 is, in any form", () => {
  for (const [name, head, foot] of functionForms) {
    const ofLines = (lines: number) => {
      const body = `const brace = "}"; // {\n`.repeat(lines - 2);
      return rules.sizeFaults(readFacts("src/base/a.ts", `${head}\n${body}${foot}\n`));
    };
    assert.deepEqual(ofLines(60), [], head);
    assert.deepEqual(ofLines(61), [`src/base/a.ts:1: ${name}: 61 lines, at most 60`]);
  }
});

Deno.test("rules: detect default exports", () => {
  const faults = (text: string) => rules.defaultExportFaults(readFacts("mod.ts", text));
  assert.deepEqual(faults("export const a = 1;"), []);
  for (const text of ["export default 1;", "export default function f() {}", "const a = 1; export { a as default };"]) {
    assert.deepEqual(faults(text), ["mod.ts:1: a default export"], text);
  }
});

Deno.test("rules: detect assertions that compare loosely", () => {
  const faults = (text: string) => rules.assertionFaults(readFacts("tests/a_test.ts", text));
  assert.deepEqual(faults('import assert from "node:assert/strict";'), []);
  for (const text of ['import { equal } from "node:assert/strict";', 'import assert from "node:assert";']) {
    assert.equal(faults(text).length, 1, text);
  }
});

Deno.test("rules: detect file names that are not snake_case or say nothing", async (t) => {
  await eachCase(t, ["src/base/clock.ts", "tests/base/topic_tree_test.ts", "mod.ts", "fixtures/ca.pem"], (path) => {
    assert.deepEqual(rules.nameFaults(path), []);
  });
  const bad = [
    "src/Base.ts",
    "src/topic-tree.ts",
    "src/topicTree.ts",
    "src/index.ts",
    "src/utils/a.ts",
    "src/session_manager.ts",
  ];
  for (const path of bad) assert.equal(rules.nameFaults(path).length, 1, path);
});

Deno.test("rules: the import map has exactly the packages of ARCHITECTURE.md, from npm", async (t) => {
  const good = {
    "mqtt-packet": "npm:mqtt-packet@9.0.2",
    "@scope/name": "npm:@scope/name@1.0.0",
    "pure-rand/": "npm:/pure-rand@8.4.2/",
    "mqtt": "npm:mqtt@5.16.0",
  };
  assert.deepEqual(rules.importMapFaults(good, law), []);
  await eachCase(t, [{ mqtt: "npm:mqtt@^5" }, { mqtt: "jsr:@x/mqtt@1.0.0" }, { other: "npm:other@1.0.0" }], (bad) => {
    assert.equal(rules.importMapFaults({ ...good, ...bad }, law).length, 1);
  });
  const { mqtt: _, ...less } = good;
  assert.deepEqual(rules.importMapFaults(less, law), ["mqtt: not in the import map"]);
});

Deno.test("rules: detect an entry of the top folder that ARCHITECTURE.md does not list", () => {
  assert.deepEqual(rules.topFaults(["src", ".git", "dist", "deno.json"], ["dist"], law), []);
  assert.deepEqual(rules.topFaults(["src", "notes.txt"], ["dist"], law), [
    "notes.txt: ARCHITECTURE.md has no place for it at the top",
  ]);
});

Deno.test("rules: refuse an ARCHITECTURE.md with a missing block", () => {
  assert.throws(() => readLaw("# Architecture\n"), /code block named packages/);
});
