/**
 * The mutants of a source file: one small change each, by operator. Works on the syntax tree that Deno's linter gives
 * to plugins, which exists under `deno test` only; a package with a parser is not necessary.
 */

/** One change of one file. */
export interface Mutant {
  /** Offsets in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly was: string;
  readonly becomes: string;
  /** Names of the functions, methods and constants around it, outermost first. */
  readonly within: readonly string[];
  /** The expression or statement that a switch can replace; undefined where it acts as the file is loaded. */
  readonly place?: Place;
}

/** An expression or a statement around a mutant. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly kind: "expression" | "statement";
}

type Node = Deno.lint.Node;
/** Every kind of literal that the tree has under one name. */
type Literal = Extract<Node, { readonly type: "Literal" }>;
type Change = readonly [start: number, end: number, becomes: string];

const otherOperators: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "==": ["!="],
  "!=": ["=="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "&": ["|"],
  "|": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&&": ["||"],
  "||": ["&&"],
  "+=": ["-="],
  "-=": ["+="],
  "++": ["--"],
  "--": ["++"],
};

const otherMethods: Readonly<Record<string, string>> = {
  some: "every",
  every: "some",
  min: "max",
  max: "min",
  find: "findLast",
  findLast: "find",
  floor: "ceil",
  ceil: "floor",
  startsWith: "endsWith",
  endsWith: "startsWith",
};

/** Methods whose receiver can replace their result. */
const dispensable = new Set(["filter", "slice", "toSorted", "toReversed", "flat", "trim", "toLowerCase"]);

/** A word of a union or a name; other strings are text for people, and are not mutated. */
const word = /^[A-Za-z0-9][\w.+/-]*$/;

/** The mutants of a file's text, in the order of their places. A text that does not parse throws. */
export function mutantsOf(path: string, text: string): Mutant[] {
  const mutants: Mutant[] = [];
  const visit = (node: Node) => {
    for (const [start, end, becomes] of changesOf(node, text)) {
      const line = text.slice(0, start).split("\n").length;
      const place = placeOf(node);
      const was = text.slice(start, end);
      mutants.push({ start, end, line, was, becomes, within: namesAround(node), ...place && { place } });
    }
  };
  const plugin: Deno.lint.Plugin = { name: "mutants", rules: { mutants: { create: () => ({ "*": visit }) } } };
  const complaints = Deno.lint.runPlugin(plugin, path, text);
  if (complaints.length > 0) throw new Error(`${path}: ${complaints[0]!.message}`);
  return mutants.sort((one, other) => one.start - other.start || one.end - other.end);
}

/** The text with one change made. */
export function mutate(text: string, { start, end, becomes }: Mutant): string {
  return text.slice(0, start) + becomes + text.slice(end);
}

/**
 * The text with all the mutants in it, each behind its number in `globalThis.mutant`, so that one process can try them
 * all. A mutant that acts as the file is loaded has no place, and the text omits it.
 */
export function withSwitches(text: string, mutants: readonly Mutant[]): string {
  const places = new Map<string, { place: Place; numbers: number[] }>();
  for (const [number, { place }] of mutants.entries()) {
    if (place === undefined) continue;
    const key = `${place.start} ${place.end}`;
    const known = places.get(key) ?? { place, numbers: [] };
    places.set(key, known);
    known.numbers.push(number);
  }
  const order = [...places.values()].sort(({ place: one }, { place: other }) =>
    one.start - other.start || other.end - one.end
  );
  /** Removes the replacements before `end` from the order, outermost first. */
  const render = (start: number, end: number): string => {
    let done = "", at = start;
    while (order.length > 0 && order[0]!.place.start < end) {
      const { place, numbers } = order.shift()!;
      const original = render(place.start, place.end);
      done += text.slice(at, place.start) + switched(text, place, numbers.map((n) => [n, mutants[n]!]), original);
      at = place.end;
    }
    return done + text.slice(at, end);
  };
  return render(0, text.length);
}

