/**
 * The facts about a source file that the house rules need, from its syntax tree. The tree comes from Deno's linter,
 * which passes it to plugins; it exists only under `deno test`.
 */

/** A finding with its line. */
export interface Sighting {
  readonly what: string;
  readonly line: number;
}

export interface FunctionSize extends Sighting {
  readonly lines: number;
}

export interface SourceFacts {
  /** From the top of the repository, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  /** Each specifier: static, type, dynamic, re-exported, and the file of a worker. */
  readonly imports: readonly Sighting[];
  readonly functions: readonly FunctionSize[];
  readonly defaultExports: readonly Sighting[];
  /** Imports by name from node:assert: in Deno they compare loosely, also those of node:assert/strict. */
  readonly looseAsserts: readonly Sighting[];
  readonly clockReads: readonly Sighting[];
  readonly chanceDraws: readonly Sighting[];
  readonly foreignCalls: readonly Sighting[];
  readonly localeCalls: readonly Sighting[];
  readonly escapes: readonly Sighting[];
}

const draws = new Set([
  "getRandomValues",
  "randomBytes",
  "randomFill",
  "randomFillSync",
  "randomInt",
  "randomUUID",
]);
const foreign = new Set(["dlopen", "UnsafePointer", "UnsafePointerView", "UnsafeFnPointer", "UnsafeCallback"]);
/** Members of Date whose result depends only on their arguments. */
const pureDateMembers = new Set(["UTC", "parse", "prototype"]);

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** What names an anonymous function: a method's key, a variable's id. */
interface Named {
  readonly key?: { readonly name?: string };
  readonly id?: { readonly name?: string };
}

/** Reads the facts of a file's text. A text that does not parse throws. */
export function readFacts(path: string, text: string): SourceFacts {
  const reader = new FactReader(path, text);
  const plugin: Deno.lint.Plugin = {
    name: "house",
    rules: { facts: { create: (context) => reader.visitor(context) } },
  };
  const diagnostics = Deno.lint.runPlugin(plugin, path, text);
  if (diagnostics.length > 0) throw new Error(`${path}: ${diagnostics[0]!.message}`);
  return reader.facts;
}

/**
 * Constructs that only an escape of text needs: entities, classes of control characters, doubled quotes, replaced
 * character codes.
 */
