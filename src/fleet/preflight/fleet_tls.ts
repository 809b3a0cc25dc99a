/**
 * TLS as a plan requests it.
 */
import type { Endpoint } from "../../net/endpoint.ts";
import { insecureText, securedEndpoint } from "../../net/secured_endpoint.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { Notice } from "../result/result.ts";

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
  const secured = await securedEndpoint(target, plan);
  const text = insecureText(secured);
  if (text !== undefined) notify({ level: "warning", text });
  return secured;
}
