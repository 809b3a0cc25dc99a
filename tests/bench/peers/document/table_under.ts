import assert from "node:assert/strict";

/** The cells of the rows of the table under a heading. */
export function tableUnder(heading: string, text: string): string[][] {
  const from = text.indexOf(`\n${heading}\n`);
  assert.ok(from >= 0, heading);
  const lines = text.slice(from + heading.length + 2).trimStart().split("\n");
  const end = lines.findIndex((line) => line.startsWith("#"));
  return lines.slice(0, end < 0 ? undefined : end).filter((line) => line.startsWith("|")).slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}
