/**
 * A small web server for what a run shows while it goes on. It answers GET alone, and on a loopback address only to
 * who asks for that: a page elsewhere cannot have a name of its own point here.
 */
import { UsageError } from "../base/failure.ts";
import type { HttpAddress } from "./http_address.ts";

/** A server that runs. */
export interface HttpServer {
  readonly url: string;
  /** Ends when what is being answered has been, or after a while. */
  close(): Promise<void>;
}

/** How long answers may take to end once the server is to close. */
const closeMs = 2_000;

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/**
 * Serves what `answer` makes of a path.
 *
 * @throws UsageError when the address cannot be had
 */
export function openHttpServer(
  { host, port }: HttpAddress,
  answer: (path: string) => Response | Promise<Response> | undefined,
): HttpServer {
  const handler = async (request: Request): Promise<Response> => {
    const { hostname, pathname } = new URL(request.url);
    if (isLoopback(host) && !isLoopback(hostname)) return plain(403, "Not for this name.");
    if (request.method !== "GET") return plain(405, "GET alone.");
    const found = await answer(pathname) ?? plain(404, "Nothing here.");
    for (const [name, value] of Object.entries(headers)) found.headers.set(name, value);
    return found;
  };
  const server = listen(host, port, handler);
  const shownHost = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${server.addr.port}/`,
    async close() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, closeMs);
      await Promise.race([server.shutdown(), late.promise]);
      clearTimeout(timer);
    },
  };
}

function listen(host: string, port: number, handler: (request: Request) => Promise<Response>) {
  try {
    return Deno.serve({ hostname: host, port, handler, onListen() {} });
  } catch (error) {
    const fault = error instanceof Deno.errors.AddrInUse
      ? "the port is in use; expected a free one, or 0"
      : `${error instanceof Error ? error.message : error}; expected an address of this machine`;
    throw new UsageError(`Cannot listen on ${host}:${port}: ${fault}`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
