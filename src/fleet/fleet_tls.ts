/**
 * TLS as a plan asks for it: its files are read and found to fit before anything else is done.
 */
import { UsageError } from "../base/failure.ts";
import { type Endpoint, isSecured } from "../net/endpoint.ts";
import { readTlsClientFiles } from "../net/tls_identity.ts";
import type { FleetPlan } from "./plan.ts";
import type { Notice } from "./result.ts";

/** What a plan may say of TLS, by the flags. */
const flags = [
  ["tlsCa", "--tls-ca"],
  ["tlsCert", "--tls-cert"],
  ["tlsKey", "--tls-key"],
  ["tlsServerName", "--tls-server-name"],
  ["tlsInsecure", "--tls-insecure"],
] as const;

/**
 * A target with what TLS needs there.
 *
 * @throws UsageError when a file cannot be used, or TLS is asked for where there is none
 */
export async function securedTarget(
  target: Endpoint,
  plan: FleetPlan,
  notify: (notice: Notice) => void,
): Promise<Endpoint> {
  const asked = flags.find(([name]) => plan[name] !== undefined && plan[name] !== false);
  if (asked === undefined) return target;
  if (!isSecured(target)) {
    throw new UsageError(
      `Cannot use ${asked[1]} with ${target.url}, which is not over TLS: expected a --url with mqtts:// or wss://`,
    );
  }
  const { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: serverName, tlsInsecure: insecure = false } = plan;
  if (insecure) notify({ level: "warning", text: insecureText(target) });
  return { ...target, tls: { ...await readTlsClientFiles({ ca, cert, key }), serverName, insecure } };
}

function insecureText({ url }: Endpoint): string {
  return `the certificate of ${url} was not checked (--tls-insecure): whoever answered there may have been another`;
}
