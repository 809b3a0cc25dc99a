/**
 * The mutants of a source file: one small change each, by operator. Works on the syntax tree that Deno's linter gives to
 * plugins, which exists under `deno test` only; a package with a parser is not necessary.
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

/** Methods whose receiver can stand for their result. */
const dispensable = new Set(["filter", "slice", "toSorted", "toReversed", "flat", "trim", "toLowerCase"]);

/** A word of a union or a name; other strings are text for people, and are not mutated. */
const word = /^[A-Za-z0-9][\w.+/-]*$/;

/** The mutants of a file's text, in the order of their places. A text that does not parse throws. */
export function mutantsOf(path: string, text: string): Mutant[] {
  const mutants: Mutant[] = [];
  const visit = (node: Node) => {
    for (const [start, end, becomes] of changesOf(node, text)) {
      const line = text.slice(0, start).split("\n").length;
      mutants.push({ start, end, line, was: text.slice(start, end), becomes, within: namesAround(node) });
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

/** `?.` as if what is before it were always there. */
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

/** The text of an expression, in parentheses where what is around it could take it apart. */
function source(node: Node, text: string): string {
  const own = text.slice(...node.range);
  return ["Identifier", "Literal", "MemberExpression", "CallExpression"].includes(node.type) ? own : `(${own})`;
}

function namesAround(node: Node): string[] {
  const names: string[] = [];
  for (let each: Node | null | undefined = node; each; each = (each as { readonly parent?: Node | null }).parent) {
    const named = each as {
      readonly id?: { readonly name?: string } | null;
      readonly key?: { readonly name?: string };
    };
    const name = isOwner(each) ? named.id?.name ?? named.key?.name : undefined;
    if (name !== undefined) names.unshift(name);
  }
  return names;
}

function isOwner({ type }: Node): boolean {
  return ["FunctionDeclaration", "VariableDeclarator", "MethodDefinition", "PropertyDefinition", "ClassDeclaration"]
    .includes(type);
}
