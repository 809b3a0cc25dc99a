/** The examples in the doc comments of the library: their types are correct, and they run. */
import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);
/** `deno test --doc` would import each export of the file into an example, so this test runs the ignored blocks. */
const block = /^ \* ```ts ignore\n((?: \*.*\n)+?) \* ```$/gm;

Deno.test("docs: the examples in doc comments run", async () => {
  const examples = [...sources("src")].flatMap((path) => examplesOf(path));
  assert.ok(examples.length >= 4, `${examples.length} examples found`);
  const folder = await Deno.makeTempDir({ prefix: "examples" });
  try {
    const files = await Promise.all(examples.map(async (text, index) => {
      await Deno.writeTextFile(`${folder}/${index}.ts`, text);
      return `import "./${index}.ts";`;
    }));
    await Deno.writeTextFile(`${folder}/all.ts`, files.join("\n"));
    const flags = ["--check", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write", "--ignore-env"];
    const config = new URL("deno.json", root).pathname;
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        `--config=${config}`,
        `--lock=${new URL("deno.lock", root).pathname}`,
        ...flags,
        `${folder}/all.ts`,
      ],
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.match(new TextDecoder().decode(stdout), /^PASS/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function examplesOf(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, root));
  return [...text.matchAll(block)].map(([, lines]) =>
    lines!.replaceAll(/^ \* ?/gm, "").replace('"mqtt-sim"', JSON.stringify(new URL("mod.ts", root).href))
  );
}

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}
