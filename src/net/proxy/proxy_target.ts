/** The proxy through which clients reach a broker, as a user writes it: `http://[user[:password]@]host[:port]`. */
import { UsageError } from "../../base/failure.ts";

/** A proxy, parsed from a URL. */
export interface ProxyTarget {
  /** What the proxy speaks. */
  readonly kind: "http" | "socks5";
  /** Its host name or address. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** The user name. */
  readonly username?: string;
  /** The password. */
  readonly password?: string;
  /** For display: without the login. */
  readonly url: string;
}

/** By the URL's scheme: the kind and the usual port. Both spellings of SOCKS mean that the proxy resolves names. */
const schemes: Readonly<Record<string, readonly [kind: ProxyTarget["kind"], port: number]>> = {
  "http:": ["http", 8080],
  "socks5:": ["socks5", 1080],
  "socks5h:": ["socks5", 1080],
};
/** Source: RFC 1929, section 2. */
const longestLoginBytes = 255;
const allowed = "expected http://[user:password@]host:port or socks5://[user:password@]host:port";

/** @throws UsageError if the text is no URL of a proxy; the sentence has no password */
export function parseProxy(text: string): ProxyTarget {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = parsed === undefined ? undefined : schemes[parsed.protocol];
  if (parsed === undefined || scheme === undefined || parsed.hostname === "" || !isBare(parsed)) {
    throw new UsageError(`Cannot use --proxy ${JSON.stringify(maskedProxy(text))}: ${allowed}`);
  }
  const [kind, usualPort] = scheme;
  const [username, password] = [decoded(parsed.username), decoded(parsed.password)];
  if (username === undefined || password === undefined || [username, password].some(isTooLong)) {
    const why = "a login is percent-encoded and has at most 255 bytes for user and password each";
    throw new UsageError(`Cannot use --proxy ${JSON.stringify(maskedProxy(text))}: ${why}`);
  }
  // The URL parser omits the usual port of http, 80, where it is written.
  const port = parsed.port === "" ? (/^http:.*:80\/?$/is.test(text.trim()) ? 80 : usualPort) : Number(parsed.port);
  return {
    kind,
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    ...(username + password === "" ? {} : { username, password }),
    url: `${kind}://${parsed.hostname}:${port}`,
  };
}

/** The text without its password, for reports. */
export function maskedProxy(text: string): string {
  return text.replace(/^([^@]*?\/\/[^/@:]*):.*@/s, "$1:…@");
}

/** Nothing may follow the port. */
function isBare({ pathname, search, hash }: URL): boolean {
  return (pathname === "" || pathname === "/") && search === "" && hash === "";
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isTooLong(text: string): boolean {
  return new TextEncoder().encode(text).length > longestLoginBytes;
}
