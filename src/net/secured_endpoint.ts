/**
 * TLS as a person asks for it: its files are read and found to fit before anything else is done.
 */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, isSecured } from "./endpoint.ts";
import { readTlsClientFiles } from "./tls/tls_identity.ts";

/** What may be said of TLS; files by their paths. */
export interface TlsAsked {
  /** Authorities to trust in place of the well-known ones. */
  readonly tlsCa?: string | undefined;
  /** Own certificate, with {@link tlsKey}. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** The name that the broker's certificate must have; the endpoint's own when absent. */
  readonly tlsServerName?: string | undefined;
  /** Takes any certificate. */
  readonly tlsInsecure?: boolean | undefined;
}

const flags = [
  ["tlsCa", "--tls-ca"],
  ["tlsCert", "--tls-cert"],
  ["tlsKey", "--tls-key"],
  ["tlsServerName", "--tls-server-name"],
  ["tlsInsecure", "--tls-insecure"],
] as const;

/** The flag by which TLS is asked for; undefined where it is not. */
export function tlsFlagOf(asked: TlsAsked): string | undefined {
  return flags.find(([name]) => asked[name] !== undefined && asked[name] !== false)?.[1];
}

/**
 * An endpoint with what TLS needs there.
 *
 * @throws UsageError when a file cannot be used, or TLS is asked for where there is none
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

/** What is to be told of an endpoint whose certificate is not checked; undefined where it is. */
export function insecureText({ url, tls }: Endpoint): string | undefined {
  if (tls?.insecure !== true) return undefined;
  return `the certificate of ${url} was not checked (--tls-insecure): the server may be an impostor`;
}
