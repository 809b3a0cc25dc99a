/**
 * Writes tools/program/deno.lock: the part of deno.lock that the program needs. `deno task program:lock`. With
 * tools/program/config.json it keeps the packages of the tests out of a user's download.
 */

/** A lock file, as far as it is read here. */
export interface Lock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>>;
}

/** The packages of an import map, such as `npm:zod@4.6.7`. */
export function requirementsOf(imports: Readonly<Record<string, string>>): string[] {
  return Object.values(imports).map((target) => target.replace(/^npm:\/?/, "npm:").replace(/\/$/, "")).sort();
}

/**
 * The part of a lock file that an import map needs.
 *
 * @throws Error when the lock file lacks one of its packages
 */
export function lockFor(imports: Readonly<Record<string, string>>, { version, specifiers, npm }: Lock): string {
  const requirements = requirementsOf(imports);
  const kept = new Set<string>();
  const waiting = requirements.map((requirement) => {
    const exact = specifiers[requirement];
    if (exact === undefined) throw new Error(`Cannot find ${requirement} in deno.lock: run deno install first`);
    return requirement.replace(/^npm:(.+)@.*$/, `$1@${exact}`);
  });
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (kept.has(key)) continue;
    kept.add(key);
    waiting.push(...(npm[key]?.dependencies ?? []).map((name) => keyOf(name, npm)));
  }
  const lock = {
    version,
    specifiers: Object.fromEntries(requirements.map((requirement) => [requirement, specifiers[requirement]])),
    npm: Object.fromEntries(Object.entries(npm).filter(([key]) => kept.has(key))),
    workspace: { dependencies: requirements },
  };
  return `${JSON.stringify(lock, undefined, 2)}\n`;
}

/** The key of a dependency, which has no version where the lock file has only one. */
function keyOf(dependency: string, npm: Lock["npm"]): string {
  if (dependency in npm) return dependency;
  const key = Object.keys(npm).find((one) => one.slice(0, one.lastIndexOf("@")) === dependency);
  if (key === undefined) throw new Error(`Cannot find ${dependency} in deno.lock`);
  return key;
}

if (import.meta.main) {
  const root = new URL("../../", import.meta.url);
  const read = (path: string) => JSON.parse(Deno.readTextFileSync(new URL(path, root)));
  const text = lockFor(read("tools/program/config.json").imports, read("deno.lock"));
  Deno.writeTextFileSync(new URL("tools/program/deno.lock", root), text);
}
