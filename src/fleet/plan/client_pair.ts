/**
 * The files of certificate and key of each client: from the credentials file, or from a path with placeholders.
 */
import { clientIdOf } from "./client_id.ts";
import { fieldOf } from "./credential_rows.ts";
import type { FleetPlan } from "./plan.ts";
import { fillTemplate, hasPlaceholder } from "./template.ts";

/** The files of a pair. */
export interface PairFiles {
  readonly cert: string;
  readonly key: string;
}

/** True where the files differ between clients. */
function isTemplate({ tlsCert = "", tlsKey = "" }: FleetPlan): boolean {
  return [tlsCert, tlsKey].some((path) => hasPlaceholder(path, "client", "id"));
}

/** True where a client may have another certificate than the tool's own connections. */
export function hasOwnPairs(plan: FleetPlan): boolean {
  const inFile = plan.credentialRows?.columns.includes("cert") === true;
  return inFile || isTemplate(plan) || plan.watcherTlsCert !== undefined;
}

/** The files of a client; undefined where it has none. */
export function clientPair(plan: FleetPlan, client: number): PairFiles | undefined {
  const { credentialRows: rows, tlsCert, tlsKey } = plan;
  if (rows !== undefined) {
    const [cert, key] = [fieldOf(rows, client, "cert"), fieldOf(rows, client, "key")];
    if (cert !== undefined && key !== undefined) return { cert, key };
  }
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const fill = (path: string) =>
    fillTemplate(path, (name) => {
      if (name === "client") return String(client);
      return name === "id" ? clientIdOf(plan, client) : name === "run" ? plan.run : undefined;
    });
  return { cert: fill(tlsCert), key: fill(tlsKey) };
}

/** The files of the tool's own connections: watchers, canaries and readers. */
export function ownPair(plan: FleetPlan): { readonly tlsCert?: string; readonly tlsKey?: string } {
  const { watcherTlsCert, watcherTlsKey, tlsCert, tlsKey } = plan;
  const [cert, key] = watcherTlsCert !== undefined || watcherTlsKey !== undefined
    ? [watcherTlsCert, watcherTlsKey]
    : isTemplate(plan)
    ? []
    : [tlsCert, tlsKey];
  return { ...cert !== undefined && { tlsCert: cert }, ...key !== undefined && { tlsKey: key } };
}
