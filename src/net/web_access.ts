/**
 * Access control for browsers, the same for WebSocket, metrics and status. A page of another site must not read them,
 * neither under its own name (Origin) nor under a name of its own that resolves to this machine (Host).
 */
import { isLoopback } from "./endpoint.ts";

/** The access rules of a server. */
export interface WebAccess {
  /** The address on which the server listens. */
  readonly host: string;
  /** Origins of pages that may use it, such as `https://app.example`; `*` allows every page. Default: none. */
  readonly allowOrigins?: readonly string[] | undefined;
}

/** Why a request is refused, as text; undefined if it is allowed. */
export function webRefusal(
  { host, allowOrigins = [] }: WebAccess,
  asked: { readonly host: string | undefined; readonly origin: string | undefined },
): string | undefined {
  const origin = asked.origin?.toLowerCase();
  if (origin !== undefined && (allowOrigins.includes("*") || allowOrigins.includes(origin))) return undefined;
  if (isLoopback(host)) {
    if (asked.host === undefined) return "the request names no host";
    if (!isLoopback(hostOf(asked.host))) return `${asked.host} is not a name of this machine's loopback address`;
    // The server's own page.
    if (origin?.replace(/^https?:\/\//, "") === asked.host.toLowerCase()) return undefined;
  }
  // Clients other than browsers send no Origin.
  return origin === undefined ? undefined : `pages of ${asked.origin} are not allowed (--allow-origin)`;
}

/** A Host field without its port. */
function hostOf(field: string): string {
  return field.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1").toLowerCase();
}
