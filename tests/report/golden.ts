/** Golden files: the expected output of writers. Delete one, and the next run writes it and fails. */
import assert from "node:assert/strict";

const folder = new URL("../../fixtures/reports/", import.meta.url);

/** Compares a text with the golden file of that name. */
export function assertGolden(name: string, text: string): void {
  const file = new URL(name, folder);
  const golden = readIfPresent(file);
  if (golden === undefined) {
    Deno.writeTextFileSync(file, text);
    assert.fail(`fixtures/reports/${name} was not there and has been written: read it, and run the test again`);
  }
  assert.equal(text, golden);
}

function readIfPresent(file: URL): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
