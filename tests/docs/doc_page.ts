/** The Markdown pages of the project and their parts: fenced blocks, links, headings. */

const root = new URL("../../", import.meta.url);

/** A block between two fences. */
export interface Block {
  readonly page: string;
  /** The line of the first fence. */
  readonly line: number;
  /** The word after the first fence. */
  readonly language: string;
  readonly text: string;
}

/** Each page that people write or read, by its path from the top. */
export function pages(): string[] {
  const top = [...Deno.readDirSync(root)].map(({ name }) => name);
  const docs = [...Deno.readDirSync(new URL("docs/", root))].map(({ name }) => `docs/${name}`);
  return [...top, ...docs, "tests/README.md", "tests/attack/README.md"]
    .filter((path) => path.endsWith(".md"))
    .sort();
}

export function textOf(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}

/** The blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const lines = textOf(page).split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w*)/.exec(lines[at]!);
    if (fence === null) continue;
    const end = lines.findIndex((line, index) => index > at && line.startsWith("```"));
    if (end < 0) throw new Error(`${page}:${at + 1}: the block has no end`);
    blocks.push({ page, line: at + 1, language: fence[1]!, text: lines.slice(at + 1, end).join("\n") });
    at = end;
  }
  return blocks;
}

/** The text of a page outside its blocks. */
export function proseOf(page: string): string {
  return textOf(page).replaceAll(/^```.*?^```$/gms, "");
}

/** The anchors that GitHub makes of the headings. */
export function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
  );
}
