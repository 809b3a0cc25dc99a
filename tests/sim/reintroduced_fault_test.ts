/**
 * That the simulation of conforming brokers finds what it is for: a fault that mqtt-sim once had is put back into a copy
 * of one source file, and a seed among the first 100 must report it.
 */
import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";

interface Reintroduced {
  readonly name: string;
  readonly file: string;
  /** What the source says, once, and what the fault says in its place. */
  readonly right: string;
  readonly wrong: string;
  /** What the first seed that finds it reports. */
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

/** Runs the first 100 seeds with one file in the place of another, up to the first that fails. */
async function runWith(file: string, text: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-fault-" });
  try {
    const source = new URL(file, root);
    // What it imports stands beside the original.
    const absolute = text.replace(/(from|import\() ?"(\.{1,2}\/[^"]+)"/g, (_, word, path) => {
      return `${word} "${new URL(path, source).href}"`;
    });
    const copy = `${folder}/faulty.ts`;
    await Deno.writeTextFile(copy, absolute);
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
    const imports = { ...config.imports, [source.href]: pathToFileURL(copy).href };
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
    const told = await runWith(file, source.replace(right, wrong));
    const [, seed, report] = told.match(/^seed (\d+): (.*)$/m) ?? [];
    assert.ok(seed !== undefined && Number(seed) < 100, told.slice(-2_000));
    assert.match(report!, says);
  });
}
