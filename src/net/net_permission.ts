/**
 * What `--allow-net` and `--deny-net` let this program use. A foreign call passes by the runtime's permissions, so the
 * epoll engine asks here before each one that names an address, and reaches no further than the runtime does.
 */

type State = Deno.PermissionState;

/** Answers are kept, up to so many. */
const keptLimit = 2_048;
const kept = new Map<string, State>();

/** True where the runtime lets this program use a host and port that the user named. */
export function mayUse(host: string, port: number): boolean {
  return stateOf(host, port) === "granted";
}

/**
 * True where the runtime refuses an address that a permitted name resolves to. As in the runtime, `--allow-net=NAME`
 * covers the addresses of the name, and `--deny-net=ADDRESS` is stronger.
 */
export function isDenied(address: string, port: number): boolean {
  return stateOf(address, port) === "denied";
}

/** In a sentence, why it cannot be used. */
export function notPermitted(host: string, port: number): string {
  return `Requires net access to "${placeOf(host, port)}", run again with the --allow-net flag`;
}

function stateOf(host: string, port: number): State {
  const place = placeOf(host, port);
  const known = kept.get(place);
  if (known !== undefined) return known;
  const { state } = Deno.permissions.querySync({ name: "net", host: place });
  if (kept.size >= keptLimit) kept.clear();
  kept.set(place, state);
  return state;
}

function placeOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
