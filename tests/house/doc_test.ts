/** Each export of mod.ts, and each public method of its classes, has a doc comment. */
import assert from "node:assert/strict";

/** The parts of `deno doc --json` that the test reads. */
interface Documented {
  readonly name: string;
  readonly jsDoc?: { readonly doc?: string };
}

interface Declaration extends Omit<Documented, "name"> {
  readonly def?: { readonly methods?: readonly (Documented & { readonly accessibility?: string })[] };
}

interface DocumentationJson {
  readonly nodes: Readonly<
    Record<string, { readonly symbols: readonly { readonly name: string; readonly declarations: Declaration[] }[] }>
  >;
}

Deno.test("doc: each symbol of mod.ts has a doc comment", async () => {
  const documentation = await document("mod.ts");
  assert.ok(symbolsOf(documentation).length > 0, "mod.ts exports something");
  assert.deepEqual(undocumented(documentation), []);
});

Deno.test("doc: detects a symbol and a method without a doc comment", async () => {
  const documentation = await document("tests/house/doc_sample.ts");
  assert.deepEqual(undocumented(documentation), ["bare", "Half.bare"]);
});

async function document(path: string): Promise<DocumentationJson> {
  const root = new URL("../../", import.meta.url);
  const command = new Deno.Command(Deno.execPath(), { args: ["doc", "--json", path], cwd: root, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function symbolsOf(documentation: DocumentationJson) {
  return Object.values(documentation.nodes).flatMap((module) => module.symbols);
}

function undocumented(documentation: DocumentationJson): string[] {
  return symbolsOf(documentation).flatMap(({ name, declarations }) => {
    const methods = declarations.flatMap((declaration) => declaration.def?.methods ?? [])
      .filter((method) => method.accessibility !== "private" && !method.jsDoc?.doc);
    const documented = declarations.some((declaration) => declaration.jsDoc?.doc);
    return [...(documented ? [] : [name]), ...methods.map((method) => `${name}.${method.name}`)];
  });
}
