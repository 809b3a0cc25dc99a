/** The house rules as pure functions: from facts and rules to one sentence for each fault. */
import { posix } from "node:path";
import type { Law, Layering, Privilege } from "./law.ts";
import type { SourceFacts } from "./source_facts.ts";

const maxFileLines = 400;
const maxFunctionLines = 60;
const maxFolderFiles = 20;
const forbiddenNames = /^(index|util|helper|common|manager)s?$/;

/** True when the path is the place or lies in it. */
function within(path: string, place: string): boolean {
  return path === place || path.startsWith(place + "/");
}

/** Imports point down the layers, and packages are imported only where the rules permit. */
export function importFaults(facts: SourceFacts, law: Law): string[] {
  const layerings = law.layerings.filter(({ folder }) => folder === "" || within(facts.path, folder));
  const homeless = layerings.find((layering) => layerOf(facts.path, layering) === undefined);
  if (homeless !== undefined) return [`${facts.path}: ${placeless(homeless)}`];
  return facts.imports.flatMap(({ what, line }) => {
    const fault = what.startsWith(".")
      ? layerings.map((layering) => fileFault(facts.path, targetOf(facts.path, what), layering)).find(Boolean)
      : packageFault(facts.path, what, law);
    return fault === undefined ? [] : [`${facts.path}:${line}: imports ${what}: ${fault}`];
  });
}

/** The path of the file that a relative specifier names. */
function targetOf(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

function placeless({ folder }: Layering): string {
  return `stands in no layer of ${folder === "" ? "" : `${folder} in `}ARCHITECTURE.md`;
}

interface Layer {
  readonly depth: number;
  readonly entry: string;
}

function layerOf(path: string, { layers }: Layering): Layer | undefined {
  for (const [depth, entries] of layers.entries()) {
    const entry = entries.find((one) => within(path, one));
    if (entry !== undefined) return { depth, entry };
  }
  return undefined;
}

function fileFault(path: string, target: string, layering: Layering): string | undefined {
  if (target === "deno.json") return undefined; // it has the version
  if (layering.folder !== "" && !within(target, layering.folder)) return undefined; // the outer layers apply
  const home = layerOf(path, layering)!;
  const there = layerOf(target, layering);
  if (there === undefined) return placeless(layering);
  if (there.entry === home.entry || there.depth > home.depth) return undefined;
  return there.depth === home.depth
    ? `${home.entry} and ${there.entry} never import one another`
    : `${there.entry} stands above ${home.entry}`;
}

function packageFault(path: string, specifier: string, law: Law): string | undefined {
  if (specifier.startsWith("node:")) return undefined;
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const places = law.packages.get(name);
  if (places === undefined) return "is no package of ARCHITECTURE.md and the import map";
  return places.some((place) => within(path, place)) ? undefined : `only for ${places.join(", ")}`;
}

/** No file imports itself through others; type imports count. Returns one sentence for each cycle. */
export function cycleFaults(sources: readonly SourceFacts[]): string[] {
  const targets = new Map(sources.map(({ path, imports }) => [
    path,
    imports.filter(({ what }) => what.startsWith(".")).map(({ what }) => targetOf(path, what)),
  ]));
  return cyclesIn(targets).map((files) => `${files.join(", ")}: these files import each other in a circle`);
}

/** Groups of nodes that reach each other, each sorted: Tarjan's strongly connected components. */
function cyclesIn(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    stack.push(node);
    for (const next of targets.get(node)!) {
      if (!targets.has(next)) continue;
      const reached = order.has(next) ? (stack.includes(next) ? order.get(next)! : Infinity) : visit(next);
      low.set(node, Math.min(low.get(node)!, reached));
    }
    if (low.get(node) === order.get(node)) {
      const group = stack.splice(stack.indexOf(node)).sort();
      if (group.length > 1 || targets.get(node)!.includes(node)) cycles.push(group);
    }
    return low.get(node)!;
  };
  for (const node of targets.keys()) if (!order.has(node)) visit(node);
  return cycles;
}

/** A folder has a limited number of files; folders of data may have any number. */
export function widthFaults(paths: readonly string[], { wide }: Law): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = posix.dirname(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([folder, count]) => count > maxFolderFiles && !wide.includes(folder))
    .map(([folder, count]) => `${folder}: ${count} files, at most ${maxFolderFiles}`);
}

/** Some actions are reserved for one file. */
export function privilegeFaults(facts: SourceFacts, law: Law): string[] {
  const seen: Record<Privilege, SourceFacts["imports"]> = {
    clock: facts.clockReads,
    chance: facts.chanceDraws,
    ffi: facts.foreignCalls,
    // A script of a page runs in a browser and imports nothing.
    locale: facts.path.endsWith(".js") ? [] : facts.localeCalls,
    escape: facts.escapes,
  };
  return (Object.keys(seen) as Privilege[]).flatMap((privilege) =>
    facts.path === law.only[privilege]
      ? []
      : seen[privilege].map(({ what, line }) => `${facts.path}:${line}: ${what}: only ${law.only[privilege]} may`)
  );
}

/** Files and functions have a limited length. */
export function sizeFaults(facts: SourceFacts): string[] {
  const file = facts.lines > maxFileLines ? [`${facts.path}: ${facts.lines} lines, at most ${maxFileLines}`] : [];
  const long = facts.functions.filter((each) => each.lines > maxFunctionLines);
  return [
    ...file,
    ...long.map((each) => `${facts.path}:${each.line}: ${each.what}: ${each.lines} lines, at most ${maxFunctionLines}`),
  ];
}

/** Each export has a name. */
export function defaultExportFaults(facts: SourceFacts): string[] {
  return facts.defaultExports.map(({ line }) => `${facts.path}:${line}: a default export`);
}

/** Assertions compare strictly. */
export function assertionFaults(facts: SourceFacts): string[] {
  return facts.looseAsserts.map(({ line, what }) =>
    `${facts.path}:${line}: ${what}: only \`import assert from "node:assert/strict"\` compares strictly`
  );
}

/** File and folder names are in snake_case and name the content. */
export function nameFaults(path: string): string[] {
  return path.split("/").flatMap((part) => {
    const stem = part.replace(/\.[a-z]+$/, "");
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(stem)) return [`${path}: ${part} is not in snake_case`];
    const word = stem.split("_").find((one) => forbiddenNames.test(one));
    return word === undefined ? [] : [`${path}: "${word}" says nothing of what is in it`];
  });
}

/** The import map names exactly the permitted packages, each from npm at an exact version. */
export function importMapFaults(imports: Readonly<Record<string, string>>, law: Law): string[] {
  const mapped = Object.keys(imports).map((name) => name.replace(/\/$/, ""));
  return [
    ...[...law.packages.keys()].filter((name) => !mapped.includes(name)).map((name) =>
      `${name}: not in the import map`
    ),
    ...mapped.filter((name) => !law.packages.has(name)).map((name) => `${name}: not in ARCHITECTURE.md`),
    ...Object.entries(imports).filter(([, target]) =>
      !/^npm:\/?(@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+(-[\w.]+)?\/?$/.test(target)
    )
      .map(([name, target]) => `${name}: ${target} is no exact version from npm`),
  ];
}

/** The top folder has only permitted entries; hidden and ignored ones do not count. */
export function topFaults(entries: readonly string[], ignored: readonly string[], law: Law): string[] {
  return entries
    .filter((entry) => !entry.startsWith(".") && !ignored.includes(entry) && !law.top.includes(entry))
    .map((entry) => `${entry}: ARCHITECTURE.md has no place for it at the top`);
}
