/**
 * The npm packages in the binary: those that cli.ts and the files of the threads import, and those that the pages embed
 * as text. The facts are from `deno info`, from deno.lock, and from each package's own files.
 */
import { workers } from "./tasks/task_table.ts";

/** A package in the binary. */
export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  /** An SPDX identifier or expression. */
  readonly licence: string;
  /** The text of its licence files; empty where it has none. */
  readonly licenceText: string;
  /** As in deno.lock: `sha512-` and base64. */
  readonly integrity: string;
  /** Keys of the packages that it needs. */
  readonly needs: readonly string[];
}

/** Packages by key: name and version with `@` between them. */
export type PackageList = ReadonlyMap<string, PackedPackage>;

/** The packages in the binary. */
export interface Packed {
  /** In the order of their keys. */
  readonly packages: PackageList;
  /** Keys of those that the sources of mqtt-sim import, or embed. */
  readonly direct: readonly string[];
}

/** The files that `deno task compile` packs. */
const packed = ["cli.ts", ...workers];
/** The file that names the packages whose text is in src/report/html/assets. */
const embedded = ["tools/docs/asset_text.ts"];

interface Info {
  readonly modules: readonly { readonly npmPackage?: string; readonly error?: string }[];
  readonly npmPackages: Readonly<
    Record<string, { readonly dependencies: readonly string[]; readonly localPath: string }>
  >;
}

interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/**
 * Lists the packages.
 *
 * @param root the folder of the project
 * @throws Error when a package has no licence or no hash, or a file cannot be followed
 */
export async function packagesInBinary(root: URL): Promise<Packed> {
  const lock: Lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", root)));
  const list = new Map<string, PackedPackage>();
  const direct = new Set<string>();
  for (const file of [...packed, ...embedded]) {
    // One after another: each takes a processor.
    // deno-lint-ignore no-await-in-loop
    const { modules, npmPackages } = await infoOf(root, file);
    const broken = modules.find(({ error }) => error !== undefined);
    if (broken !== undefined) throw new Error(`Cannot follow ${file}: ${broken.error}`);
    const waiting = modules.flatMap(({ npmPackage = [] }) => npmPackage);
    for (const key of waiting) direct.add(key);
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      if (list.has(key)) continue;
      const { dependencies, localPath } = npmPackages[key]!;
      list.set(key, packageAt(key, localPath, dependencies, lock));
      waiting.push(...dependencies);
    }
  }
  const packages = new Map([...list].sort(([one], [other]) => one < other ? -1 : 1));
  return { packages, direct: [...direct] };
}

async function infoOf(root: URL, file: string): Promise<Info> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--lock=deno.lock", file],
    cwd: root,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`deno info ${file} failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function packageAt(key: string, folder: string, needs: readonly string[], { npm }: Lock): PackedPackage {
  const { name, version, description, license: licence } = JSON.parse(Deno.readTextFileSync(`${folder}/package.json`));
  const integrity = npm[key]?.integrity;
  if (integrity === undefined) throw new Error(`Cannot find ${key} in deno.lock`);
  if (typeof licence !== "string") throw new Error(`Cannot find the licence of ${key}`);
  return {
    name,
    version,
    description: description?.trim() || undefined,
    licence,
    licenceText: licenceTextIn(folder),
    integrity,
    needs: needs.toSorted(),
  };
}

function licenceTextIn(folder: string): string {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return files.filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort()
    .map((name) => Deno.readTextFileSync(`${folder}/${name}`))
    .map((text) => text.replaceAll("\r\n", "\n").replaceAll(/[ \t]+$/gm, "").trim())
    .join("\n\n");
}
