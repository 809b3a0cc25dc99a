/**
 * Where a broker is, as people write it: `mqtt://[user[:password]@]host[:port]`.
 */
import { UsageError } from "../base/failure.ts";

/** A broker's address, read from a URL. */
export interface Endpoint {
  /** The URL as it may be shown: without user and password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

const defaultPort = 1883;
const allowed = "expected mqtt://host:port, such as mqtt://127.0.0.1:1883";

/**
 * Reads a broker's URL.
 *
 * @throws UsageError when it is none, or of a transport that is not served
 */
export function parseEndpoint(text: string): Endpoint {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const shown = JSON.stringify(withoutPassword(text));
  if (parsed === undefined) throw new UsageError(`Cannot read broker url ${shown}: ${allowed}`);
  if (parsed.protocol !== "mqtt:" && parsed.protocol !== "tcp:") {
    throw new UsageError(
      `Cannot use broker url ${shown}: transport "${parsed.protocol}" is not served; ${allowed}`,
    );
  }
  if (parsed.hostname === "") {
    throw new UsageError(`Cannot read broker url ${shown}: no host; ${allowed}`);
  }
  if ((parsed.pathname !== "" && parsed.pathname !== "/") || parsed.search !== "" || parsed.hash !== "") {
    throw new UsageError(`Cannot read broker url ${shown}: nothing may follow the port; ${allowed}`);
  }
  if (!decodable(parsed.username) || !decodable(parsed.password)) {
    throw new UsageError(`Cannot read broker url ${shown}: a % in user or password is written %25; ${allowed}`);
  }
  return endpointOf(parsed);
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A URL as it may be shown, whether or not it can be read. */
export function withoutPassword(text: string): string {
  return text.replace(/(\/\/[^/@:]*):.*@/s, "$1:…@");
}

function endpointOf(parsed: URL): Endpoint {
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = parsed.port === "" ? defaultPort : Number(parsed.port);
  return {
    url: `mqtt://${parsed.hostname}:${port}`,
    host,
    port,
    ...(parsed.username === "" ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === "" ? {} : { password: decodeURIComponent(parsed.password) }),
  };
}

/** True for an address of this machine's loopback, or its usual name. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
