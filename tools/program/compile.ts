/**
 * Makes one binary of the bundle: `deno task compile`, which writes dist/mqtt-sim. The arguments of the user go to
 * `deno compile`, such as `--target aarch64-apple-darwin`. The binary holds the runtime base and the bundle, no package
 * as a whole and no types.
 */
import { bundleFlags } from "../tasks/program_flags.ts";
import { bundledEntries, writeBundle } from "./bundle.ts";

/** One binary. */
export interface Compilation {
  /** The folder of the bundle. */
  readonly bundle: string;
  /** The path of the binary. */
  readonly output: string;
  /** More arguments of `deno compile`. */
  readonly extra: readonly string[];
}

/** Makes a binary; returns the exit code of `deno compile`. */
export type Compile = (compilation: Compilation) => Promise<number>;

/** The arguments of `deno` for a binary. */
export function compileArguments({ bundle, output, extra }: Compilation): string[] {
  const [start, ...threads] = bundledEntries.map((path) => `${bundle}/${path}`);
  const included = threads.flatMap((path) => ["--include", path]);
  return ["compile", ...bundleFlags(), "--no-check", "--no-config", ...included, "--output", output, ...extra, start!];
}

/** Runs `deno compile`. */
export const compile: Compile = async (compilation) => {
  const command = new Deno.Command(Deno.execPath(), {
    args: compileArguments(compilation),
    env: { RUST_MIN_STACK: "67108864" },
    stdin: "null",
  });
  return (await command.spawn().status).code;
};

/** Runs `act` with the folder of a bundle, which is there until it ends. */
export async function withBundle<Result>(root: URL, act: (bundle: string) => Promise<Result>): Promise<Result> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim" });
  try {
    await writeBundle(root, `${folder}/program`);
    return await act(`${folder}/program`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const root = new URL("../../", import.meta.url);
  const output = new URL("dist/mqtt-sim", root).pathname;
  Deno.exit(await withBundle(root, (bundle) => compile({ bundle, output, extra: Deno.args })));
}
