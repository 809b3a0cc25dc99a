import assert from "node:assert/strict";
import { type Equivalent, lineOf, sortSurvivors, type Tried } from "../../tools/equivalents.ts";
import { type Mutant, mutantsOf, mutate, withSwitches } from "../../tools/mutants.ts";
import { keyOf } from "../../tools/outcome_store.ts";

/** An expression, and what its mutants are. */
const table: readonly [source: string, mutants: readonly string[]][] = [
  ["a < b", ["a <= b", "a >= b"]],
  ["a <= b", ["a < b", "a > b"]],
  ["a > b", ["a >= b", "a <= b"]],
  ["a >= b", ["a > b", "a < b"]],
  ["a === b", ["a !== b"]],
  ["a !== b", ["a === b"]],
  ["a + b", ["a - b"]],
  ["a % b", ["a * b"]],
  ["a * 1_500", ["a / 1_500", "a * 1501", "a * 1499"]],
  ["a && b", ["a", "b", "a || b"]],
  ["a && b && c", ["(a && b)", "a && c", "b && c", "a || b && c", "a && b || c"]],
  ["a || b", ["a", "b", "a && b"]],
  ["(a ?? b) + c", ["(a) + c", "(b) + c", "(a ?? b) - c"]],
  ["!a", ["a"]],
  ["!(a || b)", ["(a || b)", "!(a)", "!(b)", "!(a && b)"]],
  ["-a", ["a"]],
  ["a ? b : c", ["true ? b : c", "false ? b : c"]],
  ["true", ["false"]],
  ["0", ["1"]],
  ["0x10", ["17", "15"]],
  ['"late"', ['""']],
  ['"a sentence for people"', []],
  ['"a" + b', ['"" + b']],
  ["`${a}`", []],
  ["a?.b", ["a.b"]],
  ["a?.[b]", ["a[b]"]],
  ["a?.(b)", ["a(b)"]],
  ["a.some(b)", ["a.every(b)"]],
  ["Math.min(a, b)", ["Math.max(a, b)"]],
  ["a.filter(b)", ["a"]],
  ["[a]", ["[]"]],
  ["[]", []],
  ["{ a: b }", []],
  ['b as "late"', []],
  ['b satisfies { readonly c: "late" }', []],
];

for (const [source, expected] of table) {
  Deno.test(`mutants: of ${source}`, () => {
    assert.deepEqual(textsOf(`const x = ${source};\n`), expected.map((each) => `const x = ${each};\n`).toSorted());
  });
}

const statements: readonly [source: string, mutants: readonly string[]][] = [
  ["call();", [";"]],
  ["a += b;", [";", "a -= b;"]],
  ["a++;", [";", "a--;"]],
  ["++a;", [";", "--a;"]],
  ["if (a) b();", ["if (true) b();", "if (false) b();", "if (a) ;"]],
  ["while (a) break;", ["while (false) break;", "while (a) ;"]],
  ["for (; a;) continue;", ["for (; false;) continue;", "for (; a;) ;"]],
  ["function f() { return; }", ["function f() { ; }"]],
  ['import { a } from "b";', []],
  ['type A = "b" | 1;', []],
];

for (const [source, expected] of statements) {
  Deno.test(`mutants: of ${source}`, () => assert.deepEqual(textsOf(source), expected.toSorted()));
}

/** Functions of `a` and `b`, with what tells their mutants apart. */
const functions = [
  "return a < b ? a + 1 : b;",
  "return a?.[0]?.toString(2).padStart(b, '0') ?? b;",
  "let sum = 0; for (let i = 0; i < b; i++) { if (i % 2 === 0) continue; sum += i; } return sum;",
  "if (a > 1) b++; else b--; return [a, b].filter((n) => n > 0).some((n) => n !== 1 && n !== 2 || n === 4);",
  "const all = []; while (all.length < b) { all.push(a); if (all.length > 3) break; } return all.join('late');",
];

for (const body of functions) {
  Deno.test(`mutants: a mutant behind a switch behaves as it does alone: ${body}`, () => {
    const text = `function f(a, b) { ${body} }`;
    const mutants = mutantsOf("a.ts", text);
    assert.ok(mutants.length > 3);
    assert.ok(mutants.every(({ place }) => place !== undefined));
    const all = withSwitches(text, mutants);
    for (const [number, mutant] of [undefined, ...mutants].entries()) {
      const alone = mutant === undefined ? text : mutate(text, mutant);
      for (const given of [[1, 2], [3, 0], [5, 6], ["7", 3], [undefined, 9]]) {
        assert.deepEqual(resultOf(all, given, number - 1), resultOf(alone, given), alone);
      }
    }
  });
}

