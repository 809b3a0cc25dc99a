/**
 * The address of a broker as a URL: `mqtt://[user[:password]@]host[:port]`, and the same with `mqtts`, `ws` and `wss`.
 */
import { UsageError } from "../base/failure.ts";
import { formatCount } from "../base/units.ts";
import type { ProxyTarget } from "./proxy/proxy_target.ts";
import type { TlsDialOptions } from "./tls/tls_dial.ts";
import type { WebHandshake } from "./web_handshake.ts";
import type { AwsCredentials } from "./aws_signature.ts";

/** The transport of the bytes. */
export type Transport = "tcp" | "tls" | "ws" | "wss" | "unix";

/** A broker's address, parsed from a URL. */
export interface Endpoint {
  /** The URL for display: without user and password, and with its query masked, because it often contains a token. */
  readonly url: string;
  /** What carries the bytes. */
  readonly transport: Transport;
  /** The host name or address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** For `unix`, where host and port mean nothing: the path of the socket. */
  readonly socketPath?: string;
  /** The path of a WebSocket, with a leading slash; otherwise empty. */
  readonly path: string;
  /** The user name. */
  readonly username?: string;
  /** The password. */
  readonly password?: string;
  /** For `mqtts` and `wss`: the authorities that a client trusts, and its own identity. */
  readonly tls?: TlsDialOptions;
  /** The proxy through which clients connect. */
  readonly proxy?: ProxyTarget;
  /** For `ws` and `wss`: what the request has besides host and path. */
  readonly web?: WebHandshake;
  /** The credentials with which a request to AWS is signed, if a signature is requested. */
  readonly awsCredentials?: AwsCredentials;
}

