/**
 * TLS as a plan requests it.
 */
import { type Endpoint, parseEndpoint } from "../../net/endpoint.ts";
import { insecureText, refuseWithoutTls, securedEndpoint, tlsFlagOf } from "../../net/secured_endpoint.ts";
import { clientPair, hasOwnPairs, ownPair } from "../plan/client_pair.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { Notice } from "../result/result.ts";
import { checkPairs } from "./read_credentials.ts";

/**
 * A target with its TLS settings; an unchecked certificate causes a warning.
 *
 * @throws UsageError when a file is unusable, or the plan requests TLS for a target without it
 */
export async function securedTarget(
  target: Endpoint,
  plan: FleetPlan,
  notify: (notice: Notice) => void,
): Promise<Endpoint> {
  const flag = tlsFlagOf(plan) ?? ownPairFlag(plan);
  if (flag !== undefined) refuseWithoutTls(target, flag);
  const secured = await withOwnPair(target, plan);
  if (hasOwnPairs(plan)) await checkPairs(plan, (client) => clientPair(plan, client), secured.tls?.keyPassphrase);
  const text = insecureText(secured);
  if (text !== undefined) notify({ level: "warning", text });
  return secured;
}

/** An endpoint with the settings of the plan; the certificate is that of the tool's own connections. */
function withOwnPair(target: Endpoint, plan: FleetPlan): Promise<Endpoint> {
  const { tlsCert: _, tlsKey: _1, ...rest } = plan;
  return securedEndpoint(target, { ...rest, ...ownPair(plan) });
}

/** The option through which clients have certificates of their own. */
function ownPairFlag(plan: FleetPlan): string | undefined {
  if (plan.watcherTlsCert !== undefined) return "--watcher-tls-cert";
  return plan.credentialRows?.columns.includes("cert") ? "--credentials with a column cert" : undefined;
}

/** The nodes of a cluster with the settings and the credentials of the target; empty without nodes. */
export async function securedNodes(
  plan: FleetPlan,
  { awsCredentials }: Endpoint,
): Promise<{ readonly nodes?: readonly Endpoint[] }> {
  if (plan.nodes === undefined) return {};
  const signed = awsCredentials && { awsCredentials };
  const nodes = plan.nodes.map(({ url }) => withOwnPair({ ...parseEndpoint(url), ...signed }, plan));
  return { nodes: await Promise.all(nodes) };
}
