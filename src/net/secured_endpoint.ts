/** The options of a user for TLS and WebSocket: reads and checks their files before anything else starts. */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, isSecured } from "./endpoint.ts";
import { parseProxy, type ProxyTarget } from "./proxy/proxy_target.ts";
import { readTlsClientFiles } from "./tls/tls_identity.ts";
import { parseWebHeader, type WebHandshake } from "./web_handshake.ts";

/** The options of a WebSocket's request. */
export interface WebAsked {
  /** Headers, each `NAME=VALUE`. */
  readonly wsHeaders?: readonly string[] | undefined;
  /** The region of AWS for which to sign each request. */
  readonly awsSign?: string | undefined;
}

/** The option of the way to the broker. */
export interface ProxyAsked {
  /** The URL of a proxy. */
  readonly proxy?: string | undefined;
}

/** The TLS options; files by their paths. */
export interface TlsAsked {
  /** Authorities to trust, in place of the well-known ones. */
  readonly tlsCa?: string | undefined;
  /** Own certificate, with {@link tlsKey}. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** A file with the passphrase of the key. */
  readonly tlsKeyPassphraseFile?: string | undefined;
  /** The name that the broker's certificate must have; by default that of the endpoint. */
  readonly tlsServerName?: string | undefined;
  /** Accepts any certificate. */
  readonly tlsInsecure?: boolean | undefined;
  /** Protocols to offer by ALPN, separated by commas. */
  readonly alpn?: string | undefined;
}

const flags = [
  ["tlsCa", "--tls-ca"],
  ["tlsCert", "--tls-cert"],
  ["tlsKey", "--tls-key"],
  ["tlsKeyPassphraseFile", "--tls-key-passphrase-file"],
  ["tlsServerName", "--tls-server-name"],
  ["tlsInsecure", "--tls-insecure"],
  ["alpn", "--alpn"],
] as const;

/** The first TLS flag in use; undefined if there is none. */
export function tlsFlagOf(asked: TlsAsked): string | undefined {
  return flags.find(([name]) => asked[name] !== undefined && asked[name] !== false)?.[1];
}

/**
 * Adds the options for TLS, WebSocket and the proxy to an endpoint.
 *
 * @throws UsageError if a file cannot be used, or the endpoint does not use TLS or WebSocket
 */
export async function securedEndpoint(target: Endpoint, asked: TlsAsked & WebAsked & ProxyAsked): Promise<Endpoint> {
  const flag = tlsFlagOf(asked);
  const web = webRequestOf(target, asked);
  const proxy = proxyOf(target, asked);
  const requested = { ...target, ...web !== undefined && { web }, ...proxy !== undefined && { proxy } };
  if (flag === undefined) return requested;
  refuseWithoutTls(target, flag);
  const { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: serverName, tlsInsecure: insecure = false } = asked;
  const alpn = asked.alpn === undefined ? undefined : protocolsOf(asked.alpn);
  const keyPassphrase = await passphraseOf(asked.tlsKeyPassphraseFile);
  const passphrase = keyPassphrase === undefined ? {} : { keyPassphrase };
  const files = await readTlsClientFiles({ ca, cert, key, ...passphrase });
  return { ...requested, tls: { ...files, ...passphrase, serverName, insecure, ...alpn && { alpn } } };
}

/** Protocol names of ALPN have 1 to 255 bytes. Source: RFC 7301, section 3.1. */
function protocolsOf(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => /^[\x21-\x7e]{1,255}$/.test(name))) return names;
  const allowed = "expected names of 1 to 255 characters with commas between them, such as mqtt or x-amzn-mqtt-ca";
  throw new UsageError(`Cannot use --alpn ${JSON.stringify(text)}: ${allowed}`);
}

/** The first flag of a WebSocket's request in use; undefined if there is none. */
export function webFlagOf({ wsHeaders, awsSign }: WebAsked): string | undefined {
  if (wsHeaders !== undefined && wsHeaders.length > 0) return "--ws-header";
  return awsSign === undefined ? undefined : "--aws-sign";
}

function proxyOf(target: Endpoint, { proxy }: ProxyAsked): ProxyTarget | undefined {
  if (proxy === undefined) return undefined;
  const parsed = parseProxy(proxy);
  if (target.transport !== "unix") return parsed;
  throw new UsageError(`Cannot use --proxy with ${target.url}: a Unix socket is on this machine; expected a host`);
}

function webRequestOf(target: Endpoint, asked: WebAsked): WebHandshake | undefined {
  const flag = webFlagOf(asked);
  if (flag === undefined) return undefined;
  const { transport, url, awsCredentials: credentials } = target;
  const { wsHeaders = [], awsSign: region } = asked;
  if (transport !== "ws" && transport !== "wss") {
    throw new UsageError(
      `Cannot use ${flag} with ${url}, which does not use WebSocket: expected a --url with ws:// or wss://`,
    );
  }
  const headers = wsHeaders.map((header) => parseWebHeader(header, "--ws-header"));
  if (region === undefined) return { headers };
  if (!/^[a-z0-9-]{1,64}$/.test(region)) {
    throw new UsageError(`Cannot use --aws-sign ${JSON.stringify(region)}: expected a region such as eu-central-1`);
  }
  if (credentials !== undefined) return { headers, signing: { region, credentials } };
  throw new UsageError(
    "Cannot use --aws-sign without credentials: expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
  );
}

/** @throws UsageError if the endpoint does not use TLS */
export function refuseWithoutTls(target: Endpoint, flag: string): void {
  if (isSecured(target)) return;
  throw new UsageError(
    `Cannot use ${flag} with ${target.url}, which does not use TLS: expected a --url with mqtts:// or wss://`,
  );
}

async function passphraseOf(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await Deno.readTextFile(path)).replace(/\r?\n$/, "");
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read --tls-key-passphrase-file ${path}: ${why}`);
  }
}

/** The warning for an endpoint whose certificate is not checked; undefined if it is checked. */
export function insecureText({ url, tls }: Endpoint): string | undefined {
  if (tls?.insecure !== true) return undefined;
  return `the certificate of ${url} was not checked (--tls-insecure): the server may be an impostor`;
}
