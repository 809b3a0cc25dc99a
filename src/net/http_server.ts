/**
 * A small web server: GET and, if the caller allows it, DELETE. Idle links end; `web_access.ts` restricts browsers. It
 * uses the runtime's node:http, which has limits for idle links.
 */
import { escapeLines } from "../base/escape.ts";
import http from "node:http";
import { UsageError } from "../base/failure.ts";
import { bracketed } from "./endpoint.ts";
import { AcceptWatch } from "./tcp/accept_watch.ts";
import { type WebAccess, webRefusal } from "./web_access.ts";

/** A request to answer. */
export interface WebRequest {
  readonly method: "GET" | "HEAD" | "DELETE";
  /** The normalized path: `.` and `..` are resolved. */
  readonly path: string;
  /** The path as sent, percent-encoded and with all its segments. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  /** The `authorization` field. */
  readonly authorization: string | undefined;
  /** The peer of the link, as `host:port`. */
  readonly peer: string;
}

/** The address of a server, and its permissions. */
export interface WebServerOptions extends WebAccess {
  /** 0 takes a free port. */
  readonly port: number;
  /** Accepts DELETE besides GET and HEAD. */
  readonly allowsDelete?: boolean;
  /** The name of its content, for errors: `metrics`. */
  readonly what: string;
  /** Receives errors of the running server, one sentence each; `pauses` if it has stopped accepting for a while. */
  readonly log?: (sentence: string, pauses?: boolean) => void;
}

/** A running server. */
interface WebServer {
  readonly port: number;
  /** Closes the server after the answers in progress, or after a timeout. */
  close(): Promise<void>;
}

/** Timeout in milliseconds for a complete request, and for a link without a request. */
const idleMs = 10_000;
/** Maximum number of links; one more is closed. */
const mostLinks = 256;
/** Timeout in milliseconds for answers in progress when the server closes. */
const closeMs = 2_000;

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/**
 * Serves the result of `answer` for each request; undefined is 404.
 *
 * @throws UsageError if the address or port is not available
 */
export async function openWebServer(
  options: WebServerOptions,
  answer: (request: WebRequest) => Response | Promise<Response> | undefined,
): Promise<WebServer> {
  const { host, port, what, log = () => {} } = options;
  const timeouts = { headersTimeout: idleMs, requestTimeout: idleMs, keepAliveTimeout: idleMs };
  const server = http.createServer({ ...timeouts, connectionsCheckingInterval: 1_000 }, (request, response) => {
    void respond(options, answer, request, response).catch((error: unknown) => {
      log(`Cannot answer a request for ${what}: ${error instanceof Error ? error.message : String(error)}`);
      response.destroy();
    });
  });
  server.maxConnections = mostLinks;
  server.on("clientError", (_error, socket) => socket.destroy());
  await opened(server, host, port, what);
  server.on("error", (error) => log(`Cannot accept a connection for ${what}: ${error.message}`));
  const own = (server.address() as { readonly port: number }).port;
  const paused = (why: string) => log(`Cannot accept a connection for ${what} on port ${own}: ${why}`, true);
  const listenAgain = () => {
    server.close(() => server.listen({ host, port: own }));
    server.closeAllConnections();
  };
  const watch = new AcceptWatch({ server, host, port: own, paused, listenAgain });
  return {
    port: own,
    close: () => {
      watch.stop();
      return closed(server);
    },
  };
}

function opened(server: http.Server, host: string, port: number, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error & { readonly code?: string }) => {
      const why = error.code === "EADDRINUSE" ? "the port is in use; expected a free one, or 0" : error.message;
      reject(new UsageError(`Cannot serve ${what} on ${bracketed(host)}:${port}: ${why}`));
    };
    server.once("error", failed);
    server.listen({ host, port }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

async function closed(server: http.Server): Promise<void> {
  const whole = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), closeMs);
  await whole;
  clearTimeout(timer);
}

async function respond(
  options: WebServerOptions,
  answer: (request: WebRequest) => Response | Promise<Response> | undefined,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const found = await answerTo(options, answer, request);
  for (const [name, value] of found.headers) response.setHeader(name, value);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.writeHead(found.status);
  const reader = request.method === "HEAD" ? undefined : found.body?.getReader();
  response.on("close", () => void reader?.cancel().catch(() => {}));
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) response.write(part.value);
  response.end();
}

async function answerTo(
  options: WebServerOptions,
  answer: (request: WebRequest) => Response | Promise<Response> | undefined,
  { method, url = "", headers: fields, socket }: http.IncomingMessage,
): Promise<Response> {
  const refusal = webRefusal(options, { host: fields.host, origin: fields.origin });
  if (refusal !== undefined) return words(403, refusal);
  const isServed = method === "GET" || method === "HEAD" || (method === "DELETE" && options.allowsDelete === true);
  if (!isServed) return notAllowed(options.allowsDelete === true);
  const target = URL.canParse(url, "http://server") ? new URL(url, "http://server") : undefined;
  if (target === undefined) return words(400, "the request target cannot be read");
  const { pathname: path, searchParams: query } = target;
  const rawPath = url.replace(/^[a-z]+:\/\/[^/?]*/i, "").replace(/\?.*$/s, "");
  const peer = `${bracketed(socket.remoteAddress ?? "")}:${socket.remotePort ?? 0}`;
  const { authorization } = fields;
  return await answer({ method, path, rawPath, query, authorization, peer }) ?? words(404, "not found");
}

/** The answer to a method that a path does not support. */
export function notAllowed(allowsDelete = false): Response {
  return words(405, allowsDelete ? "expected GET or DELETE" : "expected GET", {
    allow: allowsDelete ? "GET, HEAD, DELETE" : "GET, HEAD",
  });
}

/** A text answer. */
export function words(status: number, text: string, fields: Readonly<Record<string, string>> = {}): Response {
  const type = { "content-type": "text/plain; charset=utf-8" };
  return new Response(`${escapeLines(text)}\n`, { status, headers: { ...type, ...fields } });
}
