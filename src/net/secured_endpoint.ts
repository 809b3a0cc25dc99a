/** The TLS options of a user: reads and checks their files before anything else starts. */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, isSecured } from "./endpoint.ts";
import { readTlsClientFiles } from "./tls/tls_identity.ts";

/** The TLS options; files by their paths. */
export interface TlsAsked {
  /** Authorities to trust, in place of the well-known ones. */
  readonly tlsCa?: string | undefined;
  /** Own certificate, with {@link tlsKey}. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** The name that the broker's certificate must have; by default that of the endpoint. */
  readonly tlsServerName?: string | undefined;
  /** Accepts any certificate. */
  readonly tlsInsecure?: boolean | undefined;
}

const flags = [
  ["tlsCa", "--tls-ca"],
  ["tlsCert", "--tls-cert"],
  ["tlsKey", "--tls-key"],
  ["tlsServerName", "--tls-server-name"],
  ["tlsInsecure", "--tls-insecure"],
] as const;

/** The first TLS flag in use; undefined if there is none. */
export function tlsFlagOf(asked: TlsAsked): string | undefined {
  return flags.find(([name]) => asked[name] !== undefined && asked[name] !== false)?.[1];
}

/**
 * Adds the TLS options to an endpoint.
 *
 * @throws UsageError if a file cannot be used, or the endpoint does not use TLS
 */
export async function securedEndpoint(target: Endpoint, asked: TlsAsked): Promise<Endpoint> {
  const flag = tlsFlagOf(asked);
  if (flag === undefined) return target;
  if (!isSecured(target)) {
    throw new UsageError(
      `Cannot use ${flag} with ${target.url}, which does not use TLS: expected a --url with mqtts:// or wss://`,
    );
  }
  const { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: serverName, tlsInsecure: insecure = false } = asked;
  return { ...target, tls: { ...await readTlsClientFiles({ ca, cert, key }), serverName, insecure } };
}

/** The warning for an endpoint whose certificate is not checked; undefined if it is checked. */
export function insecureText({ url, tls }: Endpoint): string | undefined {
  if (tls?.insecure !== true) return undefined;
  return `the certificate of ${url} was not checked (--tls-insecure): the server may be an impostor`;
}
