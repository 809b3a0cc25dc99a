/**
 * The permissions of `--allow-net` and `--deny-net`. A foreign function call bypasses the runtime's permissions, so the
 * epoll engine checks each call with an address here, and gets the same access as the runtime.
 */

type State = Deno.PermissionState;

/** Maximum number of cached answers. */
const keptLimit = 2_048;
const kept = new Map<string, State>();

/** Whether the runtime permits a host and port that the user named. */
export function mayUse(host: string, port: number): boolean {
  return stateOf(host, port) === "granted";
}

/**
 * Whether the runtime denies an address that a permitted name resolves to. As in the runtime, `--allow-net=NAME` covers
 * the addresses of the name, and `--deny-net=ADDRESS` overrides it.
 */
export function isDenied(address: string, port: number): boolean {
  return stateOf(address, port) === "denied";
}

/** Whether the runtime permits to connect to a Unix socket at a path. */
export function mayUsePath(path: string): boolean {
  const files = ["read", "write"] as const;
  return stateOfPlace(`unix:${path}`) === "granted" &&
    files.every((name) => Deno.permissions.querySync({ name, path }).state === "granted");
}

/** Why a Unix socket cannot be used, as a sentence. */
export function notPermittedPath(path: string): string {
  return `Requires net, read and write access to "unix:${path}", run again with --allow-net, --allow-read and --allow-write`;
}

/** Why an address cannot be used, as a sentence. */
export function notPermitted(host: string, port: number): string {
  return `Requires net access to "${placeOf(host, port)}", run again with the --allow-net flag`;
}

function stateOf(host: string, port: number): State {
  return stateOfPlace(placeOf(host, port));
}

function stateOfPlace(place: string): State {
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
