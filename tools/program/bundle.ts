/**
 * The program as JavaScript without imports from elsewhere, packages included: what the binary and the npm package hold.
 * Deno runs no TypeScript below node_modules, and a bundle starts faster than 900 modules.
 */
import { workers } from "../tasks/task_table.ts";

/** The start of the bundle, and of each thread, by their paths in its folder. */
export const bundledEntries: readonly string[] = ["cli.ts", ...workers].map((path) => path.replace(/\.ts$/, ".js"));

/** What esbuild leaves of a `require` of Node's own modules in packages of the CommonJS form. */
const requireShim = /Dynamic require of /;
const requireLine = 'import{createRequire as nodeRequire}from"node:module";var require=nodeRequire(import.meta.url);\n';

/**
 * Writes the bundle to a folder that does not exist yet.
 *
 * @param root the folder of the project
 * @throws Error when `deno bundle` fails, or a thread's file is not found where the bundle starts it
 */
export async function writeBundle(root: URL, folder: string): Promise<void> {
  const beside = await Deno.makeTempDir({ prefix: "bundle" });
  try {
    await bundle(root, folder, await writeConfig(root, beside));
  } finally {
    await Deno.remove(beside, { recursive: true });
  }
  const names = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name);
  const started = names.flatMap((name) => {
    const path = `${folder}/${name}`;
    const text = Deno.readTextFileSync(path);
    const { threads, result } = withThreads(text);
    Deno.writeTextFileSync(path, requireShim.test(result) ? requireLine + result : result);
    return threads;
  });
  const expected = bundledEntries.slice(1);
  if (started.sort().join() !== [...expected].sort().join()) {
    throw new Error(`The bundle starts the threads ${started.join(", ")}: expected ${expected.join(", ")}`);
  }
}

/**
 * The text of a bundled file with the paths of the bundled threads.
 *
 * @returns the text, and the threads that it starts
 */
export function withThreads(text: string): { readonly result: string; readonly threads: string[] } {
  const threads: string[] = [];
  const result = text.replaceAll(/new URL\("\.\/(\w+)\.ts",\s*import\.meta\.url\)/g, (_, name: string) => {
    const thread = bundledEntries.find((entry) => entry.endsWith(`/${name}.js`));
    if (thread === undefined) throw new Error(`The bundle has no thread "${name}"`);
    threads.push(thread);
    return `new URL("./${thread}",import.meta.url)`;
  });
  return { result, threads };
}

/**
 * Writes a config file by which the bundle holds the scripts of the pages as text. The sources take the text from the
 * functions themselves, whose names and form a bundle changes.
 */
async function writeConfig(root: URL, folder: string): Promise<string> {
  const { imports, ...config } = JSON.parse(await Deno.readTextFile(new URL("tools/program/config.json", root)));
  for (const [index, script] of pageScripts(new URL("src/", root)).entries()) {
    const path = `${folder}/${index}.js`;
    Deno.writeTextFileSync(path, textModule(Deno.readTextFileSync(script)));
    imports[script.href] = new URL(`file://${path}`).href;
  }
  const lock = new URL("tools/program/deno.lock", root).pathname;
  const path = `${folder}/deno.json`;
  await Deno.writeTextFile(path, JSON.stringify({ ...config, imports, lock: { path: lock, frozen: true } }));
  return path;
}

/** The JavaScript files of a folder: the program is in TypeScript, and what browsers run is not. */
export function pageScripts(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return pageScripts(new URL(`${name}/`, folder));
    return name.endsWith(".js") ? [new URL(name, folder)] : [];
  });
}

/** A module with the same exports as a script, each of which is the text of the function. */
export function textModule(script: string): string {
  const [head, ...functions] = script.split(/^export (?=(?:async )?function )/m);
  if (/^(?:import|export) /m.test(head! + functions.join(""))) {
    throw new Error("Cannot bundle a script of a page as text: expected functions alone, each exported");
  }
  return functions.map((text) => {
    const name = /function (\w+)/.exec(text)![1]!;
    return `export const ${name} = ${JSON.stringify(text)};\n`;
  }).join("");
}

async function bundle(root: URL, folder: string, config: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      `--config=${config}`,
      "--platform=deno",
      "--code-splitting",
      "--minify",
      "--keep-names",
      `--outdir=${folder}`,
      "cli.ts",
      ...workers,
    ],
    cwd: root,
    // Deno downloads esbuild from the npm registry once: also through a proxy whose authority the machine trusts.
    env: { DENO_TLS_CA_STORE: "mozilla,system" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
}