function switched(
  text: string,
  place: Place,
  mutants: readonly (readonly [number, Mutant])[],
  original: string,
): string {
  if (place.kind === "statement") return `{ if (globalThis.mutant !== ${mutants[0]![0]}) ${original} }`;
  const branches = mutants.map(([number, { start, end, becomes }]) => {
    const mutated = text.slice(place.start, start) + becomes + text.slice(end, place.end);
    return `globalThis.mutant === ${number} ? (${mutated}) : `;
  });
  return `(${branches.join("")}(${original}))`;
}

function changesOf(node: Node, text: string): Change[] {
  switch (node.type) {
    case "BinaryExpression":
      return concatenates(node) ? [] : operatorChanges(node.left, node.right, node.operator, text);
    case "LogicalExpression":
      return logicalChanges(node, text);
    case "AssignmentExpression":
      return operatorChanges(node.left, node.right, node.operator, text);
    case "UpdateExpression":
      return updateChanges(node, text);
    case "UnaryExpression":
      return node.operator === "!" || node.operator === "-" ? [replaced(node, source(node.argument, text))] : [];
    case "IfStatement":
    case "ConditionalExpression":
      return [replaced(node.test, "true"), replaced(node.test, "false")];
    case "WhileStatement":
    case "DoWhileStatement":
      return [replaced(node.test, "false")];
    case "ForStatement":
      return node.test ? [replaced(node.test, "false")] : [];
    case "Literal":
      return literalChanges(node);
    case "ExpressionStatement":
      return node.expression.type === "Literal" || source(node, text).startsWith("super(") ? [] : [replaced(node, ";")];
    case "BreakStatement":
    case "ContinueStatement":
      return [replaced(node, ";")];
    case "ReturnStatement":
      return node.argument ? [] : [replaced(node, ";")];
    case "CallExpression":
      return [
        ...methodChanges(node),
        ...optionalChanges(node, node.callee, text.indexOf("(", node.callee.range[1]), text),
      ];
    case "MemberExpression":
      return optionalChanges(node, node.object, node.property.range[0], text);
    case "ArrayExpression":
      return node.elements.length > 0 ? [replaced(node, "[]")] : [];
    default:
      return [];
  }
}

function operatorChanges(left: Node, right: Node, operator: string, text: string): Change[] {
  const at = text.indexOf(operator, left.range[1]);
  if (at < 0 || at >= right.range[0]) return [];
  return (otherOperators[operator] ?? []).map((other) => [at, at + operator.length, other]);
}

/** `??` by either side; `&&` and `||` by each other, and without one operand. */
function logicalChanges(node: Deno.lint.LogicalExpression, text: string): Change[] {
  const { left, right, operator } = node;
  const sides = [replaced(node, source(left, text)), replaced(node, source(right, text))];
  if (operator === "??") return sides;
  const chained = left.type === "LogicalExpression" && left.operator === operator;
  return [...operatorChanges(left, right, operator, text), ...(chained ? sides.slice(0, 1) : sides)];
}

function updateChanges({ range: [start, end], prefix, operator }: Deno.lint.UpdateExpression, text: string): Change[] {
  const at = prefix ? start : text.lastIndexOf(operator, end);
  return otherOperators[operator]!.map((other) => [at, at + operator.length, other]);
}

function literalChanges(node: Literal): Change[] {
  const { value } = node;
  if (typeof value === "boolean") return [replaced(node, String(!value))];
  if (isTypeOrName(node)) return [];
  if (typeof value === "string") return word.test(value) ? [replaced(node, '""')] : [];
  if (typeof value !== "number") return [];
  const number = Number(node.raw.replaceAll("_", ""));
  return [number + 1, number - 1].filter((other) => other >= 0).map((other) => replaced(node, String(other)));
}

