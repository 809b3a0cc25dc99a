/**
 * Texts with placeholders, such as `{client}` and `{client:05}`: the client identifier, the user name, the password,
 * the will's topic and payload, and the paths of certificates all take them.
 */

/** The names of the placeholders. */
const placeholderNames = ["run", "client", "id", "bucket", "incarnation", "group"] as const;

/** The name of a placeholder. `id` is the client identifier, `client` the number of the client. */
export type PlaceholderName = typeof placeholderNames[number];

/** The value of a placeholder; undefined where the text has none for it, which leaves the placeholder as it is. */
export type ValueOf = (name: PlaceholderName) => string | undefined;

/** A placeholder with an optional width: `{client:05}` has at least five digits, with leading zeros. */
const placeholder = new RegExp(`\\{(${placeholderNames.join("|")})(?::0([1-9]))?\\}`, "g");

/** A part of a template: a text, or a placeholder. */
export type TemplatePart = string | { readonly name: PlaceholderName; readonly width: number; readonly text: string };

/** The parts of a template. Braces around anything else are a text. */
export function templateParts(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let from = 0;
  for (const match of template.matchAll(placeholder)) {
    if (match.index > from) parts.push(template.slice(from, match.index));
    const [text, name, width = "0"] = match;
    parts.push({ name: name as PlaceholderName, width: Number(width), text });
    from = match.index + text.length;
  }
  if (from < template.length) parts.push(template.slice(from));
  return parts;
}

/** A parsed template, which callers fill again and again from a source of values, such as a life. */
export class Template<Source> {
  readonly #parts: readonly TemplatePart[];
  readonly #valueOf: (name: PlaceholderName, source: Source) => string | undefined;

  /** @param valueOf the value of a placeholder; undefined leaves the placeholder as it is */
  constructor(template: string, valueOf: (name: PlaceholderName, source: Source) => string | undefined) {
    this.#parts = templateParts(template);
    this.#valueOf = valueOf;
  }

  fill(source: Source): string {
    let filled = "";
    for (let at = 0; at < this.#parts.length; at++) filled += this.#textOf(this.#parts[at]!, source);
    return filled;
  }

  /** Whether a text is what {@link fill} returns; does not build that text. */
  matches(text: string, source: Source): boolean {
    let from = 0;
    for (let at = 0; at < this.#parts.length; at++) {
      const part = this.#textOf(this.#parts[at]!, source);
      if (!text.startsWith(part, from)) return false;
      from += part.length;
    }
    return from === text.length;
  }

  #textOf(part: TemplatePart, source: Source): string {
    return typeof part === "string" ? part : filledPart(part, this.#valueOf(part.name, source));
  }
}

function filledPart({ width, text }: Exclude<TemplatePart, string>, value: string | undefined): string {
  if (value === undefined) return text;
  return width === 0 ? value : value.padStart(width, "0");
}

/** Fills a template once. */
export function fillTemplate(template: string, valueOf: ValueOf): string {
  return template.includes("{") ? new Template(template, valueOf).fill(undefined) : template;
}

/** True where the template has one of these placeholders. */
export function hasPlaceholder(template: string, ...names: readonly PlaceholderName[]): boolean {
  return templateParts(template).some((part) => typeof part !== "string" && names.includes(part.name));
}

/** The placeholders in the text of an error. */
export const placeholderList = "{run}, {bucket}, {client}, {client:05}, {id}, {incarnation} or {group}";

/** The first brace of a template that belongs to no placeholder, with what it encloses; undefined without one. */
export function strangeBrace(template: string): string | undefined {
  for (const part of templateParts(template)) {
    const brace = typeof part === "string" ? /\{[^{}]*\}|[{}]/.exec(part) : null;
    if (brace !== null) return brace[0];
  }
  return undefined;
}
