/** The binaries of a release, with a planted `deno compile`: the runtime bases are downloads. */
import assert from "node:assert/strict";
import { binaryName, makeBinaries, targets } from "../../tools/program/binaries.ts";
import { compileArguments } from "../../tools/program/compile.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "binaries" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("binaries: one for each of five targets, with the checksums that sha256sum accepts", async () => {
  await inFolder(async (folder) => {
    const asked: string[] = [];
    await makeBinaries("bundle", folder, async ({ bundle, output, extra }) => {
      asked.push(`${bundle} ${extra.join(" ")}`);
      await Deno.writeTextFile(output, extra.join(" "));
      return 0;
    });
    assert.deepEqual(asked, targets.map((target) => `bundle --target ${target}`));
    assert.equal(targets.length, 5);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["SHA256SUMS", ...targets.map(binaryName)].sort());
    assert.ok(names.includes("mqtt-sim-x86_64-pc-windows-msvc.exe") && names.includes("mqtt-sim-aarch64-apple-darwin"));
    const script = `cd "${folder}" && sha256sum --check --strict SHA256SUMS`;
    const { success, stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
    const said = new TextDecoder().decode(stdout);
    assert.ok(success && said.trim().split("\n").length === 5, said);
  });
});

Deno.test("binaries: one that cannot be made leaves no checksums", async () => {
  await inFolder(async (folder) => {
    const made: string[] = [];
    const failing = makeBinaries("bundle", folder, async ({ output, extra }) => {
      made.push(output);
      await Deno.writeTextFile(output, "");
      return extra.includes("x86_64-apple-darwin") ? 7 : 0;
    });
    await assert.rejects(failing, /Cannot make the binary for x86_64-apple-darwin: deno compile ended with 7/);
    assert.equal(made.length, 3);
    assert.ok(![...Deno.readDirSync(folder)].some(({ name }) => name === "SHA256SUMS"));
  });
});

Deno.test("binaries: deno compile gets the flags of the program, both threads and the bundle, and no config", () => {
  const args = compileArguments({ bundle: "/b", output: "out", extra: ["--target", "x"] });
  assert.equal(args[0], "compile");
  assert.equal(args.at(-1), "/b/cli.js");
  for (const flag of ["--no-prompt", "--no-config", "--allow-run=sh,cmd"]) assert.ok(args.includes(flag), flag);
  const included = args.flatMap((word, at) => args[at - 1] === "--include" ? [word] : []);
  assert.deepEqual(included, ["/b/src/broker/broker_worker.js", "/b/src/fleet/squad/squad_worker.js"]);
  assert.ok(!args.some((word) => word.startsWith("--config")));
});