/** A literal that is a type, a property's key, a directive or the specifier of an import. */
function isTypeOrName(node: Literal): boolean {
  const parent = node.parent as Node & { readonly key?: Node; readonly source?: Node };
  const wrapper = ["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"].includes(parent.type);
  if (parent.type.startsWith("TS") && !wrapper) return true;
  return [parent.key, parent.source].some((name) => name?.range[0] === node.range[0]);
}

function methodChanges({ callee, range: [, end] }: Deno.lint.CallExpression): Change[] {
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return [];
  const { name, range } = callee.property;
  const other = Object.hasOwn(otherMethods, name) ? otherMethods[name] : undefined;
  if (other !== undefined) return [[range[0], range[1], other]];
  return dispensable.has(name) ? [[callee.object.range[1], end, ""]] : [];
}

/** `?.` as if its operand always existed. */
function optionalChanges(
  node: Deno.lint.MemberExpression | Deno.lint.CallExpression,
  before: Node,
  to: number,
  text: string,
): Change[] {
  const at = text.indexOf("?.", before.range[1]);
  if (!node.optional || at < 0 || at > to) return [];
  return [[at, at + 2, node.type === "CallExpression" || node.computed ? "" : "."]];
}

/** `+` with a text on either side joins texts. */
function concatenates({ operator, left, right }: Deno.lint.BinaryExpression): boolean {
  const isText = (node: Node) =>
    node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
  return operator === "+" && (isText(left) || isText(right));
}

function replaced({ range: [start, end] }: Node, becomes: string): Change {
  return [start, end, becomes];
}

/** The text of an expression, in parentheses where its context could split it. */
function source(node: Node, text: string): string {
  const own = text.slice(...node.range);
  return ["Identifier", "Literal", "MemberExpression", "CallExpression"].includes(node.type) ? own : `(${own})`;
}

/** A callee keeps its object, and an optional chain its end: the place is the whole chain. */
function placeOf(node: Node): Place | undefined {
  if (!around(node).some(isFunction)) return undefined;
  if (removable.has(node.type)) return { start: node.range[0], end: node.range[1], kind: "statement" };
  let whole = node.type.endsWith("Statement") ? (node as Deno.lint.IfStatement).test : node as Node;
  for (let parent = parentOf(whole); parent && continues(parent, whole); parent = parentOf(parent)) whole = parent;
  return { start: whole.range[0], end: whole.range[1], kind: "expression" };
}

const removable = new Set(["ExpressionStatement", "BreakStatement", "ContinueStatement", "ReturnStatement"]);

function isFunction({ type }: Node): boolean {
  return ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(type);
}

/** Whether an expression continues with a part as its object or callee. */
function continues(parent: Node, part: Node): boolean {
  const isSame = (node: Node) => node.range[0] === part.range[0] && node.range[1] === part.range[1];
  if (parent.type === "MemberExpression") return isSame(parent.object);
  if (parent.type === "CallExpression") return isSame(parent.callee);
  return parent.type === "ChainExpression" || parent.type === "TSNonNullExpression";
}

function namesAround(node: Node): string[] {
  const names = [node, ...around(node)].filter(isOwner).map((each) => {
    const named = each as {
      readonly id?: { readonly name?: string } | null;
      readonly key?: { readonly name?: string };
    };
    return named.id?.name ?? named.key?.name;
  });
  return names.filter((name) => name !== undefined).reverse();
}

/** The nodes around one, innermost first. */
function around(node: Node): Node[] {
  const nodes: Node[] = [];
  for (let each = parentOf(node); each; each = parentOf(each)) nodes.push(each);
  return nodes;
}

function parentOf(node: Node): Node | null | undefined {
  return (node as { readonly parent?: Node | null }).parent;
}

function isOwner({ type }: Node): boolean {
  return ["FunctionDeclaration", "VariableDeclarator", "MethodDefinition", "PropertyDefinition", "ClassDeclaration"]
    .includes(type);
}
