/**
 * Writes the npm package `mqtt-sim`, dist/release/mqtt-sim-VERSION.tgz, and prints its size: `deno task npm`. It holds the
 * bundle and a launcher, and depends on the npm package `deno` of the version that made it.
 */
import { formatBytes } from "../../src/base/units.ts";
import { processOutput } from "../../src/cli/process/output.ts";
import { tool } from "../../src/cli/process/tool.ts";
import { bundleFlags } from "../tasks/program_flags.ts";
import { writeBundle } from "./bundle.ts";

/** The limit of the tarball: a user waits for it at the first run. */
export const tarballLimitBytes = 1_000_000;

const root = new URL("../../", import.meta.url);

/** The package.json of the package. */
export function packageJson(denoVersion: string): Record<string, unknown> {
  return {
    name: tool.name,
    version: tool.version,
    description: "Tests whether an MQTT broker delivers every Last Will: once, on time, unaltered",
    keywords: ["mqtt", "last-will", "broker", "load-testing", "conformance"],
    license: "MIT",
    type: "module",
    bin: { [tool.name]: "launcher.mjs" },
    files: ["launcher.mjs", "program", "LICENCES.md"],
    engines: { node: ">=18" },
    dependencies: { deno: denoVersion },
  };
}

/** Writes the files of the package to a folder that does not exist yet. */
export async function writePackage(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await writeBundle(root, `${folder}/program`);
  await Deno.writeTextFile(`${folder}/program/flags.json`, JSON.stringify(bundleFlags()));
  await Deno.writeTextFile(
    `${folder}/package.json`,
    `${JSON.stringify(packageJson(Deno.version.deno), undefined, 2)}\n`,
  );
  const copies = { "tools/program/launcher.mjs": "launcher.mjs", "docs/licences.md": "LICENCES.md" };
  const whole = { ...copies, "README.md": "README.md", "LICENSE": "LICENSE" };
  for (const [from, to] of Object.entries(whole)) Deno.copyFileSync(new URL(from, root), `${folder}/${to}`);
}

/** Packs a folder into a tarball in another folder; returns the path of the tarball. */
export async function pack(folder: string, into: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.build.os === "windows" ? "npm.cmd" : "npm", {
    args: ["pack", "--silent", `--pack-destination=${into}`],
    cwd: folder,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`npm pack failed: ${new TextDecoder().decode(stderr)}`);
  return `${into}/${new TextDecoder().decode(stdout).trim()}`;
}

if (import.meta.main) {
  const dist = new URL("dist", root).pathname;
  const folder = `${dist}/npm`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await writePackage(folder);
  await Deno.mkdir(`${dist}/release`, { recursive: true });
  const tarball = await pack(folder, `${dist}/release`);
  const { size } = await Deno.stat(tarball);
  const { out, err } = processOutput();
  out.write(`${tarball}: ${formatBytes(size)}\n`);
  if (size > tarballLimitBytes) {
    err.write(`The tarball is too large: expected at most ${formatBytes(tarballLimitBytes)}\n`);
    Deno.exit(1);
  }
}
