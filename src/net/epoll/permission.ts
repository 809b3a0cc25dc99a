/**
 * A foreign call passes by the runtime's permissions: what `--allow-net` does not allow is asked for here first, so that
 * the engine reaches no further than the runtime would.
 */

/** Answers are kept, up to so many. */
const keptLimit = 256;
const kept = new Map<string, boolean>();

/** True where the runtime lets this program use a host and port. */
export function mayUse(host: string, port: number): boolean {
  const place = placeOf(host, port);
  const known = kept.get(place);
  if (known !== undefined) return known;
  const answer = Deno.permissions.querySync({ name: "net", host: place }).state === "granted";
  if (kept.size >= keptLimit) kept.clear();
  kept.set(place, answer);
  return answer;
}

/** In a sentence, why it cannot be used. */
export function notPermitted(host: string, port: number): string {
  return `Requires net access to "${placeOf(host, port)}", run again with the --allow-net flag`;
}

function placeOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
