/**
 * HTML that user text cannot alter: a template escapes every value, unless it is markup already.
 */

import { escapeHtml } from "../../../base/escape.ts";

/** Text that is markup: only {@link markup} and {@link trusted} make it. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | readonly Part[] | undefined;

/** A template whose values are escaped; lists are joined, undefined is nothing. */
export function markup(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(strings.map((text, index) => index === 0 ? text : rendered(values[index - 1]) + text).join(""));
}

/** Text from this program that is markup already. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function rendered(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Markup) return part.text;
  return typeof part === "object" ? part.map(rendered).join("") : escapeHtml(String(part));
}

/**
 * A part of one page inside another: with ids of its own, and headings two levels down. The replaced quotes and tags
 * are from this program, because all other text is escaped.
 */
export function nested({ text }: Markup, place: number): Markup {
  const own = text
    .replaceAll(/ (id|aria-labelledby|aria-describedby|data-copy)="([^"]+)"/g, ` $1="$2-${place}"`)
    .replaceAll(/ href="#([^"]+)"/g, ` href="#$1-${place}"`)
    .replaceAll(/<(\/?)h([123])\b/g, (_, slash, level) => `<${slash}h${Number(level) + 2}`);
  return new Markup(own);
}