/** By the URL's scheme: the transport, the scheme for display, and the default port. */
const schemes: Readonly<Record<string, readonly [transport: Transport, shown: string, port: number]>> = {
  "mqtt:": ["tcp", "mqtt", 1883],
  "tcp:": ["tcp", "mqtt", 1883],
  "mqtts:": ["tls", "mqtts", 8883],
  "ssl:": ["tls", "mqtts", 8883],
  "tls:": ["tls", "mqtts", 8883],
  "ws:": ["ws", "ws", 80],
  "wss:": ["wss", "wss", 443],
};
/** A host without a scheme: a name that is not only digits, or an address; and a port. */
const bareHost = /^(?:(?=[^:]*[^\d:])[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i;
/** The port of a URL, in its text. */
const portInText = /^[a-z]+:\/\/(?:[^/?#]*@)?(?:[^/?#@:[\]]*|\[[^/?#\]]*\]):(\d+)(?:[/?#]|$)/i;
const highestPort = 65_535;
const allowed =
  "expected mqtt://host:port, such as mqtt://127.0.0.1:1883, or mqtts://, ws:// or wss://, or unix:///path";

/**
 * Parses a broker's URL; a host alone, with or without a port, is that of `mqtt`. The path of a WebSocket is `/mqtt` if the URL ends with its port; with a slash after the port,
 * it is the path of the URL, which can be `/`.
 *
 * @throws UsageError if the text is not a broker URL, or its transport is not supported
 */
export function parseEndpoint(text: string): Endpoint {
  if (/^unix:/i.test(text)) return unixEndpoint(text);
  const whole = withScheme(text, "mqtt");
  const shown = JSON.stringify(withoutSecrets(text));
  const port = portInText.exec(whole)?.[1];
  if (Number(port) > highestPort) {
    throw new UsageError(`Cannot read broker url ${shown}: port ${port}; expected 1 to ${formatCount(highestPort)}`);
  }
  const parsed = URL.canParse(whole) ? new URL(whole) : undefined;
  if (parsed === undefined) throw new UsageError(`Cannot read broker url ${shown}: ${allowed}`);
  const scheme = schemes[parsed.protocol];
  if (scheme === undefined) {
    throw new UsageError(
      `Cannot use broker url ${shown}: transport "${parsed.protocol}" is not supported; ${allowed}`,
    );
  }
  if (parsed.hostname === "") {
    throw new UsageError(`Cannot read broker url ${shown}: no host; ${allowed}`);
  }
  // Without a slash after the port the URL names no path, although the URL parser returns one.
  const isNamed = parsed.pathname !== "" && (parsed.pathname !== "/" || /\/[?]|\/$/.test(whole.trim()));
  const hasPath = parsed.pathname !== "" && parsed.pathname !== "/";
  const isWebSocket = scheme[0] === "ws" || scheme[0] === "wss";
  if ((hasPath || parsed.search !== "") && !isWebSocket || parsed.hash !== "") {
    throw new UsageError(`Cannot read broker url ${shown}: nothing may follow the port; ${allowed}`);
  }
  if (!decodable(parsed.username) || !decodable(parsed.password)) {
    throw new UsageError(`Cannot read broker url ${shown}: write % in user or password as %25; ${allowed}`);
  }
  return endpointOf(parsed, scheme, isWebSocket ? (isNamed ? parsed.pathname : websocketPath) + parsed.search : "");
}

/** `host` or `host:port`; an IPv6 address is in brackets. */
const reference =
  /^((?=[^:]*[a-z])[a-z\d](?:[\w.-]{0,251}[a-z\d])?|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]{2,45}\])(?::(\d{1,5}))?$/i;

/**
 * The endpoint to which a server refers: the first address of a Server Reference that is `host` or `host:port`, with
 * the transport and the settings of the server; its port is that of the server if the reference has none. Undefined
 * where there is none. [MQTT5 4.11]
 */
export function referencedEndpoint(from: Endpoint, text: string): Endpoint | undefined {
  if (from.transport === "unix") return undefined;
  for (const word of text.split(/\s+/).slice(0, 16)) {
    const [, host, digits] = reference.exec(word) ?? [];
    const port = digits === undefined ? from.port : Number(digits);
    if (host === undefined || port < 1 || port > highestPort) continue;
    const bare = host.replace(/^\[(.*)\]$/, "$1");
    return { ...from, host: bare, port, url: endpointUrl(from.url.split(":")[0]!, bare, port, "") };
  }
  return undefined;
}

/** `struct sockaddr_un` of Linux has 108 bytes for the path and the zero after it. */
const longestSocketPathBytes = 107;

/** `unix:///path`, a socket of this machine's file system, with plain MQTT. */
function unixEndpoint(text: string): Endpoint {
  const shown = JSON.stringify(withoutSecrets(text));
  const path = /^unix:(?:\/\/)?(\/[^\0]*[^\0/])$/i.exec(text.trim())?.[1];
  if (path === undefined) {
    throw new UsageError(
      `Cannot read broker url ${shown}: expected the whole path of a socket, such as unix:///run/mqtt.sock`,
    );
  }
  const sizeBytes = new TextEncoder().encode(path).length;
  if (sizeBytes > longestSocketPathBytes) {
    const allowedBytes = `expected a path of at most ${longestSocketPathBytes} bytes`;
    throw new UsageError(`Cannot read broker url ${shown}: its path has ${sizeBytes} bytes; ${allowedBytes}`);
  }
  return { url: `unix://${path}`, transport: "unix", host: "localhost", port: 0, path: "", socketPath: path };
}

/** The text; with the scheme before it where it is a host alone, with or without a port. */
export function withScheme(text: string, scheme: string): string {
  return bareHost.test(text) ? `${scheme}://${text}` : text;
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The replacement for masked parts of a URL. */
const masked = "…";

/** A URL for display, whether or not it can be parsed: without its password and its query. */
export function withoutSecrets(text: string): string {
  // Without the slashes, the part before the @ is a login too.
  if (!text.includes("//")) return text.replace(/^([^:@]*):.*@/s, `$1:${masked}@`).replace(/\?.*$/s, `?${masked}`);
  const [head = "", ...query] = text.split("?");
  const login = /(\/\/[^/@:]*):.*@/s;
  // This is ambiguous: a password with a question mark, or a query with an at sign.
  const isUnclear = !head.includes("@") && /\/\/[^/@:]*:/.test(head) && query.some((part) => part.includes("@"));
  if (isUnclear) return head.replace(/(\/\/[^/@:]*):.*$/s, `$1:${masked}`);
  const shown = head.replace(login, `$1:${masked}@`);
  return query.length === 0 ? shown : `${shown}?${masked}`;
}

/**
 * Masks the password and the query of every broker URL in a text, such as a sentence or a command. A URL ends with a
 * space, or with the quotation mark or the character before it.
 */
export function withMaskedUrls(text: string): string {
  return text
    .replaceAll(/(\b(?:mqtts?|tcp|ssl|tls|wss?):\/\/[^\s/@:'"]*):[^\s@]*@/gi, `$1:${masked}@`)
    .replaceAll(/(\b(?:mqtts?|tcp|ssl|tls|wss?):\/\/[^\s'"?]*)\?\S*?(?=['"):;,.\]]*(?:\s|$))/gi, `$1?${masked}`);
}

function endpointOf(parsed: URL, [transport, scheme, defaultPort]: typeof schemes[string], path: string): Endpoint {
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = parsed.port === "" ? defaultPort : Number(parsed.port);
  return {
    url: endpointUrl(scheme, host, port, path),
    transport,
    host,
    port,
    path,
    ...(parsed.username === "" ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === "" ? {} : { password: decodeURIComponent(parsed.password) }),
  };
}

/** A URL for display. */
export function endpointUrl(scheme: string, host: string, port: number, path: string): string {
  return withMaskedUrls(`${scheme}://${bracketed(host)}:${port}${path}`);
}

/** The same endpoint with another port: the one in use if 0 was requested. */
export function endpointAt(endpoint: Endpoint, port: number): Endpoint {
  const { url, host, path } = endpoint;
  return { ...endpoint, port, url: endpointUrl(url.split(":")[0]!, host, port, path) };
}

/** An address in the syntax of a URL: IPv6 in brackets. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Whether the transport uses TLS. */
export function isSecured({ transport }: Endpoint): boolean {
  return transport === "tls" || transport === "wss";
}

/** Whether the host is a loopback address of this machine, or its usual name. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The conventional path for MQTT. */
export const websocketPath = "/mqtt";
