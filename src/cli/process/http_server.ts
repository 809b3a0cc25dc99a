/**
 * The web server for what a run shows while it goes on.
 */
import { bracketed } from "../../net/endpoint.ts";
import { openWebServer } from "../../net/http_server.ts";
import type { HttpAddress } from "./http_address.ts";

/** A server that runs. */
export interface HttpServer {
  readonly url: string;
  /** Ends when what is being answered has been, or after a while. */
  close(): Promise<void>;
}

/**
 * Serves what `answer` makes of a path.
 *
 * @param what is served, for errors
 * @throws UsageError when the address cannot be had
 */
export async function openHttpServer(
  { host, port }: HttpAddress,
  what: string,
  answer: (path: string) => Response | Promise<Response> | undefined,
): Promise<HttpServer> {
  const server = await openWebServer({ host, port, what }, ({ path }) => answer(path));
  return { url: `http://${bracketed(host)}:${server.port}/`, close: () => server.close() };
}
