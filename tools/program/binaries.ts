/**
 * Makes the binaries of a release, with their checksums, in dist/release: `deno task binaries`. `deno compile` downloads
 * the runtime base of each target.
 */
import { type Compile, compile, withBundle } from "./compile.ts";

/** The targets, as `deno compile` names them. */
export const targets: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** The name of the binary for a target. */
export function binaryName(target: string): string {
  return `mqtt-sim-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/**
 * Makes a binary for each target, and SHA256SUMS in the form of `sha256sum`.
 *
 * @param folder an existing folder
 * @throws Error when one cannot be made; no checksums are written then
 */
export async function makeBinaries(bundle: string, folder: string, make: Compile): Promise<void> {
  const sums: string[] = [];
  for (const target of targets) {
    const name = binaryName(target);
    // One after another: each takes a gigabyte of memory.
    // deno-lint-ignore-start no-await-in-loop
    const code = await make({ bundle, output: `${folder}/${name}`, extra: ["--target", target] });
    if (code !== 0) throw new Error(`Cannot make the binary for ${target}: deno compile ended with ${code}`);
    sums.push(`${await sha256(`${folder}/${name}`)}  ${name}\n`);
    // deno-lint-ignore-end no-await-in-loop
  }
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, sums.join(""));
}

async function sha256(path: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex();
}

if (import.meta.main) {
  const root = new URL("../../", import.meta.url);
  const folder = new URL("dist/release", root).pathname;
  await Deno.mkdir(folder, { recursive: true });
  await withBundle(root, (bundle) => makeBinaries(bundle, folder, compile));
}