/** What a function answers, or that it throws; endless ones end after a few thousand steps. */
function resultOf(text: string, given: readonly unknown[], mutant?: number): unknown {
  const bounded = text.replaceAll("{", "{ if (--left < 0) throw new Error('endless');");
  try {
    return new Function("left", "globalThis", "given", `${bounded} return f(...given);`)(4_000, { mutant }, given);
  } catch {
    return "throws";
  }
}

Deno.test("mutants: code that runs when the file is loaded has no switch", () => {
  const text = "const a = 1;\nconst f = () => 2;\nclass A { b = 3; }\n";
  const mutants = mutantsOf("a.ts", text);
  assert.deepEqual(mutants.filter(({ place }) => place !== undefined).map(({ was }) => was), ["2", "2"]);
  assert.ok(withSwitches(text, mutants).startsWith("const a = 1;\nconst f = () => (globalThis.mutant === "));
});

Deno.test("mutants: each has its line and its enclosing functions", () => {
  const text = "class A {\n  #b(c: number) {\n    const d = c + c;\n    return d;\n  }\n}\n";
  const [mutant] = mutantsOf("a.ts", text);
  assert.deepEqual({ line: mutant!.line, was: mutant!.was, becomes: mutant!.becomes, within: mutant!.within }, {
    line: 3,
    was: "+",
    becomes: "-",
    within: ["A", "b", "d"],
  });
  assert.equal(lineOf(mutant!, text), "const d = c + c;");
});

Deno.test("mutants: a file that does not parse is an error", () => {
  assert.throws(() => mutantsOf("a.ts", "const = ;"));
});

const text = "f(1, 1);\ng(2);\n";
const mutants = mutantsOf("a.ts", text);
const one = (becomes: string, nth = 1): Equivalent => ({
  file: "a.ts",
  line: "f(1, 1);",
  was: "1",
  becomes,
  ...nth > 1 && { nth },
  reason: "f takes no notice",
});

function tried(survivors: (mutant: Mutant) => boolean): Tried[] {
  return mutants.map((mutant) => ({ mutant, outcome: survivors(mutant) ? "survived" : "killed" }));
}

Deno.test("equivalents: an entry explains the nth equal survivor that it names", () => {
  const { explained, unexplained, stale } = sortSurvivors("a.ts", text, tried(({ was }) => was === "1"), [
    one("2", 2),
    { ...one("2"), file: "other.ts" },
  ]);
  assert.deepEqual([...explained.keys()].map((mutant) => mutate(text, mutant)), ["f(1, 2);\ng(2);\n"]);
  assert.deepEqual(unexplained.map((mutant) => mutate(text, mutant).split("\n")[0]), [
    "f(2, 1);",
    "f(0, 1);",
    "f(1, 0);",
  ]);
  assert.deepEqual(stale, []);
});

Deno.test("equivalents: an entry for no mutant, or for one that a test kills, is stale", () => {
  const gone = { ...one("2"), line: "f(1);" };
  const killed = one("0");
  const { stale, explained } = sortSurvivors("a.ts", text, tried(() => false), [gone, killed, one("2", 3)]);
  assert.equal(explained.size, 0);
  assert.deepEqual(stale.map(({ why }) => why), [
    "the file has no such mutant",
    "a test kills it",
    "the file has no such mutant",
  ]);
});

Deno.test("outcomes: a mutant runs again when its file or one of its tests changes", () => {
  const [first, second] = mutants as [Mutant, Mutant];
  const key = keyOf(text, first, ["test"]);
  assert.equal(keyOf(text, first, ["test"]), key);
  for (const other of [keyOf(text, second, ["test"]), keyOf(`${text} `, first, ["test"]), keyOf(text, first, ["t"])]) {
    assert.notEqual(other, key);
  }
});

/** The texts of all mutants, in order of the alphabet. */
function textsOf(source: string): string[] {
  return mutantsOf("a.ts", source).map((mutant) => mutate(source, mutant)).toSorted();
}
