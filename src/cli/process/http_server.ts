/**
 * The web server for the views of a run in progress.
 */
import { bracketed } from "../../net/endpoint.ts";
import { openWebServer } from "../../net/http_server.ts";
import type { HttpAddress } from "./http_address.ts";

/** A server that runs. */
export interface HttpServer {
  readonly url: string;
  /** Ends after the requests in progress, or after a time limit. */
  close(): Promise<void>;
}

/**
 * Serves the result of `answer` for a path.
 *
 * @param what the name of the content, for errors
 * @throws UsageError when the address is not available
 */
export async function openHttpServer(
  { host, port }: HttpAddress,
  what: string,
  answer: (path: string) => Response | Promise<Response> | undefined,
): Promise<HttpServer> {
  const server = await openWebServer({ host, port, what }, ({ path }) => answer(path));
  return { url: `http://${bracketed(host)}:${server.port}/`, close: () => server.close() };
}
