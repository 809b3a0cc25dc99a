/** Accepts links on a Unix socket, through Deno.listen. */
import { UsageError } from "../../base/failure.ts";
import { mayUsePath, notPermittedPath } from "../net_permission.ts";
import type { Listener } from "../link.ts";
import { acceptAll, type ListenReceiver } from "./tcp_listen.ts";

/**
 * Listens on a Unix socket at a path, which the end of the listener removes. A socket there on which no process listens
 * any more is replaced.
 *
 * @throws UsageError if the path is not available
 */
export async function listenUnix(path: string, receiver: ListenReceiver): Promise<Listener> {
  if (!mayUsePath(path)) throw new UsageError(`Cannot listen on unix://${path}: ${notPermittedPath(path)}`);
  await removeStale(path);
  const listener = open(path);
  const made = inodeOf(path);
  void acceptAll(listener, receiver);
  return {
    port: 0,
    close: () => {
      listener.close();
      // Another process may have put its own socket there.
      if (made !== undefined && inodeOf(path) === made) Deno.removeSync(path);
    },
  };
}

function open(path: string): Deno.UnixListener {
  try {
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    throw new UsageError(`Cannot listen on unix://${path}: ${faultOf(error)}`);
  }
}

function faultOf(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "another process listens there, or the path is that of a file";
  if (error instanceof Deno.errors.NotFound) return "there is no such folder";
  if (error instanceof Deno.errors.PermissionDenied) return "the folder does not permit it";
  return error instanceof Error ? error.message : String(error);
}

/** A broker that ended without a stop leaves its socket. */
async function removeStale(path: string): Promise<void> {
  try {
    if (!Deno.statSync(path).isSocket) return;
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) Deno.removeSync(path);
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).ino ?? undefined;
  } catch {
    return undefined;
  }
}
