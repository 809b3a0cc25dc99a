/**
 * Writes the mutants of source files as JSON: `deno test … tools/list_mutants.ts -- OUTPUT FILE...`. It is a test only
 * in form: the syntax tree exists only under `deno test`.
 */
import { mutantsOf } from "./mutants.ts";

const [output, ...paths] = Deno.args;

Deno.test("lists the mutants", () => {
  const lists = paths.map((path) => [path, mutantsOf(path, Deno.readTextFileSync(path))] as const);
  Deno.writeTextFileSync(output!, JSON.stringify(Object.fromEntries(lists)));
});
