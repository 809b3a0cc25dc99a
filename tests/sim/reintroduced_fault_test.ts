/**
 * The simulation of conforming brokers finds real faults: the test puts an earlier fault of mqtt-sim back into a copy
 * of a source file, and one of the first 100 seeds must report it.
 */
import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";

interface Reintroduced {
  readonly name: string;
  readonly file: string;
  /** A text that occurs once in the source, and the fault that replaces it. */
  readonly right: string;
  readonly wrong: string;
  /** The report of the first seed that finds it. */
  readonly says: RegExp;
}

const faults: readonly Reintroduced[] = [
  {
    name: "the fleet ignores the Session Expiry Interval that CONNACK announces",
    file: "src/fleet/ledger/client_events.ts",
    right: "sessionExpiryS: properties?.sessionExpiryIntervalS,",
    wrong: "sessionExpiryS: undefined,",
    says: /fleet: .*\b(early|unwanted|late|missing)\b/,
  },
  {
    name: "check ignores the Session Expiry Interval that CONNACK announces",
    file: "src/conformance/context/case_context.ts",
    right: "probe.sessionExpiryS = Math.min(properties.sessionExpiryIntervalS ?? Infinity, probe.askedExpiryS);",
    wrong: "probe.sessionExpiryS = probe.askedExpiryS;",
    says: /check \S+ \[5\.0\]: fail/,
  },
];

const root = new URL("../../", import.meta.url);

/** Runs the first 100 seeds with one file replaced, until a seed fails. */
async function runWith(file: string, text: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-fault-" });
  try {
    const source = new URL(file, root);
    // The relative imports of the copy lead to the folder of the original.
    const absolute = text.replace(/(from|import\() ?"(\.{1,2}\/[^"]+)"/g, (_, word, path) => {
      return `${word} "${new URL(path, source).href}"`;
    });
    const copy = `${folder}/faulty.ts`;
    await Deno.writeTextFile(copy, absolute);
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
    const imports = { ...config.scopes["./"], [source.href]: pathToFileURL(copy).href };
    const { nodeModulesDir, compilerOptions } = config;
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports, nodeModulesDir, compilerOptions }));
    await Deno.copyFile(new URL("deno.lock", root), `${folder}/deno.lock`);
    const sim = fileURLToPath(new URL("tests/sim/open/open_sim.ts", root));
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-prompt", "--allow-read", "--ignore-env", `--config=${folder}/deno.json`, sim]
        .concat(
          ["--seeds", "100", "--threads", "1", "--until-failure"],
        ),
      stdout: "piped",
      stderr: "piped",
    });
    const { stdout, stderr } = await command.output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const { name, file, right, wrong, says } of faults) {
  Deno.test(`sim:open finds within 100 seeds that ${name}`, async () => {
    const source = await Deno.readTextFile(new URL(file, root));
    assert.equal(source.split(right).length, 2, `${file} does not say once: ${right}`);
    const output = await runWith(file, source.replace(right, wrong));
    const [, seed, report] = output.match(/^seed (\d+): (.*)$/m) ?? [];
    assert.ok(seed !== undefined && Number(seed) < 100, output.slice(-2_000));
    assert.match(report!, says);
  });
}