const escapeSigns = [
  /&(?:amp|lt|gt|quot|#39|#64);/,
  /\\p\{(?:C[cf]?|Z[lp])\}/,
  /'""'/,
  /'\\{1,2}''/,
  /\.replace(?:All)?\(.*\\(?:x[0189]|u00[0189]|u20[26])/i,
];

function escapesIn(text: string): Sighting[] {
  return text.split("\n").flatMap((line, at) => {
    const sign = escapeSigns.map((each) => each.exec(line)).find((match) => match !== null);
    return sign === undefined || /^\s*(?:\*|\/\/|\/\*)/.test(line) ? [] : [{ what: sign![0], line: at + 1 }];
  });
}

class FactReader {
  readonly facts;
  readonly #text: string;

  constructor(path: string, text: string) {
    this.#text = text;
    this.facts = {
      path,
      lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
      imports: [] as Sighting[],
      functions: [] as FunctionSize[],
      defaultExports: [] as Sighting[],
      looseAsserts: [] as Sighting[],
      clockReads: [] as Sighting[],
      chanceDraws: [] as Sighting[],
      foreignCalls: [] as Sighting[],
      localeCalls: [] as Sighting[],
      escapes: escapesIn(text),
    };
  }

  visitor(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
    const source = (node: Deno.lint.Node) => context.sourceCode.getText(node);
    const sized = (node: FunctionNode) => this.#measure(node);
    return {
      ImportDeclaration: (node) => {
        this.#import(node, node.source.value);
        const named = node.specifiers.some((each) => each.type !== "ImportDefaultSpecifier");
        const loose = node.source.value === "node:assert" || (node.source.value === "node:assert/strict" && named);
        if (loose) this.#note("looseAsserts", node, node.source.value);
      },
      ExportAllDeclaration: (node) => this.#import(node, node.source.value),
      ExportNamedDeclaration: (node) => node.source && this.#import(node, node.source.value),
      ImportExpression: (node) => this.#import(node, quoted(source(node.source))),
      TSImportType: (node) => this.#import(node, quoted(source(node))),
      ImportSpecifier: (node) => this.#drawing(node, source(node.imported)),
      ExportDefaultDeclaration: (node) => this.#note("defaultExports", node, "export default"),
      ExportSpecifier: (node) =>
        source(node.exported) === "default" && this.#note("defaultExports", node, source(node)),
      FunctionDeclaration: sized,
      FunctionExpression: sized,
      ArrowFunctionExpression: sized,
      Identifier: (node) => this.#name(node),
      MemberExpression: (node) => this.#member(node, source(node.object), source(node.property)),
      NewExpression: (node) => this.#construction(node, source(node.callee), node.arguments.map(source)),
    };
  }

  #import(node: Deno.lint.Node, specifier: string | undefined): void {
    const what = specifier ?? "(a specifier that is not a plain string)";
    this.#note("imports", node, what);
    if (what === "node:perf_hooks") this.#note("clockReads", node, what);
  }

  /** `Date` and `performance` as values, without the uses that the two visits below judge. */
  #name(node: Deno.lint.Identifier): void {
    if (foreign.has(node.name)) this.#note("foreignCalls", node, node.name);
    if (node.name === "performance" && isValue(node)) this.#note("clockReads", node, node.name);
    if (node.name === "Date" && isValue(node) && !["NewExpression", "MemberExpression"].includes(node.parent.type)) {
      const compared = node.parent.type === "BinaryExpression" && node.parent.operator === "instanceof";
      if (!compared) this.#note("clockReads", node, node.name);
    }
  }

  #member(node: Deno.lint.Node, object: string, property: string): void {
    const what = `${object}.${property}`;
    if (object === "Date" && !pureDateMembers.has(property)) this.#note("clockReads", node, what);
    if (object === "globalThis" && ["Date", "performance"].includes(property)) this.#note("clockReads", node, what);
    if (property === "toLocaleString") this.#note("localeCalls", node, property);
    if (property === "hrtime" || what === "Temporal.Now") this.#note("clockReads", node, what);
    if (what === "Math.random") this.#note("chanceDraws", node, what);
    this.#drawing(node, property);
  }

  #drawing(node: Deno.lint.Node, name: string): void {
    if (draws.has(name)) this.#note("chanceDraws", node, name);
  }

  #construction(node: Deno.lint.Node, callee: string, given: readonly string[]): void {
    if (callee === "Date" && given.length === 0) this.#note("clockReads", node, "new Date()");
    if (callee === "URL" && given[1] === "import.meta.url") this.#import(node, quoted(given[0]!));
  }

  #measure(node: FunctionNode): void {
    const line = this.#lineAt(node.range[0]);
    const lines = this.#lineAt(node.range[1]) - line + 1;
    const owner = node.parent as Named;
    const what = node.id?.name ?? owner.key?.name ?? owner.id?.name ?? "a function";
    this.facts.functions.push({ what, line, lines });
  }

  #note(
    list: "imports" | "defaultExports" | "looseAsserts" | "clockReads" | "chanceDraws" | "foreignCalls" | "localeCalls",
    node: Deno.lint.Node,
    what: string,
  ): void {
    this.facts[list].push({ what, line: this.#lineAt(node.range[0]) });
  }

  #lineAt(offset: number): number {
    return this.#text.slice(0, offset).split("\n").length;
  }
}

/** The first string literal in a piece of source; undefined when there is none, or when it is built at run time. */
function quoted(source: string): string | undefined {
  return source.match(/^(?:import\()?\s*(["'`])([^"'`$]*)\1/)?.[2];
}

/** True where a name stands for a value: not a type, a property's name or a key. */
function isValue(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as Deno.lint.Node & { readonly property?: unknown; readonly key?: unknown };
  if (parent.type.startsWith("TS") && !["TSAsExpression", "TSNonNullExpression"].includes(parent.type)) return false;
  const inner = parent.property ?? parent.key;
  return inner === undefined || (inner as Deno.lint.Node).range[0] !== node.range[0];
}
